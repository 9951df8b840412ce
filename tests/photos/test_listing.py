from pathlib import Path

import pytest
from helpers import write_noise_folders

from stacker.artifacts.errors import PipelineError
from stacker.photos.listing import list_images
from stacker.settings.data import Splits

FRACTIONS = Splits(train=".", validation=0.2, test=0.2)
FOLDERS = Splits(train="train", validation="validation", test="test")


def test_list_images_sorts_files_and_classes(tmp_path):
    write_noise_folders(tmp_path, {"dog": 2, "cat": 1})

    files, classes = list_images(tmp_path, FRACTIONS)

    assert classes == ["cat", "dog"]
    assert [(file.path.as_posix(), file.label, file.split) for file in files] == [
        ("cat/cat_000.png", 0, "train"),
        ("dog/dog_000.png", 1, "train"),
        ("dog/dog_001.png", 1, "train"),
    ]


def test_list_images_takes_the_split_from_the_folder(tmp_path):
    for split in ("train", "validation", "test"):
        write_noise_folders(tmp_path / split, {"cat": 1, "dog": 1})

    files, _ = list_images(tmp_path, FOLDERS)

    assert [(file.path.parts[0], file.split) for file in files[::2]] == [
        ("train", "train"),
        ("validation", "validation"),
        ("test", "test"),
    ]


def test_list_images_finds_images_in_folders_below_a_class(tmp_path):
    write_noise_folders(tmp_path, {"cat": 1, "dog": 1})
    write_noise_folders(tmp_path / "cat", {"kittens": 2})

    assert len(list_images(tmp_path, FRACTIONS)[0]) == 4


def test_list_images_leaves_out_hidden_files_and_folders(tmp_path):
    write_noise_folders(tmp_path, {"cat": 1, "dog": 1, ".trash": 1})
    write_noise_folders(tmp_path / "cat", {".thumbnails": 1})
    (tmp_path / "cat" / "._cat_000.png").touch()

    files, classes = list_images(tmp_path, FRACTIONS)

    assert classes == ["cat", "dog"]
    assert len(files) == 2


def test_list_images_reports_files_that_are_no_images(tmp_path, capsys):
    write_noise_folders(tmp_path, {"cat": 1, "dog": 1})
    for name in ("notes.txt", "clip.mp4", "README"):
        (tmp_path / "cat" / name).touch()

    files, _ = list_images(tmp_path, FRACTIONS)

    assert len(files) == 2
    assert (
        f"{tmp_path / 'cat'}: left out 3 that are no images to take: 1 .mp4, 1 .txt, 1 README"
        in capsys.readouterr().out
    )


def test_list_images_names_both_folders_when_their_classes_differ(tmp_path):
    write_noise_folders(tmp_path / "train", {"cat": 1, "dog": 1})
    write_noise_folders(tmp_path / "validation", {"cat": 1, "dog": 1})
    write_noise_folders(tmp_path / "test", {"cat": 1, "dgo": 1})

    with pytest.raises(PipelineError, match=r"test has the classes \['cat', 'dgo'\].*train has \['cat', 'dog'\]"):
        list_images(tmp_path, FOLDERS)


def test_list_images_says_what_to_check_when_the_folder_is_missing(tmp_path):
    with pytest.raises(PipelineError, match=r"nothing is no folder: check data\.images"):
        list_images(tmp_path / "nothing", FRACTIONS)


@pytest.mark.parametrize(("folders", "received"), [({}, "none"), ({"cat": 1}, r"\['cat'\]")])
def test_list_images_wants_two_classes(tmp_path, folders, received):
    write_noise_folders(tmp_path, folders)

    with pytest.raises(PipelineError, match=f"at least two; received {received}"):
        list_images(tmp_path, FRACTIONS)


def test_list_images_names_a_class_without_images(tmp_path):
    write_noise_folders(tmp_path, {"cat": 1})
    (tmp_path / "dog").mkdir()

    with pytest.raises(PipelineError, match=r"dog holds no image: expected files ending in .*\.jpg"):
        list_images(Path(tmp_path), FRACTIONS)
