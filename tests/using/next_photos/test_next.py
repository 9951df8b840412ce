"""`stacker next` as one types it, on small models."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from trained_project import CLASSES, write_models, write_photos
from typer.testing import CliRunner

import stacker
from stacker.artifacts.errors import PipelineError, WrongUseError
from stacker.cli import app
from stacker.uncertainty.next_photos import choose_next, join_space, measure_vote_entropy
from stacker.using.next_photos.search import Candidates


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_models(folder)
    write_photos(folder / "photos", 12)
    (folder / "photos/photo_02b.jpg").write_bytes(b"no image")
    return folder


@pytest.fixture(autouse=True)
def project(built, tmp_path, monkeypatch):
    """A folder of its own, for what the command writes beside the photos."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def classifier():
    return stacker.load("models/ensemble.h5", engine="keras", batch_size=4)


def run(*arguments: str, given: str | None = None):
    return CliRunner().invoke(app, ["next", *arguments, "--engine", "keras"], input=given)


def read_list(folder="next"):
    with Path(folder, "photos.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_list_and_the_contact_sheet_are_written_and_the_unreadable_photo_is_named():
    result = run("photos", "--count", "5", "--batch-size", "4")

    rows = read_list()
    assert result.stdout == "5 of 12 photos chosen; next/photos.csv; next/contact_sheet.png\n"
    assert "photos/photo_02b.jpg: it is no image that can be read" in result.stderr
    assert result.exit_code == 1
    assert [row["place"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert len({row["photo"] for row in rows}) == 5
    assert Path("next/contact_sheet.png").read_bytes().startswith(b"\x89PNG")
    assert list(rows[0])[2:] == ["vote_entropy", "guess", "probability", "verdict", "first", "second"]


def test_the_numbers_are_those_of_predict_and_the_choice_that_of_choose_next(classifier):
    Path("photos/photo_02b.jpg").unlink()
    photos = sorted(Path("photos").iterdir())

    result = run("photos", "--count", "4", "--output", "here")

    answers = classifier.predict(photos)
    entropy = measure_vote_entropy(answers.members)
    expected = choose_next(entropy, join_space(answers.features), 4)
    rows = read_list("here")
    assert (result.exit_code, Path("next").exists()) == (0, False)
    assert [row["photo"] for row in rows] == [str(photos[number]) for number in expected]
    for row, number in zip(rows, expected, strict=True):
        assert float(row["vote_entropy"]) == pytest.approx(entropy[number], abs=1e-5)
        assert row["guess"] == answers.names[number]
        assert row["first"] == CLASSES[answers.members["first"][number].argmax()]
        assert row["verdict"] == answers.verdicts[number]
    assert rows[0]["photo"] == str(photos[int(entropy.argmax())])


def test_of_very_many_photos_those_with_the_largest_vote_entropy_are_kept(classifier):
    photos = sorted(path for path in Path("photos").iterdir() if path.suffix == ".png")
    answers = classifier.predict(photos)
    entropy = measure_vote_entropy(answers.members)
    kept = np.sort(np.argsort(-entropy, kind="stable")[:5])
    candidates = Candidates(most=5)

    classifier.answer(photos, candidates.take)  # by four: cut after the third lot
    found = candidates.choose(3)

    space = join_space({label: values[kept] for label, values in answers.features.items()})
    assert found.rows.tolist() == kept[choose_next(entropy[kept], space, 3)].tolist()
    np.testing.assert_allclose(found.vote_entropy, entropy[found.rows], atol=1e-6)


def test_photos_are_copied_into_a_folder_for_each_guess():
    Path("other").mkdir()
    shutil.copy("photos/photo_00.png", "other/photo_01.png")  # of the same name as another photo

    result = run("photos/photo_01.png", "photos/photo_05.png", "other", "--into", "sorted/new")

    copies = sorted(str(path.relative_to("sorted/new")) for path in Path("sorted/new").rglob("*.*"))
    assert result.exit_code == 0
    assert copies == sorted(f"{row['guess']}/{int(row['place']):04d}_{Path(row['photo']).name}" for row in read_list())
    for row in read_list():
        copy = Path("sorted/new", row["guess"], f"{int(row['place']):04d}_{Path(row['photo']).name}")
        assert copy.read_bytes() == Path(row["photo"]).read_bytes()


def test_a_folder_with_files_in_it_is_not_written_into():
    result = run("photos", "--into", "models")

    assert isinstance(result.exception, WrongUseError)
    assert "models is there already" in str(result.exception)
    assert not Path("next").exists()


@pytest.mark.parametrize("name", ["../cat", ".."])
def test_a_class_that_is_no_folders_name_writes_nothing(name):
    write_models(Path.cwd(), [name, "dog", "hen"])

    result = run("photos", "--into", "deep/sorted")

    assert isinstance(result.exception, PipelineError)
    assert "is no name for a folder" in str(result.exception)
    assert not Path("deep").exists()
    assert not list(Path.cwd().parent.glob("cat*"))


def test_copies_of_chosen_photos_are_left_out_and_that_is_said():
    for number in range(3):
        shutil.copy("photos/photo_00.png", f"copy_{number}.png")

    result = run("photos/photo_00.png", "copy_0.png", "copy_1.png", "copy_2.png")

    assert result.stdout.startswith("1 of 4 photos chosen; ")
    assert "no more: of all others the members are quite sure, or they are copies" in result.stderr
    assert result.exit_code == 0


def test_where_no_photo_can_be_read_nothing_is_written():
    result = run("photos/photo_02b.jpg")

    assert (result.exit_code, result.stdout) == (1, "0 of 0 photos chosen\n")
    assert not Path("next").exists()


def test_a_single_member_votes_alone():
    result = run("photos", "--model", "first")

    assert isinstance(result.exception, WrongUseError)
    assert "first is a single model" in str(result.exception)


def test_a_second_run_gives_equal_files():
    run("photos", "--count", "5")
    first = {path: path.read_bytes() for path in Path("next").iterdir()}

    run("photos", "--count", "5", "--batch-size", "3")

    assert {path: path.read_bytes() for path in Path("next").iterdir()} == first
