"""What a head says of kept features."""

import keras
import numpy as np

FEATURE_ROWS = 4096  # rows at once


def predict_features(head: keras.Model, features: np.ndarray) -> np.ndarray:
    """Logits from features, without the cost of tracing a function for a few calls.

    Args:
        head: from features to logits.
        features: float32, (n, f), may be memory-mapped.

    Returns:
        float32, (n, 1) or (n, classes).
    """
    starts = range(0, len(features), FEATURE_ROWS)
    # Each to NumPy at once: on PyTorch a tensor keeps all that it was computed from.
    return np.concatenate([_predict(head, features[start : start + FEATURE_ROWS]) for start in starts])


def _predict(head: keras.Model, features: np.ndarray) -> np.ndarray:
    predicted: np.ndarray = keras.ops.convert_to_numpy(head(np.asarray(features), training=False))
    return predicted
