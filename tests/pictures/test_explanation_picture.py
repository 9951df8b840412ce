"""The picture of an explained photo: everything is said, nothing runs into its neighbour, and no name is markup."""

import numpy as np
import pytest
from made_up_models import read_text
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from stacker.pictures.contact_sheet import fit_image
from stacker.pictures.explanation_picture import Explanation, MemberView, cut, draw_explanation, save_explanation
from stacker.pictures.heat_overlay import lay_heat_map
from stacker.pictures.look import DPI, fixed_look

PHOTO = np.random.default_rng(0).integers(0, 256, (70, 70, 3), np.uint8)
HEAT = np.array([[0, 1, 0], [0, 0, 0.5]], np.float32)


def make_explanation(*members: MemberView, **changes) -> Explanation:
    views = list(members or [MemberView("first", HEAT, "cat", 0.9, 0.9), MemberView("second", HEAT, "dog", 0.8, 0.2)])
    return Explanation(PHOTO, "pets/1.jpg", "cat or dog", "cat", 0.654, views)._replace(**changes)


def draw(explanation: Explanation):
    with fixed_look():
        return draw_explanation(explanation)


def list_places(figure) -> list:
    """Where each text and each image lies, in pixels; what is written over an image is left out."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    return [artist.get_window_extent(renderer) for artist in (*figure.texts, *figure.axes)]


def test_photo_votes_and_verdict_are_there():
    figure = draw(make_explanation())

    text = read_text(figure)
    assert "pets/1.jpg" in text
    assert "verdict: cat or dog" in text
    assert "heat maps: what speaks for cat (probability 0.654)" in text
    votes = [artist.get_text() for artist in figure.texts if artist.get_text().startswith("votes")]
    assert votes == ["votes cat  0.900", "votes dog  0.800\ngives cat  0.200"]


def test_each_member_has_its_own_map_over_the_photo():
    other = HEAT[::-1]
    views = [MemberView("first", HEAT, "cat", 0.9, 0.9), MemberView("second", other, "cat", 0.8, 0.8)]

    figure = draw(make_explanation(*views))

    image = fit_image(PHOTO, 280)
    expected = [image, lay_heat_map(image, HEAT), lay_heat_map(image, other)]
    assert len(figure.axes) == 3
    for axes, pixels in zip(figure.axes, expected, strict=True):
        assert np.array_equal(axes.images[0].get_array(), pixels)
        place = axes.get_position()
        width, height = figure.get_size_inches() * DPI
        assert (place.width * width, place.height * height) == pytest.approx((280, 280))
    lefts = [axes.get_position().x0 for axes in figure.axes]
    assert lefts == sorted(lefts)
    assert "first" in read_text(figure)


@pytest.mark.parametrize(
    ("heat_map", "note"),
    [
        (np.zeros((2, 3), np.float32), "nothing speaks for\ncat"),
        (np.ones((1, 1), np.float32), "its feature maps have\na single place here:\nno telling where"),
        (np.zeros((1, 1), np.float32), "nothing speaks for\ncat"),
    ],
)
def test_a_map_that_shows_nothing_says_so(heat_map, note):
    views = [MemberView("first", HEAT, "cat", 0.9, 0.9), MemberView("second", heat_map, "dog", 0.9, 0.1)]

    figure = draw(make_explanation(*views))

    assert [[text.get_text() for text in axes.texts] for axes in figure.axes] == [[], [], [note]]
    pixels = figure.axes[2].images[0].get_array()
    assert (pixels == pixels[..., :1]).all()  # no colour


@pytest.mark.parametrize("count", range(1, 9))
def test_nothing_runs_into_its_neighbour_or_out_of_the_picture(count):
    name = "W" * 200
    views = [MemberView(f"{name}_{number}", HEAT, name, 0.5, 0.5) for number in range(count)]
    views[-1] = views[-1]._replace(vote="i" * 200)
    figure = draw(make_explanation(*views, path=f"{name}.jpg", verdict=f"{name} or {name}", explained=name))

    places = list_places(figure)

    assert len(figure.axes) == count + 1
    width, height = figure.get_size_inches() * DPI
    assert width <= 1200
    for place in places:
        assert min(place.x0, place.y0) >= 0
        assert place.x1 <= width
        assert place.y1 <= height
    for number, place in enumerate(places):
        assert not any(place.overlaps(other) for other in places[number + 1 :])


def test_no_name_is_markup_or_breaks_its_line(tmp_path):
    hostile = ["$\\frac{1}{$", "a\nb\x00\x1b[31m", "_^{}\\", "中文 🐱", "\udcff", "", "<b>&amp;"]
    views = [MemberView(name, HEAT, name, 0.5, 0.25) for name in hostile]
    explanation = make_explanation(*views, path=hostile[0], verdict=hostile[1], explained="$x$")

    save_explanation(explanation, tmp_path / "deep" / "1.png")

    text = read_text(draw(explanation))
    assert "votes $\\frac{1}{$" in text
    assert "votes a?b??[31m" in text
    assert "what speaks for $x$ (" in text
    with Image.open(tmp_path / "deep" / "1.png") as picture:
        assert picture.size == (1200, 78 + 2 * (24 + 280 + 48) + 42)


def test_equal_explanations_are_equal_files_without_date_or_version(tmp_path):
    for name in ("a.png", "b.png"):
        save_explanation(make_explanation(), tmp_path / name)

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as picture:
        assert not {"Software", "Creation Time", "date"} & set(picture.info)


@pytest.mark.parametrize(
    ("text", "expected"), [("cat", "cat"), ("a\tb", "a?b"), ("abcdefghijk", "…cdefghijk"), ("naïve\u200b", "naïve?")]
)
def test_text_is_cut_to_one_line(text, expected):
    assert cut(text, 10) == expected
