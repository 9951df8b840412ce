"""Does the saved file of an ensemble, fed with photos through its inputs, give what its parts gave?"""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.logits import compute_probabilities
from stacker.artifacts.saved_models import load_model
from stacker.inference.agreement import QUANTISED_PHOTOS, choose_rows, compare_passes
from stacker.inference.predictors import compile_predictor
from stacker.settings.inference import Inference


def check_saved(
    path: Path,
    images: np.ndarray,
    expected: np.ndarray,
    made_in: Collection[str],
    inference: Inference,
    photos: int | Literal["all"],
) -> dict[str, np.ndarray]:
    """Reload the file, push test photos through its named inputs, and compare.

    The difference, which is the machine's, is printed, with the share of equal decisions.

    Args:
        path: of the saved ensemble.
        images: of the test split, uint8, (n, side, side, 3), RGB, 0-255.
        expected: their logits by the meta-model on the members' saved predictions, float32, (n, 1) or (n, classes).
        made_in: the precisions of the members' saved predictions.
        inference: engine and precision of the pass.
        photos: how many to take, spread evenly over the split, which lies in the order of the classes; at least 256
            where a member's predictions came through int8.

    Returns:
        As fields of `EnsemblePredictions`: how many photos went through, and, where a member's predictions came through
        int8, what the file gave for them.

    Raises:
        PipelineError: the file gives something else.
    """
    is_quantised = "int8" in made_in
    if is_quantised and photos != "all":
        photos = max(photos, QUANTISED_PHOTOS)
    rows = choose_rows(len(images), photos)
    ensemble = load_model(path, f"stack@{path.stem}")
    names = [tensor.name for tensor in ensemble.inputs]
    predictor = compile_predictor(ensemble, inference, {name: images.dtype for name in names})
    received = predictor.predict({name: images for name in names}, rows)
    agreement = compare_passes(received, compute_probabilities(expected[rows]), predictor.precision, *made_in)
    print(
        f"{path.stem}: {len(rows)} of {len(images)} test photos through the saved file ({predictor.engine}, "
        f"{predictor.precision}): {agreement.meaning} difference {agreement.difference:.1e}, {agreement.equal:.2%} of "
        "the decisions equal"
    )
    if not agreement.is_close:
        raise PipelineError(
            f"the assembled ensemble {path.stem} differs by {agreement.difference:.2g} from its parts (tolerance "
            f"{agreement.tolerance}): do models/members and data/predictions/members belong together? Run `dvc repro`, "
            "or `dvc checkout`"
        )
    counted = {"checked_photos": np.array(len(rows))}
    return {**counted, "saved_rows": rows, "saved_test": received} if is_quantised else counted
