"""A trained model to predict with, from the one file that it is saved in."""

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import keras
import numpy as np

from stacker.artifacts.descriptions import Description, read_description
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.logits import spread_classes
from stacker.artifacts.progress import Progress
from stacker.artifacts.saved_models import load_model
from stacker.inference.predictors import Batches, Predictor, compile_predictor
from stacker.photos.unreadable import Unreadable
from stacker.settings.inference import Inference
from stacker.uncertainty.novelty import measure_novelty, unpack_familiar
from stacker.uncertainty.prediction_sets import build_sets
from stacker.using.answers import Answered, Answers, join_answers
from stacker.using.network import INPUT, build_network
from stacker.using.photo_reading import Photo, read_photo, read_photos

AHEAD = 3  # batches that are read before the network asks for them
MOST_NAMED = 10  # photos in a message


class Classifier:
    """A trained model that knows how to read photos and what its numbers are called.

    Attributes:
        path: of its file.
        description: what the file says of it.
        model: as it was saved, in Keras: a named input a member, images (n, side, side, 3), RGB, 0-255, to
            probabilities, (n, 1) of the second of two classes, or (n, k).
        engine: what the network runs on: "keras" or "openvino".
    """

    def __init__(self, path: Path, settings: Inference):
        self.path = path
        self.description: Description = read_description(path)
        self.model: keras.Model = load_model(path, "with the stage that wrote it")
        self._network, self._layout = build_network(self.model, self.description)
        self._predictor: Predictor = compile_predictor(self._network, settings, {INPUT: np.dtype(np.uint8)})
        self._familiar = {label: unpack_familiar(member.familiar) for label, member in self.description.members.items()}
        self.engine = self._predictor.engine

    @property
    def classes(self) -> list[str]:
        """The class names, in the order of the class indices."""
        return self.description.classes

    def prepare(self, photos: Sequence[Photo]) -> np.ndarray:
        """Photos as the network takes them, exactly as in training.

        Args:
            photos: paths, or arrays, uint8, (height, width, 3), RGB, 0-255, of any sizes.

        Returns:
            Uint8, (n, side, side, 3), RGB, 0-255.

        Raises:
            OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError, cv2.error: one cannot be read.
        """
        side = self.description.preparation.side
        images = np.empty((len(photos), side, side, 3), np.uint8)
        for row, photo in enumerate(photos):
            images[row] = read_photo(photo, self.description.preparation)
        return images

    def predict(self, photos: Sequence[Photo] | Photo) -> Answers:
        """What the model says of photos.

        Args:
            photos: paths, or arrays, uint8, (height, width, 3), RGB, 0-255, of any sizes; or one of either.

        Raises:
            PipelineError: naming the photos that cannot be read.
        """
        given = [photos] if isinstance(photos, (str, Path, np.ndarray)) else list(photos)
        parts: list[Answered] = []
        self.answer(given, parts.append)
        broken = [f"{_name(given[row], row)}: {why}" for part in parts for row, why in part.unreadable.items()]
        if broken:
            raise PipelineError(f"{len(broken)} photo(s) cannot be read:\n  " + "\n  ".join(broken[:MOST_NAMED]))
        return join_answers([part.answers for part in parts] or [self._judge(self._nothing)])

    def predict_images(self, images: np.ndarray) -> Answers:
        """What the model says of prepared images: uint8, (n, side, side, 3), RGB, 0-255, as `prepare` gives them."""
        return self._judge(self._predictor.predict({INPUT: images}))

    def answer(self, photos: Sequence[Photo], take: Callable[[Answered], None], bar: Progress | None = None) -> None:
        """Give what the model says of photos, some at a time, in their order: memory does not grow with their number.

        Photos are read while the network is at work on those before. One that cannot be read stops no other.

        Args:
            photos: paths, or arrays, uint8, (height, width, 3), RGB, 0-255, of any sizes.
            take: is called with what is known, from the first photo to the last.
            bar: to move on, photo by photo.
        """
        running: deque[tuple[list[int], dict[int, str]]] = deque()

        def keep(_: int, outputs: np.ndarray) -> None:
            rows, unreadable = running.popleft()
            take(Answered(rows, self._judge(outputs[: len(rows)]), unreadable))
            if bar is not None:
                bar.update(len(rows) + len(unreadable))

        self._predictor.run(self._batch(photos, running), keep)
        for rows, unreadable in running:  # behind the last that could be read
            take(Answered(rows, self._judge(self._nothing), unreadable))

    @property
    def _nothing(self) -> np.ndarray:
        """The network's numbers of no photo."""
        return np.empty((0, self._predictor.width), np.float32)

    def _batch(self, photos: Sequence[Photo], running: deque[tuple[list[int], dict[int, str]]]) -> Batches:
        """Full batches of the photos that can be read; `running` is told which photos each has."""
        size = self._predictor.batch_size
        rows: list[int] = []
        images: list[np.ndarray] = []
        unreadable: dict[int, str] = {}
        for row, read in enumerate(read_photos(photos, self.description.preparation, AHEAD * size)):
            if isinstance(read, Unreadable):
                unreadable[row] = read.reason
                continue
            rows.append(row)
            images.append(read)
            if len(rows) == size:
                running.append((rows, unreadable))
                yield rows[0], {INPUT: np.stack(images)}
                rows, images, unreadable = [], [], {}
        if rows or unreadable:
            running.append((rows, unreadable))
        if rows:
            yield rows[0], {INPUT: np.stack(images + images[-1:] * (size - len(images)))}

    def _judge(self, outputs: np.ndarray) -> Answers:
        """The network's numbers, float32, (n, width), as answers."""
        layout, thresholds = self._layout, self.description.thresholds
        probabilities = spread_classes(outputs[:, layout.logits])
        features = {label: outputs[:, part.features] for label, part in layout.members.items()}
        novelty = np.stack([measure_novelty(values, self._familiar[label]) for label, values in features.items()]).mean(
            axis=0
        )
        least = np.inf if thresholds.novelty is None else thresholds.novelty
        return Answers(
            classes=self.classes,
            probabilities=probabilities,
            members={label: spread_classes(outputs[:, part.logits]) for label, part in layout.members.items()},
            sets={level: build_sets(probabilities, least_likely) for level, least_likely in thresholds.sets.items()},
            level=thresholds.level,
            novelty=novelty,
            is_novel=novelty > least,
            features=features,
        )


def load(
    path: str | Path = "models/ensemble.h5",
    engine: Literal["auto", "keras", "openvino"] = "auto",
    precision: Literal["auto", "float32", "bfloat16"] = "float32",
    batch_size: int = 8,
) -> Classifier:
    """A trained model to predict with.

    Args:
        path: of a member or an ensemble of this pipeline, saved as .h5. Nothing else is needed.
        engine: what runs the network; "auto" is Keras where it has an accelerator, else OpenVINO.
        precision: in which it runs.
        batch_size: photos that go through it at a time; more of them take more memory and no less time.

    Raises:
        PipelineError: the file is missing, damaged or of an earlier version, or the engine cannot run it.
    """
    return Classifier(Path(path), Inference(engine=engine, precision=precision, batch_size=batch_size))


def _name(photo: Photo, row: int) -> str:
    return f"array {row}" if isinstance(photo, np.ndarray) else str(photo)
