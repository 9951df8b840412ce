"""Photos explained by an ensemble that is known by hand."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers import write_image
from PIL import Image
from tiny_networks import FOR_RED, GREEN, PHOTO, RED, build_tiny_ensemble, build_tiny_member, save_tiny_model

from stacker.using.classifier import Classifier, load
from stacker.using.explanations import explaining
from stacker.using.explanations.explaining import explain_files, explain_images


@pytest.fixture
def classifier(tmp_path) -> Classifier:
    members = [build_tiny_member("sharp", FOR_RED), build_tiny_member("odd", [([[1, -1], [1, 3]], None)])]
    model = build_tiny_ensemble("ensemble", members)
    save_tiny_model(model, tmp_path / "ensemble.h5", ["odd", "sharp"])
    return load(tmp_path / "ensemble.h5", "keras", batch_size=4)


def write_photos(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        write_image(path, np.roll(PHOTO, number, axis=1))
    return paths


def test_an_explanation_has_the_verdict_and_each_members_vote_and_map(classifier):
    images = [PHOTO, PHOTO[::-1]]
    answers = classifier.predict_images(np.stack(images))

    first, second = explain_images(classifier, images, class_index=1)

    assert np.array_equal(second.image, PHOTO[::-1])
    assert (first.explained, first.verdict) == ("red", answers.name_verdict(0))
    assert first.given == pytest.approx(answers.probabilities[0, 1])
    assert [view.label for view in first.members] == ["odd", "sharp"]
    odd, sharp = second.members
    np.testing.assert_allclose(sharp.heat_map, RED[::-1], atol=1e-6)
    # A mean of 1.5 x 100 / 16 red and 1 x 200 / 16 green: by hand from the kernels.
    for_red = 1 / (1 + np.exp(-(2 * 300 - 3 * 200) / 1600))
    assert (sharp.vote, sharp.sure, sharp.given) == ("green", pytest.approx(0.5), pytest.approx(for_red))
    odds = np.exp([(300 + 200) / 1600, (-300 + 3 * 200) / 1600])
    assert odd.given == pytest.approx(odds[1] / odds.sum(), rel=1e-5)
    assert (odd.vote, odd.sure) == ("green", pytest.approx(odds[0] / odds.sum(), rel=1e-5))


def test_without_a_class_each_photo_has_the_map_of_its_most_likely_one(classifier):
    red, green = np.zeros_like(PHOTO), np.zeros_like(PHOTO)
    red[0, 1, 0] = red[3, 3, 0] = green[3, 2, 1] = 250
    likely = classifier.predict_images(np.stack([PHOTO, red, green])).names

    explanations = explain_images(classifier, [PHOTO, red, green])

    assert [explanation.explained for explanation in explanations] == likely
    assert all(explanation.given >= 0.5 for explanation in explanations)
    (sharp,) = (view.heat_map for view in explanations[0].members if view.label == "sharp")
    np.testing.assert_allclose(sharp, RED if likely[0] == "red" else GREEN, atol=1e-6)


def test_a_member_alone_is_its_own_only_member(tmp_path):
    save_tiny_model(build_tiny_member("sharp", FOR_RED), tmp_path / "sharp.h5")

    mostly_red = PHOTO - PHOTO // 4 * np.array([0, 1, 0], np.uint8)

    (explanation,) = explain_images(load(tmp_path / "sharp.h5", "keras"), [mostly_red], class_index=0)

    (view,) = explanation.members
    assert (view.label, view.vote, explanation.explained) == ("sharp", "red", "green")
    np.testing.assert_allclose(view.heat_map, GREEN, atol=1e-6)
    assert explanation.given == pytest.approx(view.given)


def test_every_photo_gets_its_picture_and_a_line_while_other_files_stay(classifier, tmp_path):
    photos = write_photos(tmp_path / "photos", 3)
    pictures = [tmp_path / "out" / "deep" / f"{photo.name}.png" for photo in photos]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")

    drawn, failed = explain_files(classifier, photos, pictures)

    assert failed == []
    for picture in pictures:
        with Image.open(picture) as opened:
            assert opened.width == 900  # the photo and two members
    assert len({picture.read_bytes() for picture in pictures}) == 3
    verdicts = classifier.predict(photos).verdicts
    assert drawn == [f"{picture}: {verdict}" for picture, verdict in zip(pictures, verdicts, strict=True)]
    shutil.rmtree(tmp_path / "out" / "deep")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["notes.txt"]
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_what_cannot_be_read_or_written_stops_no_other(classifier, tmp_path):
    photos = write_photos(tmp_path / "photos", 3)
    photos[0].write_bytes(b"no photo")
    photos.append(tmp_path / "photos" / "gone.jpg")
    pictures = [tmp_path / "out" / f"{number}.png" for number in range(4)]
    pictures[1] = tmp_path / "out" / ("long" * 100) / "1.png"

    drawn, failed = explain_files(classifier, photos, pictures)

    assert [line.split(": ")[0] for line in failed] == [str(photos[0]), str(photos[3]), str(photos[1])]
    assert failed[0].endswith(": it is no image that can be read")
    assert failed[1].endswith(": no such file")
    assert failed[2].endswith(f"{pictures[1]} cannot be written: File name too long")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["2.png"]
    assert [line.split(": ")[0] for line in drawn] == [str(pictures[2])]


def test_photos_are_taken_a_few_at_a_time(classifier, tmp_path, monkeypatch, read_progress):
    photos = write_photos(tmp_path / "photos", 7)
    sizes = []

    def explain(model, images, class_index):
        sizes.append(len(images))
        return explain_images(model, images, class_index)

    monkeypatch.setattr(explaining, "BATCH", 3)
    monkeypatch.setattr(explaining, "explain_images", explain)

    explain_files(classifier, photos, [tmp_path / "out" / f"{photo.name}.png" for photo in photos])

    assert sizes == [3, 3, 1]
    assert read_progress() == [f"ensemble: explaining: {n} of 7 photos" for n in (3, 6, 7)]
