"""`prepare` on photos as people have them: broken, of other kinds, and under two classes."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from helpers import write_edited, write_noise_folders
from PIL import Image

from stacker.artifacts.arrays import SPLITS, load_images
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.skipped_photos import read_skipped
from stacker.pictures.shown_photos import read_paths


def read_manifest() -> list[dict[str, str]]:
    with Path("data/arrays/manifest.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def break_some(photos: Path) -> dict[str, str]:
    """Three broken files among good ones, and the reasons that are to be told."""
    (photos / "cat/a, b.jpg").write_bytes(b"no image")
    (photos / "dog/cut.png").write_bytes((photos / "dog/dog_001.png").read_bytes()[:60])
    (photos / "dog/empty.gif").touch()
    return {
        "cat/a, b.jpg": "it is no image that can be read",
        "dog/cut.png": "OpenCV cannot decode it",
        "dog/empty.gif": "the file is empty",
    }


def hash_arrays() -> dict[str, bytes]:
    arrays = Path("data/arrays")
    return {str(path): path.read_bytes() for path in arrays.rglob("*") if path.is_file() and path.suffix != ".csv"}


@pytest.mark.parametrize("near_duplicates", [None, 2])
def test_all_broken_photos_are_named_with_their_reasons_in_one_go(workspace, run_stage, near_duplicates):
    write_noise_folders(workspace / "photos", {"cat": 10, "dog": 10})
    reasons = break_some(workspace / "photos")
    write_edited({"data.near_duplicates": near_duplicates})

    with pytest.raises(PipelineError, match=r"^3 image\(s\) cannot be read; .* set data\.unreadable: skip") as caught:
        run_stage("prepare")

    assert str(caught.value).splitlines()[1:] == [f"  photos/{path}: {reason}" for path, reason in reasons.items()]
    assert "BytesIO" not in str(caught.value)


@pytest.mark.parametrize("near_duplicates", [None, 2])
def test_skipped_photos_change_no_array_and_stand_in_the_manifest(workspace, run_stage, capsys, near_duplicates):
    photos = workspace / "photos"
    write_noise_folders(photos, {"cat": 10, "dog": 10})
    write_edited({"data.near_duplicates": near_duplicates, "data.unreadable": "skip"})
    run_stage("prepare")
    before, without = hash_arrays(), read_manifest()
    assert read_skipped() == {}
    capsys.readouterr()

    reasons = break_some(photos)
    run_stage("prepare")

    assert hash_arrays() == before
    lines = read_manifest()
    assert lines[: len(without)] == without
    assert [(line["path"], line["class"], line["split"], line["reason"]) for line in lines[len(without) :]] == [
        (path, path.split("/")[0], "skipped", reason) for path, reason in reasons.items()
    ]
    assert {line[key] for line in lines[len(without) :] for key in ("width", "height", "content_hash", "group")} == {""}
    assert read_skipped() == reasons
    assert [len(read_paths(Path("data/arrays/manifest.csv"), split)) for split in SPLITS] == [
        len(load_images(split)) for split in SPLITS
    ]
    assert (
        "warning: skipped 3 image(s) that cannot be read:\n  photos/cat/a, b.jpg: it is no" in capsys.readouterr().out
    )


def test_where_no_photo_can_be_read_there_is_nothing_to_skip_to(workspace, run_stage):
    for name in ("cat/1.jpg", "dog/1.jpg"):
        path = workspace / "photos" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"no image")
    write_edited({"data.unreadable": "skip"})

    with pytest.raises(PipelineError, match=r"^2 image\(s\) cannot be read"):
        run_stage("prepare")


def test_gif_and_avif_are_taken(workspace, run_stage):
    photos = workspace / "photos"
    write_noise_folders(photos, {"cat": 10, "dog": 10}, side=32)
    generator = np.random.default_rng(1)
    for number in range(4):
        image = Image.fromarray(generator.integers(0, 256, (32, 32, 3), np.uint8))
        image.save(photos / f"cat/moving_{number}.GIF", save_all=True, append_images=[image.rotate(90)])
        image.save(photos / f"dog/new_{number}.avif")

    run_stage("prepare")

    for split in SPLITS:
        for path, pixels in zip(read_paths(Path("data/arrays/manifest.csv"), split), load_images(split), strict=True):
            with Image.open(photos / path) as image:
                np.testing.assert_array_equal(pixels, np.asarray(image.convert("RGB")))


def test_one_photo_under_two_classes_is_an_error_unless_it_is_to_be_reported(workspace, run_stage, capsys):
    photos = workspace / "photos"
    write_noise_folders(photos, {"cat": 10, "dog": 10})
    (photos / "dog/copy.png").write_bytes((photos / "cat/cat_003.png").read_bytes())

    with pytest.raises(PipelineError, match=r"\n  cat/cat_003\.png \(cat\) and dog/copy\.png \(dog\)$"):
        run_stage("prepare")
    assert not (workspace / "data").exists()

    write_edited({"data.label_conflicts": "report"})
    run_stage("prepare")
    assert "warning: 1 photo(s) stand under more than one class" in capsys.readouterr().out
    groups = {line["path"]: line["group"] for line in read_manifest()}
    assert groups["cat/cat_003.png"] == groups["dog/copy.png"]


def test_a_name_that_is_no_utf8_is_told_before_anything_is_decoded(workspace, run_stage):
    write_noise_folders(workspace / "photos", {"cat": 10, "dog": 10})
    break_some(workspace / "photos")
    (workspace / "photos/cat" / os.fsdecode(b"caf\xe9.jpg")).touch()

    with pytest.raises(PipelineError, match=r"^1 file name\(s\) are no UTF-8(?s:.*)photos/cat/caf\\udce9\.jpg$"):
        run_stage("prepare")
