"""Photos that `prepare` could not read and left out: they stand in `manifest.csv`, in no array."""

import csv

from stacker.artifacts.arrays import MANIFEST
from stacker.artifacts.csv_cells import read_cell
from stacker.artifacts.errors import PipelineError

SKIPPED = "skipped"  # what stands in the column `split` of one


def read_skipped() -> dict[str, str]:
    """Why each was left out, by its path relative to `data.images`.

    Raises:
        PipelineError: the manifest is missing.
    """
    try:
        with MANIFEST.open(newline="", encoding="utf-8") as stream:
            return {read_cell(row["path"]): row["reason"] for row in csv.DictReader(stream) if row["split"] == SKIPPED}
    except FileNotFoundError:
        raise PipelineError(f"{MANIFEST} is missing: run `dvc repro prepare`, or `dvc checkout`") from None
