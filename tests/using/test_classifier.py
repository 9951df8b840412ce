import numpy as np
import pytest
from helpers import write_image, write_scene
from trained_project import MEMBERS, SIDE, predict_in_keras, write_models, write_photos

import stacker
from stacker.artifacts.errors import PipelineError
from stacker.photos.decoding import decode_images
from stacker.photos.fingerprints import read_fingerprints
from stacker.using.classifier import Classifier, load


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_models(folder)
    write_photos(folder / "photos", 11)
    return folder


@pytest.fixture(scope="module")
def classifier(project) -> Classifier:
    return load(project / "models/ensemble.h5", batch_size=4)


@pytest.fixture(scope="module")
def photos(project):
    return sorted((project / "photos").iterdir())


def test_an_ensemble_answers_as_plain_keras_does_with_the_votes_of_its_members(project, classifier, photos):
    images = classifier.prepare(photos)

    answers = classifier.predict(photos)

    np.testing.assert_allclose(answers.probabilities, predict_in_keras(classifier.path, images), atol=1e-5)
    assert np.ptp(answers.probabilities, axis=0).max() > 1e-3  # no two photos alike
    assert sorted(answers.members) == list(MEMBERS)
    for label in MEMBERS:
        expected = predict_in_keras(project / f"models/members/{label}.h5", images)
        np.testing.assert_allclose(answers.members[label], expected, atol=1e-5)
    assert answers.classes == ["cat", "dog", "hen"]


@pytest.mark.parametrize("engine", ["keras", "openvino"])
def test_a_member_alone_answers_for_itself(project, photos, engine):
    member = load(project / "models/members/second.h5", engine=engine, batch_size=5)

    answers = member.predict(photos)

    assert member.engine == engine
    np.testing.assert_allclose(answers.probabilities, predict_in_keras(member.path, member.prepare(photos)), atol=1e-5)
    np.testing.assert_array_equal(answers.members["second"], answers.probabilities)
    assert list(answers.members) == ["second"]


def test_two_classes_have_two_columns(tmp_path):
    write_models(tmp_path, classes=["even", "odd"])
    photos = write_photos(tmp_path / "photos", 3)
    classifier = load(tmp_path / "models/ensemble.h5")

    answers = classifier.predict(photos)

    second = predict_in_keras(classifier.path, classifier.prepare(photos))
    np.testing.assert_allclose(answers.probabilities, np.hstack([1 - second, second]), atol=1e-5)
    assert answers.names == ["odd" if row > 0.5 else "even" for row in second[:, 0]]


def test_prepared_images_paths_and_arrays_give_the_same(classifier, photos):
    images = classifier.prepare(photos)

    expected = classifier.predict(photos).probabilities

    np.testing.assert_array_equal(classifier.predict([str(path) for path in photos]).probabilities, expected)
    np.testing.assert_array_equal(classifier.predict(list(images)).probabilities, expected)
    np.testing.assert_array_equal(classifier.predict_images(images).probabilities, expected)
    np.testing.assert_array_equal(classifier.predict(photos[3]).probabilities, expected[3:4])
    np.testing.assert_array_equal(classifier.predict(images[5]).probabilities, expected[5:6])


def test_photos_are_prepared_as_the_stage_prepare_does(classifier, tmp_path):
    paths = []
    for name, (height, width) in {"a.jpg": (300, 211), "b.png": (5, 9), "c.webp": (64, 200)}.items():
        write_scene(tmp_path / name, height, width)
        paths.append(tmp_path / name)
    preparation = classifier.description.preparation
    expected = np.zeros((3, SIDE, SIDE, 3), np.uint8)
    decode_images(paths, read_fingerprints(paths, False, preparation.background)[0], expected, preparation)

    np.testing.assert_array_equal(classifier.prepare(paths), expected)


def test_one_unreadable_photo_stops_no_other_and_all_are_in_their_order(classifier, photos, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    given = [tmp_path / "gone.png", *photos[:6], tmp_path / "broken.jpg", *photos[6:], tmp_path]
    parts = []

    classifier.answer(given, parts.append)

    assert [row for part in parts for row in part.rows] == [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12]
    assert {row: why for part in parts for row, why in part.unreadable.items()} == {
        0: "no such file",
        7: "it is no image that can be read",
        13: "it is a folder",
    }
    received = np.concatenate([part.answers.probabilities for part in parts])
    np.testing.assert_array_equal(received, classifier.predict(photos).probabilities)
    ends = [max([*part.rows, *part.unreadable]) for part in parts]
    assert ends == sorted(ends)


def test_predict_names_the_photos_that_cannot_be_read(classifier, photos, tmp_path):
    with pytest.raises(
        PipelineError, match=r"2 photo\(s\) cannot be read:\n  .*gone\.png: no such file\n  array 2: an "
    ):
        classifier.predict([tmp_path / "gone.png", photos[0], np.zeros((4, 4), np.uint8)])


def test_no_photos_give_no_answers(classifier):
    answers = classifier.predict([])

    assert answers.probabilities.shape == (0, 3)
    assert answers.verdicts == []


def test_no_more_photos_are_held_than_a_few_batches(project, photos, monkeypatch):
    """Read ahead are three batches of two; the network takes them one by one."""
    from stacker.using import photo_reading

    classifier = load(project / "models/members/first.h5", engine="keras", batch_size=2)
    read, answered, most = [0], [0], [0]
    original = photo_reading.read_photo

    def count(photo, preparation):
        read[0] += 1
        most[0] = max(most[0], read[0] - answered[0])
        return original(photo, preparation)

    monkeypatch.setattr(photo_reading, "read_photo", count)
    classifier.answer(list(photos) * 10, lambda part: answered.__setitem__(0, answered[0] + len(part.rows)))

    assert answered == [110]
    assert most[0] <= 2 * 3 + 2 * 2


def test_noise_unlike_the_training_photos_is_none_of_these(classifier, photos, tmp_path):
    pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
    pixels[::2] = (255, 0, 255)
    write_image(tmp_path / "stripes.png", pixels)

    answers = classifier.predict([photos[0], tmp_path / "stripes.png"])

    assert answers.is_novel.tolist() == [False, True]
    assert answers.verdicts[1] == "none of these"
    assert answers.verdicts[0] != "none of these"


def test_without_a_threshold_no_photo_is_novel(tmp_path):
    write_models(tmp_path, novelty=None)

    answers = load(tmp_path / "models/ensemble.h5").predict(np.zeros((SIDE, SIDE, 3), np.uint8))

    assert answers.novelty[0] > 1
    assert not answers.is_novel[0]


def test_stacker_load_is_the_same_function(project, photos):
    answers = stacker.load(project / "models/ensemble.h5", engine="keras").predict(photos[0])

    assert answers.names[0] in ("cat", "dog", "hen")
