"""The tutorial's procedure, written plainly from its description.

Vardan Agarwal, "Destroy Image Classification by Ensemble of Pre-trained models", Towards Data Science, 2020: decode in
a loop into float64, train every member whole, put a Dense-Dense meta-model on the frozen members, and fit it by feeding
the training images once for every member. One epoch each stands for the tutorial's twenty. Its mistakes that cost no
time (BGR pixels without scaling, loss on logits) are left as they are there.
Alone: `python -m benchmarks.child benchmarks.tutorial:main <photos> <side> <member>=<weights or ""> ...`.
"""

import time
from pathlib import Path

import cv2
import keras
import numpy as np

from benchmarks.photos import MEMBERS

BATCH = 32


def main(folder: str, image_side: str, *named_weights: str) -> dict[str, float]:
    """Run all of it; the seconds of every step, and the accuracies after the single epochs."""
    photos, side = Path(folder), int(image_side)
    weights = dict(argument.split("=", 1) for argument in named_weights)
    keras.utils.set_random_seed(0)
    laps = Laps()
    classes = sorted(path.name for path in (photos / "train").iterdir())
    images, labels = load_split(photos / "train", classes, side)
    test_images, test_labels = load_split(photos / "validation", classes, side)
    laps.add("decode")
    members = []
    for name, path in weights.items():
        members.append(build_member(name, path or None, side))
        members[-1].fit(
            images, labels, batch_size=BATCH, epochs=1, validation_data=(test_images, test_labels), verbose=0
        )
        laps.add(f"member {name}")
    stacked = stack_members(members)
    history = stacked.fit(
        [images] * len(members),
        labels,
        batch_size=BATCH,
        epochs=1,
        validation_data=([test_images] * len(members), test_labels),
        verbose=0,
    )
    laps.add("stacked model")
    return {**laps.seconds, "accuracy": float(history.history["val_accuracy"][-1])}


def load_split(folder: Path, classes: list[str], side: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of a folder of class folders, decoded one after the other."""
    paths = [(path, number) for number, name in enumerate(classes) for path in sorted((folder / name).iterdir())]
    images = decode_loop([path for path, _ in paths], side)
    labels = np.array([number for _, number in paths])
    order = np.random.default_rng(0).permutation(len(paths))
    return images[order], labels[order]


def decode_loop(paths: list[Path], side: int) -> np.ndarray:
    """Read and resize image after image into an array of float64."""
    images = np.zeros((len(paths), side, side, 3))
    for number, path in enumerate(paths):
        image = cv2.imread(str(path))
        if image is None:
            raise ValueError(f"{path} cannot be decoded")
        images[number] = cv2.resize(image, (side, side))
    return images


def build_member(name: str, weights: str | None, side: int) -> keras.Model:
    """A wholly trainable backbone with one sigmoid."""
    architecture = getattr(keras.applications, MEMBERS[name])
    base = architecture(input_shape=(side, side, 3), include_top=False, weights=weights)
    base.trainable = True
    pooled = keras.layers.GlobalAveragePooling2D()(base.output)
    model = keras.Model(base.input, keras.layers.Dense(1, activation="sigmoid")(pooled), name=name)
    model.compile(keras.optimizers.Adam(1e-4), keras.losses.BinaryCrossentropy(), metrics=["accuracy"])
    return model


def stack_members(members: list[keras.Model]) -> keras.Model:
    """Frozen members, concatenated into Dense(10)-Dense(1)."""
    for member in members:
        for layer in member.layers:
            layer.trainable = False
            layer.name = f"{member.name}_{layer.name}"
    merged = keras.layers.concatenate([member.output for member in members])
    hidden = keras.layers.Dense(10, activation="relu")(merged)
    output = keras.layers.Dense(1, activation="sigmoid")(hidden)
    model = keras.Model([member.input for member in members], output)
    model.compile(keras.optimizers.Adam(1e-3), keras.losses.BinaryCrossentropy(), metrics=["accuracy"])
    return model


class Laps:
    """Seconds between calls."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def add(self, name: str) -> None:
        """End the lap called `name`."""
        now = time.perf_counter()
        self.seconds[name] = now - self._last
        self._last = now
