"""Does the saved file of an ensemble, fed with photos through its inputs, give what its parts gave?"""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import compute_probabilities
from stacker.artifacts.saved_models import load_model
from stacker.inference.agreement import find_tolerance
from stacker.inference.predictors import compile_predictor
from stacker.settings.inference import Inference


def check_saved(
    path: Path,
    images: np.ndarray,
    expected: np.ndarray,
    made_in: Collection[str],
    inference: Inference,
    photos: int | Literal["all"],
) -> int:
    """Reload the file, push test photos through its named inputs, and compare.

    The largest difference, which is the machine's, is printed, with the share of equal decisions.

    Args:
        path: of the saved ensemble.
        images: of the test split, uint8, (n, side, side, 3), RGB, 0-255.
        expected: their logits by the meta-model on the members' saved predictions, float32, (n, 1) or (n, classes).
        made_in: the precisions of the members' saved predictions.
        inference: engine and precision of the pass.
        photos: how many to take, spread evenly over the split, which lies in the order of the classes.

    Returns:
        How many photos went through.

    Raises:
        PipelineError: the file gives something else.
    """
    rows = choose_rows(len(images), photos)
    ensemble = load_model(path, f"stack@{path.stem}")
    names = [tensor.name for tensor in ensemble.inputs]
    predictor = compile_predictor(ensemble, inference, {name: images.dtype for name in names})
    received = predictor.predict({name: images for name in names}, rows)
    wanted = compute_probabilities(expected[rows])
    difference = float(np.abs(received - wanted).max())
    decisions = [_decide(values) for values in (received, wanted)]
    print(
        f"{path.stem}: {len(rows)} of {len(images)} test photos through the saved file ({predictor.engine}, "
        f"{predictor.precision}): largest difference {difference:.1e}, "
        f"{np.mean(decisions[0] == decisions[1]):.2%} of the decisions equal"
    )
    tolerance = find_tolerance(predictor.precision, *made_in)
    if not difference < tolerance:
        raise PipelineError(
            f"the assembled ensemble {path.stem} differs by {difference:.2g} from its parts (tolerance {tolerance}): "
            "do models/members and data/predictions/members belong together? Run `dvc repro`, or `dvc checkout`"
        )
    return len(rows)


def choose_rows(n: int, photos: int | Literal["all"]) -> np.ndarray:
    """Row numbers, int64, sorted: `photos` of `n`, spread evenly, or all."""
    count = n if photos == "all" else min(n, photos)
    return np.arange(count) * n // count


def _decide(probabilities: np.ndarray) -> np.ndarray:
    """The class decided for, int64, (n,)."""
    is_single = probabilities.shape[1] == 1
    return np.asarray(probabilities[:, 0] > 0.5 if is_single else probabilities.argmax(axis=1), dtype=np.int64)
