import csv
import hashlib
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import write_edited, write_image, write_noise_folders
from real_photos import list_real_photos

from stacker.artifacts.arrays import SPLITS, load_fingerprint, load_groups, load_images, load_labels
from stacker.artifacts.errors import PipelineError
from stacker.photos.listing import ImageFile
from stages.prepare import check_splits


def read_manifest() -> list[dict[str, str]]:
    with open("data/arrays/manifest.csv", newline="", encoding="utf-8") as stream:  # noqa: PTH123 - csv wants a stream
        return list(csv.DictReader(stream))


def split_of_paths() -> dict[str, str]:
    return {line["path"]: line["split"] for line in read_manifest()}


def test_prepare_writes_disjoint_stratified_splits(workspace, run_stage):
    write_noise_folders(workspace / "photos", {"cat": 20, "dog": 10})

    run_stage("prepare")

    assert len(split_of_paths()) == 30
    for split, counts in {"train": [12, 6], "validation": [4, 2], "test": [4, 2]}.items():
        assert np.bincount(load_labels(split)).tolist() == counts
        assert load_images(split).shape == (sum(counts), 32, 32, 3)
        assert load_images(split).dtype == np.uint8
    assert json.loads((workspace / "data/arrays/classes.json").read_text()) == ["cat", "dog"]


@pytest.mark.parametrize(
    ("classes", "line"), [(2, "train: 11 images (c00 6, c01 5)"), (21, "train: 106 images (21 classes of 5 to 6)")]
)
def test_prepare_prints_the_counts_of_a_few_classes_and_the_range_of_many(workspace, run_stage, capsys, classes, line):
    write_noise_folders(workspace / "photos", {f"c{number:02d}": 9 if number else 10 for number in range(classes)})

    run_stage("prepare")

    assert line in capsys.readouterr().out.splitlines()


def test_prepare_shows_one_progress_for_reading_and_one_for_decoding_all_splits(workspace, run_stage, read_progress):
    write_noise_folders(workspace / "photos", {"cat": 20, "dog": 10})

    run_stage("prepare")

    counts = range(1, 31)
    assert read_progress() == [f"{word}: {count} of 30 photos" for word in ("reading", "decoding") for count in counts]


def test_prepare_draws_the_same_splits_for_the_same_seed_and_others_for_another(workspace, run_stage):
    write_noise_folders(workspace / "photos", {"cat": 20, "dog": 20})

    drawn = []
    for seed in (1, 1, 2):
        write_edited({"data.seed": seed})
        run_stage("prepare")
        drawn.append(split_of_paths())

    assert drawn[0] == drawn[1] != drawn[2]


def test_prepare_writes_the_same_bytes_when_run_again(workspace, run_stage):
    write_noise_folders(workspace / "photos", {"cat": 6, "dog": 6})

    contents = []
    for _ in range(2):
        run_stage("prepare")
        contents.append({path: path.read_bytes() for path in (workspace / "data/arrays").rglob("*") if path.is_file()})

    assert contents[0] == contents[1]


def test_prepare_lists_the_arrays_rows_in_the_manifest_in_order(workspace, run_stage):
    write_noise_folders(workspace / "photos", {"cat": 8, "dog": 6}, side=32)

    run_stage("prepare")

    manifest = read_manifest()
    assert list(manifest[0]) == ["path", "class", "split", "width", "height", "content_hash", "group", "reason"]
    for split in SPLITS:
        lines = [line for line in manifest if line["split"] == split]
        assert [line["class"] for line in lines] == [("cat", "dog")[label] for label in load_labels(split)]
        assert {line["reason"] for line in lines} == {""}
        assert [int(line["group"]) for line in lines] == load_groups(split).tolist()
        for line, image in zip(lines, load_images(split), strict=True):
            expected = cv2.imread(str(workspace / "photos" / line["path"]))[..., ::-1]
            np.testing.assert_array_equal(image, expected)
            assert (line["width"], line["height"]) == ("32", "32")


def test_prepare_takes_splits_from_folders_and_cuts_validation_from_train(workspace, run_stage):
    write_noise_folders(workspace / "photos" / "train", {"cat": 10, "dog": 10}, seed=1)
    write_noise_folders(workspace / "photos" / "holiday", {"cat": 3, "dog": 4}, seed=2)
    write_edited({"data.splits": {"train": "train", "validation": 0.2, "test": "holiday"}})

    run_stage("prepare")

    assert [len(load_labels(split)) for split in SPLITS] == [16, 4, 7]
    assert {path.split("/")[0] for path, split in split_of_paths().items() if split == "test"} == {"holiday"}


@pytest.mark.parametrize("seed", range(4))
def test_prepare_keeps_duplicates_in_one_split(workspace, run_stage, seed):
    photos = workspace / "photos"
    write_noise_folders(photos, {"cat": 12, "dog": 12}, side=64)
    for number in range(6):
        (photos / "cat" / f"copy_{number}.png").write_bytes((photos / "cat" / f"cat_{number:03d}.png").read_bytes())
    write_edited({"data.seed": seed})

    run_stage("prepare")

    splits = split_of_paths()
    assert all(splits[f"cat/copy_{number}.png"] == splits[f"cat/cat_{number:03d}.png"] for number in range(6))


@pytest.mark.parametrize("near_duplicates", [None, 4])
def test_prepare_joins_near_duplicates_only_when_asked(workspace, run_stage, near_duplicates):
    photos = workspace / "photos"
    for folder in ("cat", "dog"):
        for number in range(10):
            seed = number + 100 * (folder == "dog")
            coarse = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), np.uint8)
            image = cv2.resize(coarse, (80, 80), interpolation=cv2.INTER_CUBIC)
            write_image(photos / folder / f"{number}_a.png", image)
            write_image(photos / folder / f"{number}_b.jpg", image)  # other bytes, the same picture
    write_edited({"data.near_duplicates": near_duplicates})

    run_stage("prepare")

    lines = {line["path"]: line for line in read_manifest()}
    pairs = [(f"{c}/{n}_a.png", f"{c}/{n}_b.jpg") for c in ("cat", "dog") for n in range(10)]
    joined = [lines[a]["group"] == lines[b]["group"] for a, b in pairs]
    assert all(joined) if near_duplicates else not any(joined)
    if near_duplicates:
        assert all(lines[a]["split"] == lines[b]["split"] for a, b in pairs)
        assert len({line["group"] for line in lines.values()}) == 20


def test_prepare_warns_of_duplicates_between_the_users_own_folders(workspace, run_stage, capsys):
    for split, seed in (("train", 1), ("validation", 2), ("test", 3)):
        write_noise_folders(workspace / "photos" / split, {"cat": 3, "dog": 3}, seed=seed)
    leaked = workspace / "photos" / "test" / "cat" / "leaked.png"
    leaked.write_bytes((workspace / "photos/train/cat/cat_001.png").read_bytes())
    write_edited({"data.splits": {"train": "train", "validation": "validation", "test": "test"}})

    run_stage("prepare")

    output = capsys.readouterr().out
    assert "warning: 1 group(s) of duplicate images lie in more than one split folder" in output
    assert "train/cat/cat_001.png" in output
    assert "test/cat/leaked.png" in output


def test_prepare_names_an_unreadable_file_and_leaves_the_previous_arrays_alone(workspace, run_stage):
    write_noise_folders(workspace / "photos", {"cat": 10, "dog": 10})
    run_stage("prepare")
    before = (workspace / "data/arrays/train/images.npy").read_bytes()
    (workspace / "photos/cat/broken.jpg").write_bytes(b"not an image")

    with pytest.raises(
        PipelineError,
        match=r"1 image\(s\) cannot be read; mend or remove them, .*skip.*:\n  photos/cat/broken\.jpg: it is no",
    ):
        run_stage("prepare")

    assert (workspace / "data/arrays/train/images.npy").read_bytes() == before
    assert [path.name for path in (workspace / "data").iterdir()] == ["arrays"]


def test_prepare_names_a_file_whose_header_alone_is_readable(workspace, run_stage):
    write_noise_folders(workspace / "photos", {"cat": 10, "dog": 10})
    whole = (workspace / "photos/cat/cat_000.png").read_bytes()
    (workspace / "photos/cat/cut.png").write_bytes(whole[:60])  # the header, and few of the pixels

    with pytest.raises(PipelineError, match=r"cut\.png: OpenCV cannot decode it"):
        run_stage("prepare")

    assert not (workspace / "data").exists()


def test_prepare_refuses_a_split_without_a_class(workspace, run_stage):
    write_noise_folders(workspace / "photos", {"cat": 2, "dog": 10})

    with pytest.raises(PipelineError, match=r"the train split has no image of cat: .*data\.splits"):
        run_stage("prepare")


def copy_real_photos(photos, count: int) -> None:
    for number, path in enumerate(list_real_photos(count)):
        (photos / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, photos / path.parent.name / f"{number:03d}.jpg")


def splits_by_content() -> dict[str, str]:
    return {line["content_hash"]: line["split"] for line in read_manifest()}


@pytest.mark.assets
@pytest.mark.parametrize("seed", [0, 1])
def test_a_photo_that_comes_or_goes_or_is_renamed_leaves_the_splits_alone(workspace, run_stage, seed):
    photos = workspace / "photos"
    copy_real_photos(photos, 61)
    changes = {"data.seed": seed, "data.near_duplicates": 2}
    write_edited(changes)
    spare = photos / "cats" / "000.jpg"
    kept = spare.read_bytes()
    spare.unlink()
    run_stage("prepare")
    before, fingerprints = splits_by_content(), [load_fingerprint(split) for split in SPLITS]

    (photos / "dogs" / "a_first_one.jpg").write_bytes(kept)  # before all others of its class
    run_stage("prepare")
    added = splits_by_content()
    moved = [added[content] for content in before if added[content] != before[content]]
    assert len(added) == len(before) + 1
    assert len(moved) == len(set(moved))
    assert [load_fingerprint(split) for split in SPLITS] != fingerprints

    (photos / "dogs" / "a_first_one.jpg").unlink()
    for number, path in enumerate(sorted(photos.glob("*/*.jpg"), reverse=True)):
        path.rename(path.with_name(f"renamed_{number:03d}.jpg"))
    write_edited({**changes, "data.image_size": 48})
    run_stage("prepare")
    assert splits_by_content() == before
    assert [load_fingerprint(split) for split in SPLITS] == fingerprints


def test_the_fingerprint_of_a_split_is_that_of_its_contents_and_classes(workspace, run_stage):
    write_noise_folders(workspace / "photos", {"cat": 10, "dog": 10})

    run_stage("prepare")

    for split in SPLITS:
        paths = [workspace / "photos" / line["path"] for line in read_manifest() if line["split"] == split]
        lines = sorted(f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.parent.name}\n" for path in paths)
        assert load_fingerprint(split) == hashlib.sha256("".join(lines).encode()).hexdigest()[:16]
        assert (workspace / "data/arrays" / split / "fingerprint.txt").read_text() == load_fingerprint(split) + "\n"


def test_prepare_scales_16_bit_images_together_and_shows_the_background(workspace, run_stage, capsys):
    photos = workspace / "photos"
    for folder, value in (("cat", 1023), ("dog", 512)):
        (photos / folder).mkdir(parents=True)
        for number in range(6):
            image = np.full((32, 32), value, np.uint16)
            image[0, 0] = number  # no two alike
            cv2.imwrite(str(photos / folder / f"{number}.png"), image)
            layers = np.full((32, 32, 4), number + 10 * (folder == "dog"), np.uint8)
            layers[..., 3] = 0
            cv2.imwrite(str(photos / folder / f"clear_{number}_{folder}.png"), layers)
    write_edited({"data.background": [1, 2, 3], "data.near_duplicates": 0})

    run_stage("prepare")

    assert "12 image(s) of 16 bits: their largest value is 1,023, so they are taken to fill 10 bits" in (
        printed := capsys.readouterr().out
    )
    assert "and 24 that show too little" in printed
    for split in SPLITS:
        lines = [line for line in read_manifest() if line["split"] == split]
        for line, image in zip(lines, load_images(split), strict=True):
            deep = [255] * 3 if line["class"] == "cat" else [128] * 3
            assert image[20, 20].tolist() == ([1, 2, 3] if "clear" in line["path"] else deep)


def test_of_many_classes_without_an_image_some_are_named():
    files = [ImageFile(Path(f"{label}.png"), label, "train") for label in range(30)]

    with pytest.raises(PipelineError) as raised:
        check_splits(files, np.full(30, "train"), [f"class {label}" for label in range(30)])

    assert "no image of class 0, class 1," in str(raised.value)
    assert "class 19 and 10 more: add images" in str(raised.value)
