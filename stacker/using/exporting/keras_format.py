"""The format of Keras, equal bytes for equal models."""

import json
import shutil
import zipfile
from pathlib import Path

import keras

FIRST_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can name
METADATA = "metadata.json"
DATE = "date_saved"
FIRST_DATE = "1980-01-01@00:00:00"


def write_keras(model: keras.Model, folder: Path) -> None:
    """Write `model.keras`: a zip file, in which Keras notes when it was made."""
    path, dated = folder / "model.keras", folder / "dated.keras"
    model.save(dated)
    with zipfile.ZipFile(dated) as source, zipfile.ZipFile(path, "w") as target:
        for entry in sorted(source.infolist(), key=lambda entry: entry.filename):
            fixed = zipfile.ZipInfo(entry.filename, FIRST_TIME)
            fixed.compress_type, fixed.external_attr = entry.compress_type, entry.external_attr
            with source.open(entry) as old, target.open(fixed, "w", force_zip64=True) as new:
                if entry.filename == METADATA:
                    new.write(json.dumps({**json.load(old), DATE: FIRST_DATE}).encode())
                else:
                    shutil.copyfileobj(old, new)
    dated.unlink()
