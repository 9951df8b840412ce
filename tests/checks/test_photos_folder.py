import os
from pathlib import Path

import pytest

from stacker.artifacts.errors import PipelineError
from stacker.checks.photos_folder import check_photos_folder


@pytest.mark.parametrize("images", ["photos", "photos/2024", "/somewhere/else"])
def test_a_folder_that_is_not_there_is_named_with_its_setting(workspace, images):
    with pytest.raises(
        PipelineError, match=rf"^data\.images: there is no folder {images}: name the one that .* photos$"
    ):
        check_photos_folder(images, [])


def test_a_folder_that_is_there_is_right(workspace):
    (workspace / "photos").mkdir()

    check_photos_folder("photos", [])
    check_photos_folder(str(workspace / "photos"), ["digits"])


def test_a_file_is_no_folder(workspace):
    (workspace / "photos").touch()

    with pytest.raises(PipelineError, match="there is no folder photos"):
        check_photos_folder("photos", [])


@pytest.mark.parametrize("images", ["data/raw/digits", "data/raw/digits/train", "./data/raw//digits/"])
def test_what_will_be_fetched_need_not_be_there(workspace, images):
    check_photos_folder(images, ["cats", "digits"])


@pytest.mark.parametrize("images", ["data/raw/dogs", "data/raw", "data/raw/digits_2"])
def test_what_is_not_fetched_must_be_there_and_the_choices_are_listed(workspace, images):
    with pytest.raises(PipelineError, match=r"or one that `fetch` gets \(data/raw/cats, data/raw/digits\)"):
        check_photos_folder(images, ["cats", "digits"])


@pytest.mark.parametrize("images", ["data/raw/pets", "data/raw/pets/train/small"])
@pytest.mark.parametrize("tracked", ["data/raw/pets.dvc", "data/raw.dvc", "data.dvc"])
def test_what_dvc_tracks_need_not_be_there(workspace, images, tracked):
    Path(tracked).parent.mkdir(parents=True, exist_ok=True)
    Path(tracked).touch()

    check_photos_folder(images, [])


@pytest.mark.parametrize("tracked", ["data/raw/pet.dvc", "data/raw/pets/train.dvc", ".dvc/x"])
def test_what_dvc_tracks_elsewhere_does_not_count(workspace, tracked):
    Path(tracked).parent.mkdir(parents=True)
    Path(tracked).touch()

    with pytest.raises(PipelineError, match=r"data\.images: there is no folder data/raw/pets/other"):
        check_photos_folder("data/raw/pets/other", [])


def test_a_name_that_is_no_utf8_is_told_before_dvc_stumbles_over_it(workspace):
    (workspace / "photos/cat").mkdir(parents=True)
    (workspace / "photos/cat" / os.fsdecode(b"caf\xe9.jpg")).touch()

    with pytest.raises(PipelineError, match=r"no UTF-8.*\n  photos/cat/caf\\udce9\.jpg$"):
        check_photos_folder("photos", [])
