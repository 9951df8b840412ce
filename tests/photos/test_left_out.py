"""What is not taken from the folders of photos is said, and folders that are no classes are refused."""

import os
from pathlib import Path, PurePath

import pytest

from stacker.artifacts.errors import PipelineError
from stacker.photos import listing
from stacker.photos.listing import list_images
from stacker.photos.opening import HEIC_SUFFIXES, SUFFIXES
from stacker.settings.data import Splits

FRACTIONS = Splits(train=".", validation=0.2, test=0.3)


def fill(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_kinds_of_files_that_are_not_taken_are_counted(tmp_path, capsys):
    fill(tmp_path, "cat/1.jpg", "cat/2.MOV", "cat/3.mov", "cat/4.svg", "cat/README", "dog/1.png")
    (tmp_path / "cat/5.jpg").symlink_to(tmp_path / "nowhere.jpg")

    files, _ = list_images(tmp_path, FRACTIONS)

    assert [file.path.as_posix() for file in files] == ["cat/1.jpg", "dog/1.png"]
    expected = "left out 5 that are no images to take: 2 .mov, 1 .svg, 1 README, 1 dangling link"
    printed = capsys.readouterr().out
    assert sorted(expected.partition(": ")[2].split(", ")) == sorted(printed.strip().rpartition(": ")[2].split(", "))
    assert printed.startswith(f"{tmp_path / 'cat'}: left out 5 that")


def test_a_class_folder_that_is_a_link_is_taken_and_one_inside_it_is_named(tmp_path, capsys):
    fill(tmp_path, "elsewhere/1.jpg", "elsewhere/more/2.jpg", "photos/dog/1.jpg")
    (tmp_path / "photos/cat").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/linked").symlink_to(tmp_path / "photos/dog")

    files, classes = list_images(tmp_path / "photos", FRACTIONS)

    assert classes == ["cat", "dog"]
    assert [file.path.as_posix() for file in files] == ["cat/1.jpg", "cat/more/2.jpg", "dog/1.jpg"]
    assert "1 link to a folder" in capsys.readouterr().out


def test_a_class_folder_that_leads_nowhere_and_a_loose_image_are_named(tmp_path, capsys):
    fill(tmp_path, "cat/1.jpg", "dog/1.jpg", "loose.jpg")
    (tmp_path / "owl").symlink_to(tmp_path / "gone")

    _, classes = list_images(tmp_path, FRACTIONS)

    assert classes == ["cat", "dog"]
    printed = capsys.readouterr().out
    assert "1 dangling link" in printed
    assert "1 image outside the class folders" in printed


@pytest.mark.parametrize("names", [("train", "test"), ("Train", "validation", "extra")])
def test_split_folders_are_no_classes(tmp_path, names):
    fill(tmp_path, *(f"{name}/1.jpg" for name in names))

    with pytest.raises(PipelineError, match="are splits and no classes: name them in data.splits"):
        list_images(tmp_path, FRACTIONS)


def test_a_split_folder_with_class_folders_is_no_class(tmp_path):
    fill(tmp_path, "train/cat/1.jpg", "train/dog/1.jpg", "unsorted/1.jpg")

    with pytest.raises(PipelineError, match="holds the folders train, which are splits"):
        list_images(tmp_path, FRACTIONS)


def test_one_class_may_be_called_train(tmp_path):
    fill(tmp_path, "bus/1.jpg", "train/1.jpg")

    assert list_images(tmp_path, FRACTIONS)[1] == ["bus", "train"]


def test_one_file_that_is_no_image_does_not_make_each_image_be_looked_up_among_all(tmp_path, monkeypatch):
    """Counted, not timed: hashes of paths grow with the number of files, not with its square."""
    counts = []
    plain = PurePath.__hash__

    def count(path: PurePath) -> int:
        counts[-1] += 1
        return plain(path)

    monkeypatch.setattr(PurePath, "__hash__", count)
    for number in (20, 80):
        folder = tmp_path / str(number)
        fill(folder, *(f"{name}/{k}.jpg" for name in ("cat", "dog") for k in range(number)), "cat/Thumbs.db")
        counts.append(0)
        list_images(folder, FRACTIONS)

    assert 0 < counts[1] <= 5 * counts[0]


def test_photos_of_iphones_are_left_out_with_the_advice_how_to_take_them_or_taken(tmp_path, monkeypatch, capsys):
    fill(tmp_path, "cat/1.jpg", "cat/2.HEIC", "dog/1.png", "dog/3.heif")

    monkeypatch.setattr(listing, "list_suffixes", lambda: SUFFIXES)
    assert len(list_images(tmp_path, FRACTIONS)[0]) == 2
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith(
        f"{tmp_path / 'cat'}: left out 1 that are no images to take: 1 .heic. To take .heic and"
    )
    assert "pip install --require-hashes -r requirements.lock -r locks/heic.lock" in printed[1]

    monkeypatch.setattr(listing, "list_suffixes", lambda: SUFFIXES | HEIC_SUFFIXES)
    assert [file.path.name for file in list_images(tmp_path, FRACTIONS)[0]] == ["1.jpg", "2.HEIC", "1.png", "3.heif"]
    assert capsys.readouterr().out == ""


def test_names_that_are_no_utf8_are_all_named_at_once(tmp_path):
    fill(tmp_path, "cat/1.jpg", os.fsdecode(b"cat/caf\xe9.jpg"), os.fsdecode(b"dog/\xff/1.jpg"), "dog/caf\u00e9.jpg")

    with pytest.raises(PipelineError, match=r"^2 file name\(s\) are no UTF-8") as caught:
        list_images(tmp_path, FRACTIONS)

    assert str(caught.value).splitlines()[1:] == [
        f"  {tmp_path}/cat/caf\\udce9.jpg",
        f"  {tmp_path}/dog/\\udcff/1.jpg",
    ]


def test_a_name_that_is_no_utf8_and_is_not_taken_can_be_printed(tmp_path, capsys):
    fill(tmp_path, "cat/1.jpg", os.fsdecode(b"cat/\xe9"), "dog/1.jpg")

    assert len(list_images(tmp_path, FRACTIONS)[0]) == 2
    assert "1 \\udce9" in capsys.readouterr().out
