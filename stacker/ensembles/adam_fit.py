"""The tutorial's way to fit a meta-model: Keras, mini-batches, from random weights, on probabilities."""

import numpy as np

from stacker.artifacts.curves import Epoch
from stacker.ensembles.held_out_rows import HeldOutRows, Logits
from stacker.ensembles.meta_model import build_meta_model, extract_weights
from stacker.ensembles.meta_weights import MetaWeights
from stacker.settings.meta_models import AdamMetaModel
from stacker.training.batches import Batches, encode_targets
from stacker.training.fitting import FitSettings, fit_model


def fit_by_adam(
    held_out: HeldOutRows, watched: Logits, watched_labels: np.ndarray, class_count: int, settings: AdamMetaModel
) -> tuple[MetaWeights, list[Epoch]]:
    """Fit for all epochs; the last weights are kept.

    Args:
        held_out: the rows to learn from.
        watched: by member, logits of the validation split, for the curves alone.
        watched_labels: of the validation split, int64, (n,).
        class_count: number of classes.
        settings: of the meta-model.
    """
    widths = {member: values.shape[1] for member, values in held_out.logits.items()}
    model = build_meta_model(widths, False, settings.hidden, class_count, settings.seed)
    width, rows, size = model.output_shape[-1], len(held_out.labels), settings.batch_size
    weights = held_out.weights.astype(np.float32) if held_out.is_balanced else None
    history = fit_model(
        model,
        Batches(held_out.logits, encode_targets(held_out.labels, width), np.arange(rows), size, settings.seed, weights),
        Batches(watched, encode_targets(watched_labels, width), np.arange(len(watched_labels)), size),
        FitSettings(settings.epochs, size, settings.learning_rate, seed=settings.seed),
        "meta_model",
    )
    return extract_weights(model), history
