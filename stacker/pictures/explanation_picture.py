"""Why a photo got its verdict: the photo, each member's heat map over it, and each vote."""

import io
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stacker.artifacts.outputs import replaced_file
from stacker.pictures.contact_sheet import fit_image
from stacker.pictures.heat_overlay import lay_heat_map
from stacker.pictures.look import DPI, fixed_look, shorten

COLUMNS = 4
CELL, SIDE, MARGIN = 300, 280, 10  # pixels: of a panel, of the photo in it, and on its left
ABOVE, BELOW = 24, 48  # pixels: a line above a photo; two lines below it, and space
HEADER, FOOTER = 78, 42  # pixels: of the whole picture
FONT = "DejaVu Sans Mono"  # every character is as wide as the others, so that cut names fit
LINE_LENGTH, CLASS_LENGTH = 40, 26  # characters, in a panel
NOTE = (
    "yellow: what speaks most for the class in this member's eyes;",
    "each map is scaled to its own largest value: compare places, not strength",
)


class MemberView(NamedTuple):
    """What one member makes of a photo.

    Attributes:
        label: the member's.
        heat_map: float32, (h, w), 0 to 1: what speaks for the class that the picture explains.
        vote: the class that it predicts.
        sure: the probability that it gives to its vote.
        given: the probability that it gives to the class that the picture explains.
    """

    label: str
    heat_map: np.ndarray
    vote: str
    sure: float
    given: float


class Explanation(NamedTuple):
    """One photo, explained.

    Attributes:
        image: uint8, (side, side, 3), RGB, 0-255, as the members see it.
        path: of the photo.
        verdict: in words.
        explained: the class that the heat maps are for.
        given: the probability that the whole model gives to that class.
        members: one or more.
    """

    image: np.ndarray
    path: str
    verdict: str
    explained: str
    given: float
    members: list[MemberView]


def save_explanation(explanation: Explanation, path: Path) -> None:
    """Draw into `path`, a PNG file; equal explanations give equal bytes."""
    drawn = io.BytesIO()
    with fixed_look(), warnings.catch_warnings():
        # A script that the font lacks is drawn as boxes; the terminal has said the names in full.
        warnings.filterwarnings("ignore", r"Glyph \d+")
        figure = draw_explanation(explanation)
        figure.savefig(drawn, format="png", dpi=DPI, metadata={"Software": None})
    with replaced_file(path) as partial:
        partial.write_bytes(drawn.getvalue())


def draw_explanation(explanation: Explanation) -> Figure:
    """The photo, then a panel a member; laid out in pixels, so that photos are drawn as `fit_image` gives them."""
    image = fit_image(explanation.image, SIDE)
    panels = len(explanation.members) + 1
    columns = min(COLUMNS, panels)
    down = ABOVE + len(image) + BELOW
    width, height = CELL * columns, HEADER + down * -(-panels // columns) + FOOTER
    figure = Figure((width / DPI, height / DPI))
    explained = cut(explanation.explained, CLASS_LENGTH)
    _write(figure, MARGIN, 10, cut(explanation.path, width // 9), 10, weight="bold")
    _write(figure, MARGIN, 32, f"verdict: {cut(explanation.verdict, width // 10)}", 10)
    _write(figure, MARGIN, 54, f"heat maps: what speaks for {explained} (probability {explanation.given:.3f})")
    for number in range(panels):
        left, top = MARGIN + CELL * (number % columns), HEADER + down * (number // columns)
        if number == 0:
            _draw_panel(figure, image, left, top, "the photo, as the members see it", "")
        else:
            _draw_member(figure, image, left, top, explanation.members[number - 1], explanation.explained)
    _write(figure, MARGIN, height - FOOTER + 8, "\n".join(NOTE), 7, color="#555555")
    return figure


def write_vote(view: MemberView, explained: str) -> str:
    """What a member predicts; below, what it gives to the class that is explained, where that is another one."""
    lines = [(f"votes {cut(view.vote, CLASS_LENGTH)}", view.sure)]
    if view.vote != explained:
        lines.append((f"gives {cut(explained, CLASS_LENGTH)}", view.given))
    widest = max(len(text) for text, _ in lines)
    return "\n".join(f"{text:{widest}}  {probability:.3f}" for text, probability in lines)


def write_note(heat_map: np.ndarray, explained: str) -> str:
    """Why a heat map shows nothing: it is zero everywhere, or has a single place; else an empty text."""
    if not heat_map.any():
        return f"nothing speaks for\n{cut(explained, CLASS_LENGTH)}"
    return "its feature maps have\na single place here:\nno telling where" if heat_map.size == 1 else ""


def cut(text: str, length: int) -> str:
    """`text` on one line of at most `length` characters; what cannot be printed, such as a line break, becomes "?"."""
    return shorten("".join(character if character.isprintable() else "?" for character in text), length)


def _draw_member(figure: Figure, image: np.ndarray, left: int, top: int, view: MemberView, explained: str) -> None:
    note = write_note(view.heat_map, explained)
    heated = lay_heat_map(image, np.zeros((1, 1)) if note else view.heat_map)
    axes = _draw_panel(figure, heated, left, top, view.label, write_vote(view, explained))
    box = {"facecolor": "white", "alpha": 0.85, "edgecolor": "none"}
    if note:
        axes.text(0.5, 0.5, note, transform=axes.transAxes, ha="center", va="center", family=FONT, fontsize=8, bbox=box)


def _draw_panel(figure: Figure, image: np.ndarray, left: int, top: int, above: str, below: str) -> Axes:
    """Draw one image between two texts; `left` and `top` in pixels from the upper left corner of the figure."""
    width, height = figure.get_size_inches() * DPI
    tall, wide = image.shape[:2]
    _write(figure, left, top + 4, cut(above, LINE_LENGTH), weight="bold")
    place = (left / width, 1 - (top + ABOVE + tall) / height, wide / width, tall / height)
    axes = figure.add_axes(place, xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.imshow(image, interpolation="nearest", aspect="auto")
    _write(figure, left, top + ABOVE + tall + 4, below)
    return axes


def _write(figure: Figure, left: int, top: int, text: str, size: float = 8, **options: Any) -> None:
    """Write below `top` and to the right of `left`, in pixels from the upper left corner of the figure."""
    width, height = figure.get_size_inches() * DPI
    figure.text(left / width, 1 - top / height, text, va="top", family=FONT, fontsize=size, **options)
