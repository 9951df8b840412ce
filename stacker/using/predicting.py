"""Predict files and write what comes of them, as it comes."""

from collections.abc import Sequence
from pathlib import Path

from stacker.artifacts.progress import open_progress
from stacker.using.answer_files import open_writer
from stacker.using.answer_records import list_columns, list_records
from stacker.using.answers import Answered
from stacker.using.classifier import Classifier


def predict_files(
    classifier: Classifier, photos: Sequence[Path], output: Path | None, top: int, with_members: bool
) -> list[str]:
    """Write what a model says of files; memory does not grow with their number.

    Args:
        classifier: the model.
        photos: the files.
        output: where to; None for a table on standard output.
        top: how many classes to list.
        with_members: each member's vote too?

    Returns:
        A line for each file that could not be read, with the reason.
    """
    names = [str(photo) for photo in photos]
    top = min(top, len(classifier.classes))
    members = sorted(classifier.description.members) if with_members else []
    columns = list_columns(list(classifier.description.thresholds.sets), top, members)
    unreadable: list[str] = []
    with (
        open_writer(output, columns) as writer,
        open_progress(f"{classifier.description.label}: predicting", len(photos), "photos") as bar,
    ):

        def take(answered: Answered) -> None:
            writer.write(list(list_records(names, answered, top, with_members)))
            unreadable.extend(f"{names[row]}: {reason}" for row, reason in sorted(answered.unreadable.items()))

        classifier.answer(photos, take, bar)
    return unreadable
