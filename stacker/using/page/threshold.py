"""Where to draw the line between two classes: what each photo would be called, and how often that is right."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from stacker.using.answers import NONE_OF_THESE
from stacker.using.page.answering import Finding
from stacker.using.page.examples import Rows

DEFAULT = 0.5


class Scored(NamedTuple):
    """What the line needs of a photo.

    Attributes:
        name: as the user knows it.
        probability: of the second class.
        is_unlike: is it so unlike the training photos that it is called neither?
    """

    name: str
    probability: float
    is_unlike: bool = False


def score(finding: Finding, second: str) -> Scored:
    """What the line needs of a finding; `second` is the second class."""
    return Scored(finding.photo.name, finding.probabilities[second], finding.kind == "unlike")


def name_class(classes: Sequence[str], scored: Scored, threshold: float) -> str:
    """The second class from the threshold on, else the first; neither for what is unlike both."""
    return NONE_OF_THESE if scored.is_unlike else classes[int(scored.probability >= threshold)]


def draw_threshold(classes: Sequence[str], scored: Sequence[Scored], threshold: float, rows: Rows | None) -> str:
    """HTML: the photos along a line from one class to the other, what each is called, and how often that is right.

    Args:
        classes: the two.
        scored: the photos, in the order of their cards.
        threshold: 0 to 1.
        rows: the validation split, where it is at hand.
    """
    dots = "".join(
        f'<span class="dot" style="left:{photo.probability:.2%}" title="{escape(photo.name)}">{number}</span>'
        for number, photo in enumerate(scored, start=1)
    )
    line = (
        f'<div class="line"><span>{escape(classes[0])}</span><div class="axis">'
        f'<span class="cut" style="left:{threshold:.2%}"></span>{dots}</div><span>{escape(classes[1])}</span></div>'
    )
    said = "".join(
        f"<li><b>{escape(photo.name)}</b>: {escape(name_class(classes, photo, threshold))}</li>" for photo in scored
    )
    return f'{line}<ol class="called">{said}</ol>{_draw_scores(classes, threshold, rows)}'


def _draw_scores(classes: Sequence[str], threshold: float, rows: Rows | None) -> str:
    if rows is None:
        return ""
    shares = zip(classes, count_found(rows, threshold), strict=True)
    found = " and ".join(f"{100 * share:.1f} % of {escape(name)}" for name, share in shares)
    return f'<p class="scores">On the {len(rows.labels):,} validation photos, this finds {found}.</p>'


def count_found(rows: Rows, threshold: float) -> list[float]:
    """Of each class, the share of its photos that are called so: 0 to 1; NaN of a class without photos."""
    called = rows.probabilities[:, 1] >= threshold
    return [float(np.mean(called[rows.labels == label] == bool(label))) for label in range(2)]
