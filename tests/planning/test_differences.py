import pytest

from stacker.planning.differences import LONGEST, list_differences


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3, "c": 2}}, ["a.b: 1 -> 3"]),
        ({"a": {"b": [4, 5]}}, {"a": {"b": [5, 4]}}, ["a.b: [4, 5] -> [5, 4]"]),
        ({"a": {}}, {"a": {"b": None}}, ["a.b: not set -> null"]),
        ({"a": {"b": "x"}}, {"a": {}}, ["a.b: x -> not set"]),
        ({"a": 1}, {"a": {"b": 2, "c": "d"}}, ["a: 1 -> {b: 2, c: d}"]),
        ({"a": True, "z": 1}, {"b": 1e-05, "z": 2}, ["a: true -> not set", "z: 1 -> 2", "b: not set -> 1.0e-05"]),
    ],
)
def test_what_differs_is_named_by_its_dotted_place(old, new, lines):
    assert list(list_differences(old, new)) == lines


def test_keys_that_are_dotted_places_themselves_stay_whole():
    old, new = {"members.a": {"head": {}}}, {"members.a": {"head": {"hidden": [3]}}}

    assert list(list_differences(old, new)) == ["members.a.head.hidden: not set -> [3]"]


def test_a_long_value_is_cut():
    (line,) = list_differences({"a": 0}, {"a": list(range(100))})

    assert line.startswith("a: 0 -> [0, 1, 2, ")
    assert line.endswith("...")
    assert len(line) == len("a: 0 -> ") + LONGEST
