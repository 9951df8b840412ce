"""No two photos share a picture, and no photo is written over."""

from pathlib import Path

import pytest

from stacker.artifacts.errors import WrongUseError
from stacker.using.explanations.picture_paths import name_pictures


@pytest.mark.parametrize(
    ("photos", "pictures"),
    [
        (["a/1.jpg"], ["1.jpg.png"]),
        (["a/1.jpg", "a/1.png", "b/2.jpg"], ["1.jpg.png", "1.png.png", "2.jpg.png"]),
        (["a/1.jpg", "b/1.jpg", "b/2.jpg"], ["a/1.jpg.png", "b/1.jpg.png", "b/2.jpg.png"]),
        (["a/x/1.jpg", "b/x/1.jpg", "x/1.jpg"], ["a/x/1.jpg.png", "b/x/1.jpg.png", "work/x/1.jpg.png"]),
        (["../1.jpg", "x/../b/2.jpg"], ["1.jpg.png", "2.jpg.png"]),
        (["b/1.jpg", "x/../b/1.jpg"], ["1.jpg.png", "1.jpg.png"]),  # the same photo
        (["/1.jpg", "/a/1.jpg"], ["1.jpg.png", "a/1.jpg.png"]),
        ([], []),
    ],
)
def test_pictures_are_called_after_photos_with_the_folders_that_tell_them_apart(
    photos, pictures, tmp_path, monkeypatch
):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    received = name_pictures([Path(photo) for photo in photos], Path("out"))

    assert received == [Path("out") / picture for picture in pictures]


def test_a_link_to_a_folder_does_not_let_two_photos_meet(tmp_path):
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real/deep")

    # "link/.." is real/, not the folder that the link lies in
    photos = [tmp_path / "link" / ".." / "1.jpg", tmp_path / "1.jpg", tmp_path / "real" / "deep" / "1.jpg"]
    received = name_pictures(photos, Path("out"))

    assert received == [Path("out/real/1.jpg.png"), Path(f"out/{tmp_path.name}/1.jpg.png"), Path("out/deep/1.jpg.png")]


@pytest.mark.parametrize("output", [".", "a", "b/../a", "link"])
def test_a_folder_with_photos_is_no_output(output, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("a", "b"):
        Path(folder).mkdir()
    Path("link").symlink_to("a")

    with pytest.raises(WrongUseError) as caught:
        name_pictures([Path("a/1.jpg")], Path(output))

    message = f"--output {Path(output)} holds a photo to explain, a/1.jpg: name a folder without photos"
    assert str(caught.value) == message
