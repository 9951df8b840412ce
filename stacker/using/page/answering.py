"""What the page finds in photos: one network for all who ask, one of them at a time."""

import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from stacker.photos.unreadable import UNREADABLE
from stacker.using.answers import Answers
from stacker.using.classifier import Classifier
from stacker.using.explanations.heat_maps import compute_heat_maps
from stacker.using.page.uploads import MOST_PHOTOS, Upload, find_problem


class Photo(NamedTuple):
    """One photo to look at.

    Attributes:
        name: as the user knows it.
        image: uint8, (side, side, 3), RGB, 0-255, as the networks see it.
        truth: its class, where that is known.
    """

    name: str
    image: np.ndarray
    truth: str | None = None


class Refused(NamedTuple):
    """A file that is not looked at, and why."""

    name: str
    reason: str


class Finding(NamedTuple):
    """What is found in one photo.

    Attributes:
        photo: the photo.
        verdict: such as "cat", "cat or dog" or "none of these".
        kind: "sure"; "unsure", if the prediction set holds several classes; or "unlike" all training photos.
        probabilities: by class.
        votes: by member, its probabilities by class.
        heat_maps: by member, float32, (h, w), 0 to 1: what speaks for the likeliest class; empty until asked for.
    """

    photo: Photo
    verdict: str
    kind: str
    probabilities: dict[str, float]
    votes: dict[str, dict[str, float]]
    heat_maps: Mapping[str, np.ndarray] = {}

    @property
    def likeliest(self) -> str:
        """The class that the model gives the largest probability."""
        return max(self.probabilities, key=self.probabilities.__getitem__)


class Answering:
    """Answers for many users of one network: a request waits until those before it are done."""

    def __init__(self, classifier: Classifier):
        self.classifier = classifier
        self.classes = classifier.classes
        self._turn = threading.Lock()

    def open_photos(self, uploads: Sequence[Upload]) -> tuple[list[Photo], list[Refused]]:
        """Prepare the files that the page takes as the training photos were, and say of the others why it does not."""
        opened = [self._open_photo(upload) for upload in uploads[:MOST_PHOTOS]]
        opened += [Refused(upload.name, f"at most {MOST_PHOTOS} are taken at once") for upload in uploads[MOST_PHOTOS:]]
        photos = [found for found in opened if isinstance(found, Photo)]
        return photos, [found for found in opened if isinstance(found, Refused)]

    def _open_photo(self, upload: Upload) -> Photo | Refused:
        if reason := find_problem(upload.path):
            return Refused(upload.name, reason)
        try:
            return Photo(upload.name, self.classifier.prepare([upload.path])[0])
        except UNREADABLE:
            return Refused(upload.name, "the file is damaged: its pixels cannot be read")

    def answer(self, photos: Sequence[Photo]) -> list[Finding]:
        """What the networks find in at least one photo, without heat maps."""
        images = np.stack([photo.image for photo in photos])
        with self._turn:
            answers = self.classifier.predict_images(images)
        return [describe_answer(photo, answers, row) for row, photo in enumerate(photos)]

    def explain(self, finding: Finding) -> Finding:
        """The same with the members' heat maps for the likeliest class."""
        image, class_index = finding.photo.image, self.classes.index(finding.likeliest)
        with self._turn:
            maps = compute_heat_maps(self.classifier.model, image[np.newaxis], class_index)
        return finding._replace(heat_maps={label: heat[0] for label, heat in maps.items()})


def describe_answer(photo: Photo, answers: Answers, row: int) -> Finding:
    """What the answers say of the photo in one row."""
    is_sure = len(answers.list_set(row, answers.level)) == 1
    return Finding(
        photo,
        answers.name_verdict(row),
        "unlike" if answers.is_novel[row] else "sure" if is_sure else "unsure",
        name_probabilities(answers.classes, answers.probabilities[row]),
        {label: name_probabilities(answers.classes, votes[row]) for label, votes in answers.members.items()},
    )


def name_probabilities(classes: Sequence[str], probabilities: np.ndarray) -> dict[str, float]:
    """By class, what `probabilities`, float64, (k,), gives it."""
    return dict(zip(classes, probabilities.tolist(), strict=True))
