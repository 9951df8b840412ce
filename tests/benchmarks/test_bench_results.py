import pytest

from benchmarks import report
from benchmarks.report import write_report
from benchmarks.results import Chart, Result, Store, Table
from benchmarks.run import estimate_left

INTEL = {"CPU": "Intel", "instructions": "avx2, amx_bf16", "load before": "0.1"}
PLAIN = {"CPU": "Intel", "instructions": "avx2", "load before": "0.2"}


def make_result(value: float, title: str = "Decode") -> Result:
    chart = Chart("rate", "threads", "photos a second", {"ours": ([1, 2], [value, 2 * value])})
    return Result(title, [f"It gave {value}."], [Table(["photos"], [[value]])], [chart])


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "bench")


def test_a_machine_of_another_make_has_a_place_of_its_own(store):
    store.save("decode", INTEL, "run decode", 61.4, make_result(3.5))
    store.save("decode", PLAIN, "run decode", 30, make_result(7.25))
    store.save("decode", {**INTEL, "load before": "9"}, "run decode", 62, make_result(4.5))

    write_report(store)

    text = (store.folder / "RESULTS.md").read_text()
    assert text.count("\n## Decode\n") == 1
    assert (
        text.index("machine 1, load before 0.2") < text.index("It gave 7.25.") < text.index("machine 2, load before 9")
    )
    assert "3.5" not in text
    assert (store.folder / "results.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("later", "marked"),
    [
        ("0", "(abc1234): `run"),
        ("1", "**stale: 1 commit to"),
        ("12", "**stale: 12 commits to"),
        ("", "**stale: unknown commits"),
    ],
)
def test_a_result_of_earlier_code_is_marked(store, monkeypatch, later, marked):
    monkeypatch.setattr("benchmarks.results.read_git", lambda *arguments: "abc1234 2026-02-03")
    store.save("decode", INTEL, "run decode", 1, make_result(1.5))
    monkeypatch.setattr(report, "read_git", lambda *arguments: later)

    write_report(store)

    line = next(line for line in (store.folder / "RESULTS.md").read_text().splitlines() if "Section `decode`" in line)
    assert "code of 2026-02-03 (abc1234)" in line
    assert marked in line


def test_the_time_left_is_said_where_every_section_ran_before_on_such_a_machine(store):
    store.save("decode", PLAIN, "run decode", 100, make_result(1.5))
    store.save("speed", PLAIN, "run speed", 205, make_result(1.5))
    store.save("decode", INTEL, "run decode", 900, make_result(1.5))

    assert estimate_left(store, ["decode", "speed"], PLAIN) == ", about 5 minutes left"
    assert estimate_left(store, ["speed"], PLAIN) == ", about 3 minutes left"
    assert estimate_left(store, ["decode", "speed"], INTEL) == ""
    assert estimate_left(store, ["decode", "edits"], PLAIN) == ""
