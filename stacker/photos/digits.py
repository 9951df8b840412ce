"""scikit-learn's handwritten digits as image files: a dataset that needs no download."""

from pathlib import Path

import cv2
import numpy as np


def write_digits(classes: str, folder: Path) -> None:
    """Write scikit-learn's 1,797 handwritten digits as 8x8 grey PNG files, one folder a class.

    Source: https://archive.ics.uci.edu/dataset/80, as shipped in `sklearn.datasets.load_digits`.

    Args:
        classes: "parity" for the classes even and odd, "digit" for the ten digits.
        folder: where the class folders go.
    """
    from sklearn.datasets import load_digits  # an archive needs none of it

    digits = load_digits()
    for number, (image, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        name = ("even", "odd")[digit % 2] if classes == "parity" else f"digit_{digit}"
        path = folder / name / f"{number:04d}.png"
        path.parent.mkdir(exist_ok=True)
        _, content = cv2.imencode(path.suffix, (image * 255 / 16).astype(np.uint8))
        path.write_bytes(content.tobytes())  # `cv2.imwrite` tells of a full disk by returning False
