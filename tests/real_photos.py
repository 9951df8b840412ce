"""The tutorial's photos and pretrained weights, for tests marked `assets`; they lie outside the repository."""

from pathlib import Path

import pytest

FOLDER = "shared/assets/cats_and_dogs_filtered"
FOUND = next((one / FOLDER for one in Path(__file__).parents if (one / FOLDER).is_dir()), None)


def list_real_photos(count: int) -> list[Path]:
    """`count` photos, spread evenly over both classes; the test is skipped where there are none."""
    if FOUND is None:
        pytest.skip(f"needs {FOLDER} beside the repository")
    paths = sorted(FOUND.rglob("*.jpg"))
    return paths[:: max(1, len(paths) // count)][:count]


def find_weights(prefix: str) -> Path:
    """The file of pretrained weights whose name begins so; the test is skipped where there is none."""
    found = None if FOUND is None else next(FOUND.parent.glob(f"weights/{prefix}*.h5"), None)
    if found is None:
        pytest.skip("needs shared/assets/weights beside the repository")
    return found
