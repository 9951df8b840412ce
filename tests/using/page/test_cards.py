import base64
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from stacker.using.page.answering import Finding, Photo, Refused
from stacker.using.page.cards import (
    EMPTY,
    WAITING,
    draw_bars,
    draw_cards,
    encode_image,
    say_classes,
    say_heat,
    say_probability,
    say_verdict,
    say_why,
)

NASTY = '<img src=x onerror="alert(1)">'


def make_finding(**changes) -> Finding:
    given = {
        "photo": Photo("cat.jpg", np.zeros((8, 8, 3), np.uint8)),
        "verdict": "cat",
        "kind": "sure",
        "probabilities": {"cat": 0.875, "dog": 0.125},
        "votes": {"first": {"cat": 0.75, "dog": 0.25}, "second": {"cat": 0.25, "dog": 0.75}},
    }
    return Finding(**{**given, **changes})


def read_text(html: str) -> list[str]:
    """What a reader sees, in pieces."""
    return [piece for piece in re.split(r"\s*<[^>]*>\s*", html) if piece]


def test_without_photos_the_page_says_what_to_do():
    assert draw_cards([]) == EMPTY


def test_a_card_has_the_verdict_a_bar_for_each_class_and_each_members_vote():
    html = draw_cards([make_finding()])

    assert read_text(html) == [
        "1. cat.jpg",
        "cat",
        "Sure enough to rule out every other class.",
        *("cat", "87.5 %", "dog", "12.5 %"),
        "Each member’s vote, and what speaks for cat in its eyes",
        *("first", "cat 75.0 %"),
        *("second", "dog 75.0 %"),
        *read_text(WAITING),
    ]
    assert re.findall(r'style="width:([\d.]+%)"', html) == ["87.50%", "12.50%"]
    assert re.findall(r'<figure class="(\w+)">', html) == ["agrees", "differs"]


def test_heat_maps_take_the_place_of_the_line_that_says_wait():
    heat = np.zeros((3, 3), np.float32)
    heat[0, 2] = 1

    html = draw_cards([make_finding(heat_maps={"first": heat, "second": heat})])

    assert WAITING not in html
    assert re.findall(r'alt="([^"]*)"', html) == ["cat.jpg", "heat map of first", "heat map of second"]


def test_photos_are_numbered_and_what_is_not_taken_stands_first():
    findings = [make_finding(), make_finding(photo=Photo("b.jpg", np.zeros((8, 8, 3), np.uint8)))]

    text = read_text(draw_cards(findings, [Refused("c.txt", "this is no image"), Refused("d.jpg", "too large")]))

    assert text[:5] == ["Not taken:", "c.txt", ": this is no image", "d.jpg", ": too large"]
    assert text.index("1. cat.jpg") < text.index("2. b.jpg")


def test_names_are_shown_and_never_run():
    photo = Photo(NASTY, np.zeros((8, 8, 3), np.uint8), truth=NASTY)
    probabilities = {NASTY: 0.5, "dog": 0.5}
    finding = make_finding(photo=photo, verdict=NASTY, probabilities=probabilities, votes={NASTY: probabilities})
    heat = {NASTY: np.ones((1, 1), np.float32)}

    html = draw_cards([finding._replace(heat_maps=heat)], [Refused(NASTY, NASTY)])

    assert "<img src=x" not in html
    assert 'onerror="' not in html
    assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;" in html


@pytest.mark.parametrize(
    ("kind", "verdict", "expected"),
    [
        ("sure", "cat", "cat"),
        ("unsure", "cat or dog", "Not sure: cat or dog"),
        ("unlike", "none of these", "None of these"),
    ],
)
def test_verdicts(kind, verdict, expected):
    assert say_verdict(make_finding(kind=kind, verdict=verdict)) == expected


def test_says_whether_the_likeliest_class_is_right_where_that_is_known():
    finding = make_finding(kind="unsure", verdict="cat or dog")

    assert say_why(finding, "cat").endswith("the likeliest is cat. Right: it is cat.")
    assert say_why(finding, "dog").endswith("the likeliest is cat. A mistake: it is dog.")
    assert "cat would be the likeliest" in say_why(make_finding(kind="unlike"), None)


def test_of_many_classes_the_likeliest_have_a_bar_and_the_others_share_one():
    probabilities = {f"class {number}": (number + 1) / 66 for number in range(11)}

    text = read_text(draw_bars(probabilities))

    assert text[:4] == ["class 10", "16.7 %", "class 9", "15.2 %"]
    assert text[-2:] == ["3 others", "9.1 %"]
    assert len(text) == 2 * 9


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(0.0, "&lt; 0.1 %"), (0.001, "0.1 %"), (0.5, "50.0 %"), (0.999, "99.9 %"), (0.9995, "&gt; 99.9 %")],
)
def test_no_probability_reads_as_certain(probability, expected):
    assert say_probability(probability) == expected


def test_a_heat_map_that_shows_nothing_says_why():
    assert "cannot tell where" in say_heat(np.ones((1, 1), np.float32))
    assert "nothing speaks for it" in say_heat(np.zeros((2, 2), np.float32))
    assert say_heat(np.eye(2, dtype=np.float32)) == ""
    assert say_heat(None) == ""


@pytest.mark.parametrize(("side", "kind"), [(159, "PNG"), (160, "JPEG")])
def test_small_images_are_kept_exact(side, kind):
    image = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)

    address = encode_image(image)

    with Image.open(BytesIO(base64.b64decode(address.partition(",")[2]))) as decoded:
        assert decoded.format == kind
        assert address.startswith(f"data:image/{kind.lower()};base64,")
        assert np.array_equal(np.asarray(decoded), image) == (kind == "PNG")


def test_classes_are_listed_and_many_are_counted():
    assert say_classes(["cat", "dog", "fox"]) == "cat, dog or fox"
    assert say_classes([f"{number}" for number in range(10)]) == "0, 1, 2, 3, 4, 5, 6, 7 or one of 2 others"
