"""Small labels and probabilities whose scores are worked out by hand in tests/scoring/test_scores.py."""

import numpy as np

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
SECOND = np.array([0.1, 0.2, 0.6, 0.3, 0.9, 0.8, 0.4, 0.7])
BINARY = np.stack([1 - SECOND, SECOND], axis=1)

THREE_LABELS = np.array([0, 0, 1, 1, 2, 2])
THREE = np.array([[0.7, 0.2, 0.1], [0.4, 0.5, 0.1], [0.1, 0.8, 0.1], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8], [0.5, 0.2, 0.3]])
