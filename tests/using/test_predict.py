"""`stacker predict` as one types it, on small models."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
from trained_project import write_models, write_photos
from typer.testing import CliRunner

from stacker.artifacts.errors import WrongUseError
from stacker.cli import app

ROOT = Path(__file__).parents[2]
SETS = ["set_0.9", "set_0.95", "set_0.99"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_models(folder)
    write_photos(folder / "photos", 5)
    (folder / "photos/photo_02b.jpg").write_bytes(b"no image")
    return folder


@pytest.fixture(autouse=True)
def project(built, monkeypatch):
    monkeypatch.chdir(built)
    return built


def run(*arguments: str, given: str | None = None):
    return CliRunner().invoke(app, ["predict", *arguments], input=given)


def test_the_table_has_a_line_a_photo_and_the_unreadable_one_is_told_apart():
    result = run("photos", "--members", "--top", "2")

    header, *lines = result.stdout.splitlines()
    assert header.split() == ["photo", "verdict", "probabilities", "first", "second", "novelty"]
    assert [line.split()[0] for line in lines] == [
        f"photos/photo_0{n}" for n in ("0.png", "1.png", "2.png", "2b.jpg", "3.png", "4.png")
    ]
    assert lines[3].split() == ["photos/photo_02b.jpg", "unreadable"]
    assert lines[0].count(",") >= 1
    assert "photos/photo_02b.jpg: it is no image that can be read" in result.stderr
    assert result.exit_code == 1


def test_all_well_is_exit_code_0_and_nothing_on_standard_error_but_progress():
    result = run("photos/photo_00.png")

    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2)


def test_a_csv_has_names_probabilities_sets_votes_and_reasons(tmp_path):
    result = run("photos", "--output", str(tmp_path / "new/answers.csv"), "--members", "--top", "2")

    assert (result.exit_code, result.stdout) == (1, "")
    with (tmp_path / "new/answers.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    votes = ["first_class", "first_probability", "second_class", "second_probability"]
    columns = ["photo", "verdict", "class", "probability", "class_2", "probability_2", *votes, *SETS]
    assert list(rows[0]) == [*columns, "novelty", "is_novel", "reason"]
    assert rows[3] == {name: "" for name in rows[3]} | {
        "photo": "photos/photo_02b.jpg",
        "reason": "it is no image that can be read",
    }
    read = rows[0]
    assert float(read["probability"]) >= float(read["probability_2"]) > 0
    assert read["class"] in json.loads(read["set_0.95"])
    assert read["class"] != read["class_2"]


def test_json_lines_hold_the_same(tmp_path):
    run("photos", "--output", str(tmp_path / "answers.jsonl"), "--top", "9")

    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert len(lines) == 6
    assert sum(probability for _, probability in lines[0]["classes"]) == pytest.approx(1)
    assert [name for name, _ in lines[0]["classes"]][0] == lines[0]["class"]
    assert lines[3] == {
        "photo": "photos/photo_02b.jpg",
        "verdict": None,
        "reason": "it is no image that can be read",
    }


@pytest.mark.extra
def test_parquet_holds_the_same_with_types(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    run("photos", "--output", str(tmp_path / "answers.parquet"), "--members")
    run("photos", "--output", str(tmp_path / "answers.csv"), "--members")

    rows = parquet.read_table(tmp_path / "answers.parquet").to_pylist()

    with (tmp_path / "answers.csv").open(newline="") as stream:
        expected = list(csv.DictReader(stream))
    assert [row["verdict"] or "" for row in rows] == [row["verdict"] for row in expected]
    assert [str(row["first_probability"] or "") for row in rows] == [row["first_probability"] for row in expected]
    assert rows[0]["set_0.95"] == json.loads(expected[0]["set_0.95"])
    assert rows[0]["is_novel"] is (expected[0]["is_novel"] == "True")
    assert rows[3]["reason"] == "it is no image that can be read"


def test_a_list_on_standard_input_and_a_member_by_label():
    result = run("-", "--model", "second", given="photos/photo_01.png\nphotos/gone.png\n")

    assert [line.split()[0] for line in result.stdout.splitlines()] == [
        "photo",
        "photos/photo_01.png",
        "photos/gone.png",
    ]
    assert "photos/gone.png: no such file" in result.stderr
    assert result.exit_code == 1


def test_the_output_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    output = tmp_path / "answers.csv"
    output.write_text("the previous one\n")

    def fail(*arguments):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("stacker.using.predicting.list_records", fail)
    with pytest.raises(RuntimeError, match="the disk is full"):
        CliRunner().invoke(app, ["predict", "photos", "--output", str(output)], catch_exceptions=False)

    assert output.read_text() == "the previous one\n"
    assert [path.name for path in tmp_path.iterdir()] == ["answers.csv"]


def test_wrong_use_is_told_before_any_work():
    for arguments in (("photos", "--output", "answers.xls"), ("nowhere",), ("photos", "--model", "boss")):
        result = run(*arguments)
        assert isinstance(result.exception, WrongUseError)
    assert run("photos", "--top", "0").exit_code == 2


def test_the_console_script_ends_with_2_for_wrong_use_and_says_so_on_standard_error():
    model = str(Path("models/ensemble.h5").resolve())
    command = [sys.executable, "-m", "stacker", "predict", "nowhere", "--model", model]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert finished.returncode == 2
    assert finished.stdout == ""
    assert finished.stderr == "\nerror: nowhere: no such file or folder, and no file matches it as a pattern\n\n"
