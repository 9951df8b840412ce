"""Fetch a dataset into class folders.

Reads nothing but `data.fetch.<name>` of params.yaml; writes `data/raw/<name>/`.
Alone: `python -m stages.fetch <name>`.
"""

from pathlib import Path

import cv2
import numpy as np

from stages.archives import download_archive, extract_archive
from stages.data_schema import ArchiveSource, DigitsSource, TfdsSource
from stages.errors import PipelineError, read_argument, run_stage
from stages.outputs import replaced_directory
from stages.settings import load_settings

RAW = Path("data/raw")


def main() -> None:
    name = read_argument("name of a dataset in data.fetch")
    sources = load_settings().data.fetch
    if name not in sources:
        raise PipelineError(f"data.fetch has no {name!r}: choose from {', '.join(sources) or '(it is empty)'}")
    source = sources[name]
    with replaced_directory(RAW / name) as folder:
        if isinstance(source, DigitsSource):
            write_digits(source.classes, folder)
        elif isinstance(source, ArchiveSource):
            extract_archive(download_archive(source.url, source.sha256), folder)
        elif isinstance(source, TfdsSource):
            from stages.tfds_source import write_tfds  # an optional extra, imported only where it is asked for

            write_tfds(source, folder)
    print(f"{RAW / name}: {sum(path.is_file() for path in (RAW / name).rglob('*'))} files")


def write_digits(classes: str, folder: Path) -> None:
    """Write scikit-learn's 1,797 handwritten digits as 8x8 grey PNG files, one folder a class.

    Source: https://archive.ics.uci.edu/dataset/80, as shipped in `sklearn.datasets.load_digits`.

    Args:
        classes: "parity" for the classes even and odd, "digit" for the ten digits.
        folder: where the class folders go.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    for number, (image, digit) in enumerate(zip(digits.images, digits.target, strict=True)):
        name = ("even", "odd")[digit % 2] if classes == "parity" else f"digit_{digit}"
        path = folder / name / f"{number:04d}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), (image * 255 / 16).astype(np.uint8))


if __name__ == "__main__":
    run_stage(main)
