"""Answers of a tiny ensemble on real files."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from page_models import SIDE, write_light_model, write_plain_photo, write_red_photo

from stacker.using.classifier import load
from stacker.using.page.answering import Answering, Photo, Refused
from stacker.using.page.uploads import MOST_PHOTOS, Upload


@pytest.fixture(scope="module")
def answering(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "ensemble.h5"
    write_light_model(path)
    return Answering(load(path))


def make_photo(grey: int, name: str = "photo.png") -> Photo:
    return Photo(name, np.full((SIDE, SIDE, 3), grey, np.uint8))


def test_photos_are_prepared_and_the_others_told_apart_in_their_order(answering, tmp_path):
    light, dark = write_plain_photo(tmp_path / "a.png", 200), write_plain_photo(tmp_path / "b.png", 20)
    (tmp_path / "text.jpg").write_text("nothing to see")
    broken = tmp_path / "broken.png"
    broken.write_bytes(light.read_bytes()[:60])
    paths = {"Light One.PNG": light, "<text>.jpg": tmp_path / "text.jpg", "dark": dark, "broken": broken}

    photos, refused = answering.open_photos([Upload(path, name) for name, path in paths.items()])

    assert [photo.name for photo in photos] == ["Light One.PNG", "dark"]
    np.testing.assert_array_equal(photos[1].image, answering.classifier.prepare([dark])[0])
    assert [problem.name for problem in refused] == ["<text>.jpg", "broken"]
    assert refused[1].reason == "the file is damaged: its pixels cannot be read"


def test_no_more_than_so_many_photos_are_taken_at_once(answering, tmp_path):
    path = write_plain_photo(tmp_path / "a.png", 200)

    photos, refused = answering.open_photos([Upload(path, f"{number}") for number in range(MOST_PHOTOS + 2)])

    assert [photo.name for photo in photos] == [str(number) for number in range(MOST_PHOTOS)]
    assert refused == [Refused("20", "at most 20 are taken at once"), Refused("21", "at most 20 are taken at once")]


def test_nothing_is_made_of_nothing(answering):
    assert answering.open_photos([]) == ([], [])


def test_an_answer_has_the_verdict_its_kind_and_every_members_vote(answering):
    # The members are undecided at 0.5 and 0.75, the ensemble halfway: 0.625 is a grey of 159.
    light, between, dark = answering.answer([make_photo(230), make_photo(163), make_photo(60)])

    assert (light.verdict, light.kind, light.likeliest) == ("light", "sure", "light")
    assert (between.verdict, between.kind, between.likeliest) == ("light or dark", "unsure", "light")
    assert (dark.verdict, dark.kind, dark.likeliest) == ("dark", "sure", "dark")
    assert list(between.probabilities) == ["dark", "light"]
    assert between.probabilities["light"] == pytest.approx(1 / (1 + np.exp(-20 * (163 / 255 - 0.625))), abs=1e-4)
    assert list(between.votes) == ["first", "second"]
    assert between.votes["first"]["light"] > 0.9
    assert between.votes["second"]["dark"] > 0.9
    assert between.heat_maps == {}


def test_a_photo_unlike_those_in_training_is_none_of_these(answering, tmp_path):
    photos, _ = answering.open_photos([Upload(write_red_photo(tmp_path / "red.png"), "red.png")])

    (finding,) = answering.answer(photos)

    assert (finding.verdict, finding.kind) == ("none of these", "unlike")


def test_heat_maps_are_for_the_likeliest_class(answering):
    image = np.full((SIDE, SIDE, 3), 60, np.uint8)
    image[:2, 2:4] = 255  # speaks for light; the photo is dark all the same, and there is no place that speaks for that
    light = np.full((SIDE, SIDE, 3), 200, np.uint8)
    light[:2, 2:4] = 255

    dark_maps, light_maps = (
        answering.explain(finding).heat_maps for finding in answering.answer([Photo("dark", image), Photo("l", light)])
    )

    assert list(light_maps) == ["first", "second"]
    assert light_maps["first"].shape == (8, 8)
    assert np.argwhere(light_maps["second"] == 1).tolist() == [[0, 1]]
    assert not dark_maps["first"].any()


def test_requests_at_once_each_get_their_own_answer_and_one_is_in_the_network_at_a_time(answering, monkeypatch):
    inside, most = 0, 0
    predict, counting = answering.classifier.predict_images, threading.Lock()

    def predict_and_count(images):
        nonlocal inside, most
        with counting:
            inside += 1
            most = max(most, inside)
        try:
            return predict(images)
        finally:
            with counting:
                inside -= 1

    monkeypatch.setattr(answering.classifier, "predict_images", predict_and_count)
    greys = [30, 230] * 12

    with ThreadPoolExecutor(8) as executor:
        found = list(executor.map(lambda grey: answering.answer([make_photo(grey, str(grey))] * (grey % 3 + 1)), greys))

    assert most == 1
    for grey, findings in zip(greys, found, strict=True):
        assert [finding.photo.name for finding in findings] == [str(grey)] * (grey % 3 + 1)
        assert {finding.verdict for finding in findings} == {"light" if grey == 230 else "dark"}
