"""Score the ensemble on the test split: `models/ensemble.h5` itself, fed through its named inputs.

Reads `models/ensemble.h5`, the test images and labels and the class names; writes `metrics/ensemble.json`,
`plots/{confusion,roc}/ensemble.csv` and `data/ensemble/ensemble.npz`, its probabilities.
Alone: `python -m stages.evaluate_ensemble`.
"""

from pathlib import Path

import numpy as np

from stages.arrays import load_classes, load_images, load_labels
from stages.errors import run_stage
from stages.inference import compile_predictor
from stages.outputs import replaced_file
from stages.predictions import spread_classes
from stages.reports import write_report
from stages.saved_models import load_model
from stages.settings import load_settings

ENSEMBLE = Path("models/ensemble.h5")
PROBABILITIES = Path("data/ensemble/ensemble.npz")


def main() -> None:
    settings = load_settings()
    ensemble = load_model(ENSEMBLE, "stack")
    images = load_images("test")
    names = [tensor.name for tensor in ensemble.inputs]
    predictor = compile_predictor(ensemble, settings.inference, {name: images.dtype for name in names})
    outputs = predictor.predict({name: images for name in names})
    with replaced_file(PROBABILITIES) as path, path.open("wb") as stream:
        np.savez(stream, test=outputs)
    facts = {
        "engine": predictor.engine,
        "precision": predictor.precision,
        "fit_on": settings.stacking.fit_on,
        # the meta-model learnt from predictions on rows that its members had learnt
        "leaked": settings.stacking.fit_on == "train",
    }
    write_report("ensemble", load_labels("test"), spread_classes(outputs), load_classes(), facts)


if __name__ == "__main__":
    run_stage(main)
