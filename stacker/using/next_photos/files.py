"""Write which photos to label next: a list, a contact sheet, and, where asked for, the photos sorted by guess."""

import csv
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from stacker.artifacts.csv_cells import guard_cell
from stacker.artifacts.errors import PipelineError, WrongUseError
from stacker.artifacts.outputs import replaced_directory, replaced_file
from stacker.pictures.contact_sheet import draw_contact_sheet
from stacker.pictures.look import fixed_look, write_picture
from stacker.pictures.shown_photos import Shown, collect_votes
from stacker.using.classifier import Classifier
from stacker.using.next_photos.search import Found

LIST, SHEET = "photos.csv", "contact_sheet.png"
MOST_SHOWN = 100  # on the contact sheet


def write_found(classifier: Classifier, photos: Sequence[Path], found: Found, folder: Path) -> list[Path]:
    """Write the list and the contact sheet.

    Args:
        classifier: the model that answered.
        photos: all files that were looked through.
        found: those that were chosen, at least one.
        folder: where to.

    Returns:
        The files that were written.
    """
    with replaced_file(folder / LIST) as path, path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows(_list_rows(photos, found))
    shown = list(_show(classifier, photos, found))[:MOST_SHOWN]
    number = len(found.rows)
    few = "" if len(shown) == number else f": the first {len(shown)} of {number:,}"
    title = f"To label next, by the members' votes{few}"
    with fixed_look(), replaced_file(folder / SHEET) as path:
        write_picture(draw_contact_sheet(shown, title), path)
    return [folder / LIST, folder / SHEET]


def check_into(folder: Path, classes: Sequence[str]) -> None:
    """Can photos be sorted into a folder for each class there? To be asked before any work.

    Raises:
        WrongUseError: the folder is there and is not empty.
        PipelineError: a class's name is no name of a folder, as a model from elsewhere may have.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUseError(f"--into: {folder} is there already, and not an empty folder: name a new one")
    for name in classes:
        if name in ("", ".", "..") or any(mark in name for mark in "/\\\0"):
            raise PipelineError(f"--into: the class {name!r} of this model is no name for a folder")


def sort_photos(photos: Sequence[Path], found: Found, folder: Path) -> None:
    """Copy the chosen photos into a folder for each class that is guessed, for a person to move what is wrong.

    A file's name begins with its place in the list, so that no two are called alike.

    Args:
        photos: all files that were looked through.
        found: those that were chosen.
        folder: where to, as `check_into` wants it.
    """
    with replaced_directory(folder) as partial:
        for place, (row, guess) in enumerate(zip(found.rows, found.answers.names, strict=True), start=1):
            target = partial / guess / f"{place:04d}_{photos[row].name}"
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(photos[row], target)


def _list_rows(photos: Sequence[Path], found: Found) -> Iterator[Sequence[str | int]]:
    answers, members = found.answers, sorted(found.answers.members)
    yield "place", "photo", "vote_entropy", "guess", "probability", "verdict", *members
    for place, row in enumerate(found.rows):
        guesses = [answers.classes[answers.members[label][place].argmax()] for label in members]
        yield (
            place + 1,
            guard_cell(str(photos[row])),
            f"{found.vote_entropy[place]:.6f}",
            guard_cell(answers.names[place]),
            f"{answers.probabilities[place].max():.6f}",
            guard_cell(answers.name_verdict(place)),
            *map(guard_cell, guesses),
        )


def _show(classifier: Classifier, photos: Sequence[Path], found: Found) -> Iterator[Shown]:
    label = classifier.description.label
    votes = {label: found.answers.probabilities, **found.answers.members}
    for place, row in enumerate(found.rows[:MOST_SHOWN]):
        (image,) = classifier.prepare([photos[row]])
        caption = f"vote entropy {found.vote_entropy[place]:.3f}"
        yield Shown(image, photos[row].name, None, collect_votes(votes, place, found.answers.classes), caption)
