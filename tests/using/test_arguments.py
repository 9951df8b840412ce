import io
from pathlib import Path

import pytest

from stacker.artifacts.errors import PipelineError, WrongUseError
from stacker.using.choosing_model import find_model
from stacker.using.photo_arguments import find_photos


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a/1.jpg", "a/b/2.PNG", "a/b/notes.txt", "a/.thumbs/3.jpg", "odd.raw", "c/4.webp", "a/[x].jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def find(*arguments: str, listed: str = "") -> list[str]:
    return [str(path) for path in find_photos(arguments, io.StringIO(listed))]


def test_folders_are_searched_whole_without_hidden_files_and_what_is_no_image(photos):
    assert find("a") == ["a/1.jpg", "a/[x].jpg", "a/b/2.PNG"]


def test_files_are_taken_whatever_they_are_called_each_once_in_the_order_given(photos):
    assert find("odd.raw", "c/4.webp", "a/1.jpg", "c") == ["odd.raw", "c/4.webp", "a/1.jpg"]
    assert find("a/[x].jpg") == ["a/[x].jpg"]  # a file's name before a pattern


def test_patterns_are_resolved_where_the_shell_does_not(photos):
    assert find("*/*.jpg") == ["a/1.jpg", "a/[x].jpg"]
    assert find("a/**/*.PNG") == ["a/b/2.PNG"]


def test_a_list_on_standard_input_keeps_what_is_not_there(photos):
    assert find("-", listed="c/4.webp\n\ngone with the wind.jpg\n") == ["c/4.webp", "gone with the wind.jpg"]


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("gone", "gone: no such file or folder"),
        ("*.gif", "no file matches"),
        ("empty", "empty: no image in this folder"),
    ],
)
def test_an_argument_that_stands_for_nothing_is_named(photos, argument, words):
    Path("empty").mkdir()

    with pytest.raises(WrongUseError, match=words):
        find("a", argument)
    with pytest.raises(WrongUseError, match="standard input named none"):
        find("-")


def write_models(*labels: str) -> None:
    for label in labels:
        path = Path("models") / f"{label}.h5"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_a_model_is_found_by_label_or_path_or_is_the_only_ensemble(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WrongUseError, match="there is none here: run `dvc repro`"):
        find_model()
    write_models("members/first", "members/second", "small")
    assert find_model() == Path("models/small.h5")
    write_models("large")
    with pytest.raises(WrongUseError, match="which model.*first, second, large, small"):
        find_model()
    write_models("ensemble")
    assert find_model() == Path("models/ensemble.h5")
    assert find_model("second") == Path("models/members/second.h5")
    assert find_model("models/members/first.h5") == Path("models/members/first.h5")
    for wrong in ("third", "models/third.h5", "models"):
        with pytest.raises(PipelineError, match=f"no model '{wrong}': .* first, second, ensemble, large, small"):
            find_model(wrong)
