"""Many tiny photos in many classes, drawn by a seeded generator: the load that a large set puts on the pipeline."""

from pathlib import Path

import cv2
import numpy as np

SIDE = 32  # pixels
CELLS = 4  # a class is a pattern of so many by so many colours
GRAIN = 9  # cells of the noise, as fine as the grid of the near-duplicate hash, so that it tells two photos apart
PAIRED = 0.1  # of the classes are all but another one's copy, so that some are confused
DUPLICATED = 0.02  # of the photos are the photo before, a little brighter


def write_tiny_photos(folder: Path, count: int, classes: int, seed: int = 0) -> None:
    """Write `count` PNG files of 32 x 32 px, the same number in each of the folders class_0000, class_0001, ...

    The colours are the class's, the brightness of each place is the photo's own.
    """
    colours = draw_colours(classes, seed)
    for label in range(classes):
        generator = np.random.default_rng([seed, 1, label])
        place = folder / f"class_{label:04d}"
        place.mkdir(parents=True)
        image: np.ndarray = np.zeros((SIDE, SIDE, 3), np.uint8)
        for number in range(count // classes):
            is_copy = number and generator.random() < DUPLICATED
            image = brighten(image) if is_copy else draw_photo(colours[label], generator)
            cv2.imwrite(str(place / f"{number:05d}.png"), image)


def draw_colours(classes: int, seed: int) -> np.ndarray:
    """Float32, (classes, CELLS, CELLS, 3), around 0: each class's colours, of which some are near another class's."""
    generator = np.random.default_rng([seed, 0])
    colours = generator.normal(0, 45, (classes, CELLS, CELLS, 3))
    colours -= colours.mean(axis=-1, keepdims=True)  # none is brighter than another: brightness is the photo's
    paired = np.arange(1, int(classes * PAIRED), 2)
    colours[paired] = colours[paired - 1] + generator.normal(0, 8, (len(paired), CELLS, CELLS, 3))
    return colours.astype(np.float32)


def brighten(image: np.ndarray) -> np.ndarray:
    """A near copy of a photo, uint8."""
    return np.asarray(cv2.add(image, np.full_like(image, 3)))


def draw_photo(colours: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A photo of the class that has these colours: uint8, (SIDE, SIDE, 3), BGR, 0-255."""
    brightness = generator.normal(128, 25, (GRAIN, GRAIN, 1)).astype(np.float32)
    shifted = colours + generator.normal(0, 10, colours.shape).astype(np.float32)
    grains = cv2.resize(brightness, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)[..., None]
    return np.asarray(np.clip(cv2.resize(shifted, (SIDE, SIDE)) + grains, 0, 255).astype(np.uint8))
