"""The contact sheet: photos, each with its class and every model's vote."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from stacker.pictures.look import DPI, WIDTH, shorten
from stacker.pictures.shown_photos import Shown

COLUMNS = 4
SIDE = 208  # pixels, of a photo as it is drawn; a cell has 225, the rest is space between photos
LINE = 13  # pixels, of a line of text below a photo
MARGIN, GAP = 8, 16  # pixels: below the lines above a photo, and below a cell
TITLE_LINE, FEWEST_PIXELS = 19, 640  # pixels: of the title, and a width in which it fits
LINE_LENGTH, CLASS_LENGTH = 35, 10  # characters


def fit_image(image: np.ndarray, side: int = SIDE) -> np.ndarray:
    """The image at the size at which it is drawn, in whole pixels: enlarged a whole number of times, or made smaller.

    Anything between would blur it.

    Args:
        image: uint8, (height, width, 3), RGB, 0-255.
        side: the most pixels a side, at least 1.

    Returns:
        Uint8, (at most side, at most side, 3), RGB, 0-255.
    """
    longest = max(image.shape[:2])
    if longest <= side:
        times = side // longest
        return image.repeat(times, axis=0).repeat(times, axis=1)
    height, width = (max(1, round(length * side / longest)) for length in image.shape[:2])
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))


def draw_contact_sheet(shown: Sequence[Shown], title: str) -> Figure:
    """Draw the photos, each with its path, its class or caption, and what every model says of it, where one is asked.

    The layout is in pixels, so that photos are drawn as `fit_image` gives them.

    Args:
        shown: photos with as many votes each; without one, there is the title alone.
        title: what they are.
    """
    columns, rows = min(COLUMNS, len(shown)), -(-len(shown) // COLUMNS)
    across = round(WIDTH * DPI / COLUMNS)
    images = [fit_image(photo.image) for photo in shown]
    heads = [_write_head(photo) for photo in shown]
    head = MARGIN + LINE * max((text.count("\n") + 1 for text in heads), default=0)
    table = LINE * (len(shown[0].votes) + 1) if shown and shown[0].votes else 0
    down = head + max(map(len, images), default=0) + table + GAP
    above = TITLE_LINE * (2 + title.count("\n"))
    width, height = max(across * columns, FEWEST_PIXELS), above + down * rows + 2 * LINE
    figure = Figure((width / DPI, height / DPI))
    figure.text(0.5, 1 - 8 / height, title, ha="center", va="top", fontsize=11)
    for number, (photo, text, image) in enumerate(zip(shown, heads, images, strict=True)):
        left, top = across * (number % columns) + 8, above + down * (number // columns)
        figure.text(left / width, 1 - top / height, text, va="top", fontsize=8)
        _draw_photo(figure, image, left, top + head)
        if table:
            below = 1 - (top + head + len(image) + 4) / height
            figure.text(left / width, below, write_votes(photo), va="top", family="DejaVu Sans Mono", fontsize=7)
    if table:
        note = "sure: the probability that a model gives to the class that it predicts"
        figure.text(8 / width, 6 / height, note, fontsize=8, color="#555555")
    return figure


def _write_head(photo: Shown) -> str:
    """The lines above a photo."""
    below = photo.caption if photo.truth is None else f"truth: {shorten(photo.truth, 24)}"
    return f"{shorten(photo.path, 32)}\n{below}"


def _draw_photo(figure: Figure, image: np.ndarray, left: int, top: int) -> None:
    """Draw one photo; `left` and `top` in pixels from the upper left corner of the figure."""
    width, height = figure.get_size_inches() * DPI
    tall, wide = image.shape[:2]
    place = (left / width, 1 - (top + tall) / height, wide / width, tall / height)
    axes = figure.add_axes(place, xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.imshow(image, interpolation="nearest", aspect="auto")


def write_votes(photo: Shown) -> str:
    """A line a model below a header, in columns of equal width."""
    widest = max(len("predicts"), *(min(len(guess), CLASS_LENGTH) for _, guess, _ in photo.votes))
    name_length = LINE_LENGTH - widest - len("✓   0.000")
    lines = [("", "model", "predicts", " sure")]
    for name, guess, probability in photo.votes:
        lines.append(
            (
                " " if photo.truth is None else "✓" if guess == photo.truth else "✗",
                shorten(name, name_length),
                shorten(guess, CLASS_LENGTH),
                f"{probability:.3f}",
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        " ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
