"""The contact sheet: photos in whole pixels, votes below a header; and which it shows."""

import numpy as np
import pytest
from made_up_models import NOTHING, read_text

from stacker.pictures import gallery
from stacker.pictures.contact_sheet import draw_contact_sheet, fit_image, write_votes
from stacker.pictures.look import fixed_look
from stacker.pictures.shown_photos import Shown
from stacker.scoring.standings import Model

IMAGE = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
VOTES = [("ensemble", "dog", 0.987), ("first", "cat", 0.6)]


def test_small_images_are_enlarged_a_whole_number_of_times():
    image = fit_image(IMAGE, side=14)

    assert image.shape == (12, 12, 3)
    assert np.array_equal(image[::3, ::3], IMAGE)
    assert np.array_equal(image[2::3, 1::3], IMAGE)  # nothing is blurred


@pytest.mark.parametrize(("shape", "expected"), [((40, 40), (20, 20)), ((40, 10), (20, 5)), ((20, 20), (20, 20))])
def test_large_images_are_made_to_fit(shape, expected):
    assert fit_image(np.zeros((*shape, 3), np.uint8), side=20).shape == (*expected, 3)


def test_votes_stand_in_columns_below_a_header():
    lines = write_votes(Shown(IMAGE, "cats/1.png", "cat", VOTES)).splitlines()

    assert [line.split() for line in lines] == [
        ["model", "predicts", "sure"],
        ["✗", "ensemble", "dog", "0.987"],
        ["✓", "first", "cat", "0.600"],
    ]
    assert len({line.index(word) for line, word in zip(lines, ("predicts", "dog", "cat"), strict=True)}) == 1
    assert {len(line) for line in lines} == {len(lines[0])}


def test_without_a_truth_no_vote_is_right_or_wrong():
    photo = Shown(IMAGE, "1.png", None, VOTES, "disagreement 0.25")

    with fixed_look():
        figure = draw_contact_sheet([photo], "Label these")

    assert [line.split()[0] for line in write_votes(photo).splitlines()] == ["model", "ensemble", "first"]
    assert "1.png\ndisagreement 0.25" in read_text(figure)


def test_long_names_do_not_run_into_the_next_photo():
    votes = [("a_very_long_label_of_an_ensemble", "a class with a long name", 0.5), ("short", "cat", 0.5)]

    lines = write_votes(Shown(IMAGE, "1.png", "cat", votes)).splitlines()

    assert max(len(line) for line in lines) == 35
    assert " …_of_an_ensemble " in lines[1]


def test_every_photo_is_drawn_pixel_by_pixel_with_path_and_truth():
    shown = [Shown(IMAGE, f"cats/{number}.png", "cat", VOTES) for number in range(5)]

    with fixed_look():
        figure = draw_contact_sheet(shown, "All 5 mistakes")

    assert len(figure.axes) == 5
    width, height = figure.get_size_inches() * 100
    for axes in figure.axes:
        place = axes.get_position()
        assert (place.width * width, place.height * height) == pytest.approx((208, 208))
        assert place.x0 * width == pytest.approx(round(place.x0 * width))
        assert place.y1 * height == pytest.approx(round(place.y1 * height))
        assert np.array_equal(axes.images[0].get_array(), fit_image(IMAGE))
        assert axes.images[0].get_interpolation() == "nearest"
    text = read_text(figure)
    assert "All 5 mistakes" in text
    assert all(f"cats/{number}.png\ntruth: cat" in text for number in range(5))
    assert figure.axes[4].get_position().y1 < figure.axes[0].get_position().y0


def test_without_votes_the_caption_alone_says_why_a_photo_is_there():
    with fixed_look():
        figure = draw_contact_sheet(
            [Shown(IMAGE, "1.png", None, [], "dark\n4 x 4 px"), Shown(IMAGE, "2.png", None, [])], "Odd"
        )

    assert sorted(text.get_text() for text in figure.texts) == ["1.png\ndark\n4 x 4 px", "2.png\n", "Odd"]
    _, height = figure.get_size_inches() * 100
    tops = [(1 - axes.get_position().y1) * height for axes in figure.axes]
    assert tops == pytest.approx([38 + 8 + 3 * 13] * 2)  # below the title, and three lines in both


def test_without_photos_there_is_the_title_alone():
    with fixed_look():
        figure = draw_contact_sheet([], "Nothing")

    assert ([text.get_text() for text in figure.texts], figure.axes) == (["Nothing"], [])


@pytest.mark.parametrize(
    ("sureness", "paths", "title"),
    [
        ((0.8, 0.3, 0.7), ["1.png"], "The one mistake of boss on 3 test photos"),
        ((0.8, 0.9, 0.7), ["2.png", "0.png", "1.png"], "boss makes no mistake on 3 test photos."),
    ],
)
def test_where_nothing_is_wrong_the_least_sure_photos_are_shown(monkeypatch, sureness, paths, title):
    monkeypatch.setattr(gallery, "load_images", lambda split: np.stack([IMAGE] * 3))
    monkeypatch.setattr(gallery, "read_paths", lambda manifest, split: ["0.png", "1.png", "2.png"])
    first = np.array(sureness)
    boss = Model("ensemble", "boss", NOTHING, np.stack([first, 1 - first], axis=1))

    with fixed_look():
        figure = gallery.draw_mistakes(boss, [boss], np.zeros(3, int), ["cat", "dog"])

    texts = [text.get_text() for text in figure.texts]
    assert texts[0].startswith(title)
    assert [text.splitlines()[0] for text in texts if ".png" in text] == paths
