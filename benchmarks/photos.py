"""The images and weights that a benchmark runs on: real ones, or generated."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

MEMBERS = {"mobilenet_v2": "MobileNetV2", "inception_v3": "InceptionV3", "xception": "Xception"}
WHITE = (255, 255, 255)


class Bench(NamedTuple):
    """What all measurements share.

    Attributes:
        photos: a folder with train/ and validation/, each with class folders.
        weights: a folder of weights files, or None for random weights.
        sizes: image sides to measure at, pixels, ascending.
        counts: numbers of images for growth.
        repeats: runs of each procedure.
        rows: photos for one timed forward pass.
        scratch: an empty folder.
        kept: a folder in which features stay for other sections, and with `--kept` for the next run; None for neither.
        is_full: are the photos real ones?
    """

    photos: Path
    weights: Path | None
    sizes: tuple[int, ...]
    counts: tuple[int, ...]
    repeats: int
    rows: int
    scratch: Path
    kept: Path | None = None
    is_full: bool = False

    def find_weights(self, member: str) -> str | None:
        """The weights file of a member, by the beginning of its name."""
        if self.weights is None:
            return None
        found = sorted(self.weights.glob(f"{member}*.h5"))
        if not found:
            raise SystemExit(f"--weights: {self.weights} has no file {member}*.h5")
        return str(found[0].resolve())

    def list_photos(self, split: str) -> list[Path]:
        """The photos of a split, sorted."""
        return sorted(path for path in (self.photos / split).rglob("*") if path.suffix.lower() in (".jpg", ".png"))


def write_photos(folder: Path, count: int, width: int = 480, height: int = 360, seed: int = 0) -> None:
    """Write `count` JPEG files of coloured noise, half with a bright disc, in the class folders disc/ and plain/."""
    generator = np.random.default_rng(seed)
    for name in ("disc", "plain"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        small = generator.integers(0, 256, (6, 8, 3), np.uint8)
        image = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        if number % 2:
            cv2.circle(image, (width // 2, height // 2), height // 4, (255, 255, 255), -1)
        name = "disc" if number % 2 else "plain"
        cv2.imwrite(str(folder / name / f"{number:06d}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 90])


def load_pixels(paths: list[Path], side: int) -> np.ndarray:
    """Photos as the pipeline decodes them: uint8, (n, side, side, 3), RGB, 0-255."""
    from stacker.artifacts.preparation import Preparation
    from stacker.photos.decoding import decode_images
    from stacker.photos.fingerprints import read_fingerprints

    pixels = np.empty((len(paths), side, side, 3), np.uint8)
    decode_images(paths, read_fingerprints(paths, False, WHITE)[0], pixels, Preparation(side=side))
    return pixels


def take_evenly(paths: list[Path], count: int) -> list[Path]:
    """At most `count` paths, spread over the list, so that all classes are among them."""
    rows = np.linspace(0, len(paths) - 1, min(count, len(paths))).astype(int)
    return [paths[row] for row in rows]
