"""The library of the pipeline, in rooms: `docs/architecture.md` begins with their picture.

`stacker.load` gives a trained model to work with.
"""

import importlib
from typing import Any


def load(path: Any = "models/ensemble.h5", **options: Any) -> Any:
    """A trained model to predict with: see `stacker.using.classifier.load`, whose arguments these are."""
    # By name: every stage runs this file, and must not depend on all that a model is used with.
    return importlib.import_module("stacker.using.classifier").load(path, **options)
