"""The audit's contact sheet: the first finds of each kind, each with the reason why it is there."""

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
from matplotlib.figure import Figure

from stacker.artifacts.manifest import Photo
from stacker.pictures.audit_text import count_finds
from stacker.pictures.contact_sheet import draw_contact_sheet
from stacker.pictures.look import shorten
from stacker.pictures.shown_photos import Shown
from stacker.scoring.audit import Audit

MOST_SUSPECTS, MOST_DUPLICATES, MOST_ODD = 12, 4, 4
NAME_LENGTH = 14  # characters of a class's name


def draw_audit(audit: Audit, load_image: Callable[[Photo], np.ndarray]) -> Figure:
    """Draw the sheet; where nothing was found, it says so.

    Args:
        audit: what was found.
        load_image: gives a photo's pixels, uint8, (height, width, 3), RGB, 0-255.
    """
    finds = [
        *islice(_show_suspects(audit), MOST_SUSPECTS),
        *islice(_show_duplicates(audit), MOST_DUPLICATES),
        *islice(_show_odd(audit), MOST_ODD),
    ]
    shown = [Shown(load_image(photo), " ".join(photo.path.split()), None, [], reason) for photo, reason in finds]
    few = "metrics/audit.md has more of each" if shown else "No photo wants a second look"
    labels, duplicates, *rest = count_finds(audit)
    return draw_contact_sheet(shown, f"{labels}; {duplicates};\n{'; '.join(rest)}. {few}")


def _show_suspects(audit: Audit) -> Iterator[tuple[Photo, str]]:
    for suspect in audit.suspects:
        how = "is probably" if suspect.is_sure else "may be"
        yield (
            suspect.photo,
            f"in {_name(suspect.photo.label)}, {how} {_name(suspect.suggested)}\n"
            f"{suspect.suggested_probability:.3f}, by {suspect.votes} of {audit.members} members",
        )


def _show_duplicates(audit: Audit) -> Iterator[tuple[Photo, str]]:
    """Two photos of a group, side by side, that differ in their class or split."""
    for group in audit.groups.across_classes:
        first = group.photos[0]
        other = next(photo for photo in group.photos if photo.label != first.label)
        for photo, twin in ((first, other), (other, first)):
            yield photo, f"in {_name(photo.label)}; the same photo is\nin {_name(twin.label)} too"
    for group in audit.groups.across_splits:
        first = group.photos[0]
        other = next(photo for photo in group.photos if photo.split != first.split)
        for photo, twin in ((first, other), (other, first)):
            yield photo, f"in the {photo.split} split; the same photo\nis in {twin.split} too"


def _show_odd(audit: Audit) -> Iterator[tuple[Photo, str]]:
    """The oddest of each kind, then the second oddest."""
    found = {name: odd for name, odd in audit.odd.items() if not odd.is_usual}
    for place in range(max((len(odd.rows) for odd in found.values()), default=0)):
        for name, odd in found.items():
            if place < len(odd.rows):
                photo = audit.pictured[odd.rows[place]]
                yield photo, f"{name} ({odd.values[place]:.3g})\n{photo.width} x {photo.height} px, {photo.split}"


def _name(label: str) -> str:
    return shorten(" ".join(label.split()), NAME_LENGTH)
