"""Explain photos: a picture each, with every member's heat map, its vote, and the verdict."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stacker.artifacts.progress import open_progress
from stacker.photos.unreadable import Unreadable
from stacker.pictures.explanation_picture import Explanation, MemberView, save_explanation
from stacker.using.answers import Answers
from stacker.using.classifier import Classifier
from stacker.using.explanations.heat_maps import compute_heat_maps
from stacker.using.photo_reading import read_photos

BATCH = 8  # photos whose gradients are taken together: so many are in memory, however many there are


class Outcome(NamedTuple):
    """What became of some photos.

    Attributes:
        drawn: a line for each picture: its path, and the verdict.
        failed: a line for each photo that could not be read, or whose picture could not be written, with the reason.
    """

    drawn: list[str]
    failed: list[str]


def explain_files(
    classifier: Classifier, photos: Sequence[Path], pictures: Sequence[Path], class_index: int | None = None
) -> Outcome:
    """Draw why the model says of each photo what it says; one that fails stops no other.

    Args:
        classifier: the model.
        photos: the files.
        pictures: where to draw each, as .png; folders are made, and files of other names left alone.
        class_index: the class that the heat maps are for; None for each photo's most likely one.
    """
    outcome = Outcome([], [])
    images = read_photos(photos, classifier.description.preparation, BATCH)
    jobs = zip(photos, pictures, images, strict=True)
    with open_progress(f"{classifier.description.label}: explaining", len(photos), "photos") as bar:
        while batch := list(islice(jobs, BATCH)):
            readable = []
            for photo, picture, image in batch:
                if isinstance(image, Unreadable):
                    outcome.failed.append(f"{photo}: {image.reason}")
                else:
                    readable.append((photo, picture, image))
            explanations = explain_images(classifier, [image for *_, image in readable], class_index)
            for (photo, picture, _), explanation in zip(readable, explanations, strict=True):
                _draw(explanation._replace(path=str(photo)), picture, outcome)
            bar.update(len(batch))
    return outcome


def _draw(explanation: Explanation, picture: Path, outcome: Outcome) -> None:
    try:
        save_explanation(explanation, picture)
    except OSError as error:
        outcome.failed.append(f"{explanation.path}: {picture} cannot be written: {error.strerror or error}")
    else:
        outcome.drawn.append(f"{picture}: {explanation.verdict}")


def explain_images(
    classifier: Classifier, images: Sequence[np.ndarray], class_index: int | None = None
) -> list[Explanation]:
    """Why the model says of images what it says, in their order; their `path` is empty.

    Args:
        classifier: the model.
        images: uint8, (side, side, 3), RGB, 0-255, as `Classifier.prepare` gives them.
        class_index: the class that the heat maps are for; None for each image's most likely one.
    """
    if not images:
        return []
    pixels = np.stack(images)
    answers = classifier.predict_images(pixels)
    likely = answers.probabilities.argmax(axis=1)
    indices = likely if class_index is None else np.full(len(pixels), class_index)
    heat_maps = compute_heat_maps(classifier.model, pixels, indices)
    return [
        Explanation(
            image=pixels[row],
            path="",
            verdict=answers.name_verdict(row),
            explained=answers.classes[index],
            given=float(answers.probabilities[row, index]),
            members=[view_member(answers, label, heat_maps[label][row], row, int(index)) for label in answers.members],
        )
        for row, index in enumerate(indices)
    ]


def view_member(answers: Answers, label: str, heat_map: np.ndarray, row: int, class_index: int) -> MemberView:
    """What one member makes of one image.

    Args:
        answers: on all images.
        label: the member's.
        heat_map: float32, (h, w), 0 to 1.
        row: of the image.
        class_index: that the heat map is for.
    """
    probabilities = answers.members[label][row]
    vote = int(probabilities.argmax())
    return MemberView(
        label=label,
        heat_map=heat_map,
        vote=answers.classes[vote],
        sure=float(probabilities[vote]),
        given=float(probabilities[class_index]),
    )
