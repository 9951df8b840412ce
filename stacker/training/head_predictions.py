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
    parts = [head(np.asarray(features[start : start + FEATURE_ROWS]), training=False) for start in starts]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])
