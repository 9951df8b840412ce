"""What a user reads of a file that is no YAML, or says a thing twice."""

from pathlib import Path

import pytest
import yaml
from helpers import small_settings

from stacker.artifacts.errors import PipelineError
from stacker.settings.reading import PARAMS
from stacker.settings.whole import load_settings
from stacker.settings.yaml_text import parse_yaml

GOOD = yaml.safe_dump(small_settings(), sort_keys=False)

MISTAKES = [  # what is written instead of what; the line that is named, and what is said of it
    ("  images: photos", "\timages: photos", 4, "it is indented by a tab, and YAML takes spaces only"),
    ("images: photos", "images: @photos", 4, "text that begins with `@` needs quotes"),
    ("images: photos", "images: %photos", 4, "text that begins with `%` needs quotes"),
    ("images: photos", "images: *photos", 4, "text that begins with `*` needs quotes"),
    ("images: photos", "images: *", 4, "text that begins with `*` needs quotes"),
    ("images: photos", "images: {{photos}}", 4, "a key is a word, and no list or block: text with brackets needs "),
    ("images: photos", "images: 'photos", 4, "the quote is not closed"),
    ("images: photos", "images: mine: photos", 4, "no `: ` may stand here: indent the line as those around it, put "),
    ("  images: photos", "   images: photos", 5, "it is not indented as those around it"),
    ("  image_size: 32", "  image_size 32", 5, "a `: ` is missing"),
    ("fetch: {}", "fetch: {a: {kind: digits}", 2, "the `{` is not closed, or a comma is missing behind it"),
    ("fetch: {}", "fetch: {a: 1 b: 2}", 2, "the `{` is not closed, or a comma is missing behind it"),
    ("fetch: {}", "fetch: [1, 2", 2, "the `[` is not closed, or a comma is missing behind it"),
    ("fetch: {}", "---", 2, "`---` begins a second document, and a file of settings is one"),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), MISTAKES, ids=[new for _, new, *_ in MISTAKES])
def test_a_mistake_in_yaml_is_named_by_its_line_and_shown(workspace, old, new, line, words):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    PARAMS.write_text(text, encoding="utf-8")

    with pytest.raises(PipelineError) as caught:
        load_settings()

    first, shown, caret = str(caught.value).splitlines()
    assert first.startswith(f"params.yaml is not valid YAML, line {line}: {words}")
    assert shown.strip() == text.splitlines()[line - 1].strip()
    assert caret.strip() == "^"


def test_another_mistake_in_yaml_is_told_in_the_words_of_the_parser(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\nb: !!python/name:os.system x\n", encoding="utf-8")

    with pytest.raises(PipelineError, match=r"a\.yaml is not valid YAML, line 2: could not determine a constructor"):
        parse_yaml(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: !!int ten\n", "is not valid YAML: invalid literal for int"),
        ("a: m\x00x\n", "is not valid YAML: unacceptable character #x0000: special characters are not allowed"),
    ],
)
def test_a_mistake_without_a_line_is_one_line(tmp_path, text, words):
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(PipelineError) as caught:
        parse_yaml(path)

    assert str(caught.value).startswith(f"{path} {words}")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "a: 1\nb:\n  c: 2\n  d: 3\n  c: 4\na: 5\n",
            ["line 5: `c` stands in line 3 already", "line 6: `a` stands in li"],
        ),
        ("a: {b: 1, b: 2}\n", ["line 1: `b` stands in line 1 already: the last one would win; keep one of them"]),
        ("- 1\n- {b: 1, b: 2}\n", ["line 2: `b` stands in line 2 already"]),
        ("a: 1\nb: 2\na: 3\na: 4\n", ["line 3: `a` stands in line 1 already; line 4: `a` stands in line 1 already"]),
    ],
)
def test_a_key_that_stands_twice_is_named_with_both_lines(tmp_path, text, lines):
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(PipelineError) as caught:
        parse_yaml(path)

    assert [line for line in lines if line not in str(caught.value)] == []


def test_a_key_may_stand_again_in_another_block_and_over_a_merged_one(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: &base {c: 1}\nb: &own\n  <<: *base\n  c: 2\nd: {e: {<<: *own, c: 3}}\n", encoding="utf-8")

    assert parse_yaml(path) == {"a": {"c": 1}, "b": {"c": 2}, "d": {"e": {"c": 3}}}


def test_an_anchor_that_holds_itself_ends(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: &loop {b: *loop}\n", encoding="utf-8")

    assert parse_yaml(path)["a"]["b"]["b"].keys() == {"b"}


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_another_encoding_is_refused(tmp_path, encoding):
    path = tmp_path / "a.yaml"
    path.write_text("images: bücher\n", encoding=encoding)

    with pytest.raises(PipelineError, match="is not written in UTF-8: save it as such$"):
        parse_yaml(path)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(PipelineError, match="is a folder: name the file with the settings$"):
        parse_yaml(tmp_path)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-05", 1e-5), ("1E3", 1000.0), ("-.5e2", -50.0), ("2024-01-31", "2024-01-31"), ("2024-13-45", "2024-13-45")],
)
def test_numbers_and_dates_are_read_as_yaml_1_2_has_them(tmp_path: Path, text, value):
    path = tmp_path / "a.yaml"
    path.write_text(f"a: {text}\n", encoding="utf-8")

    assert parse_yaml(path) == {"a": value}
