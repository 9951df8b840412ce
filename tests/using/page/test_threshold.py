import re

import numpy as np
import pytest
from page_models import CLASSES

from stacker.using.page.answering import Finding, Photo
from stacker.using.page.examples import Rows
from stacker.using.page.threshold import Scored, count_found, draw_threshold, name_class, score

ROWS = Rows(
    np.array([0, 0, 0, 1, 1]),
    np.array([[0.9, 0.1], [0.75, 0.25], [0.25, 0.75], [0.5, 0.5], [0.0, 1.0]]),
)


@pytest.mark.parametrize(("threshold", "expected"), [(0.5, "light"), (0.6, "light"), (0.61, "dark"), (0.0, "light")])
def test_a_photo_is_of_the_second_class_from_the_threshold_on(threshold, expected):
    assert name_class(CLASSES, Scored("a", 0.6), threshold) == expected


def test_what_is_unlike_the_training_photos_is_neither():
    assert name_class(CLASSES, Scored("a", 0.6, is_unlike=True), 0.5) == "none of these"


def test_a_finding_is_scored_by_the_second_class():
    finding = Finding(Photo("a", np.zeros((2, 2, 3), np.uint8)), "x", "unlike", {"dark": 0.75, "light": 0.25}, {})

    assert score(finding, "light") == Scored("a", 0.25, True)
    assert score(finding._replace(kind="unsure"), "light") == Scored("a", 0.25, False)


def test_the_share_that_is_found_of_each_class():
    assert count_found(ROWS, 0.5) == [2 / 3, 1.0]
    assert count_found(ROWS, 0.51) == [2 / 3, 0.5]
    assert count_found(ROWS, 0.2) == [1 / 3, 1.0]


def test_the_line_shows_every_photo_the_cut_and_what_it_finds():
    html = draw_threshold(CLASSES, [Scored("<a>", 0.125), Scored("b", 0.75)], 0.6, ROWS)

    assert re.findall(r'class="(\w+)" style="left:([\d.]+)%"', html) == [
        ("cut", "60.00"),
        ("dot", "12.50"),
        ("dot", "75.00"),
    ]
    assert re.findall(r"<li>(.*?)</li>", html) == ["<b>&lt;a&gt;</b>: dark", "<b>b</b>: light"]
    assert "On the 5 validation photos, this finds 66.7 % of dark and 50.0 % of light." in html


def test_without_a_validation_split_the_line_stands_alone():
    assert "validation" not in draw_threshold(CLASSES, [Scored("a", 0.125)], 0.5, None)
