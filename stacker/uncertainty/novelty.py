"""How unlike the training photos is a photo? From the features of a backbone, without any label.

Features of length 1, projected at random to fewer dimensions, lie around their mean like a Gaussian; measured is the
squared Mahalanobis distance from it (Lee et al., "A simple unified framework for detecting out-of-distribution samples
and adversarial attacks", 2018; features of length 1: Müller and Hein, "Mahalanobis++", 2025). A random projection keeps
distances (Johnson and Lindenstrauss, 1984), needs no file, and leaves a matrix that is small enough to be kept with the
model. The covariance is shrunk (Ledoit and Wolf, 2004), so that few photos do.
"""

import base64
import functools
import math
from typing import NamedTuple

import numpy as np

from stacker.artifacts.descriptions import FamiliarBytes

DIMENSIONS = 128  # on cats and dogs 64 let 10 times as many pictures of other things pass, 256 none less
MOST_ROWS = 4096  # of the training photos: 32 a dimension are enough for a covariance
LEVEL = 0.98  # the share of photos like the training ones that are not called novel
SEED = 0


class Familiar(NamedTuple):
    """What a member knows of the photos that it was trained on.

    Attributes:
        centre: float32, (d,), the mean of the projected features.
        whitening: float32, (d, d), lower triangle: it makes their covariance the identity.
        scale: the squared distance of a typical photo, which becomes a novelty of 1.
    """

    centre: np.ndarray
    whitening: np.ndarray
    scale: float


def learn_familiar(learnt: np.ndarray, unseen: np.ndarray) -> Familiar:
    """What photos like the training photos look like.

    Args:
        learnt: float32, (m, f), features of training photos, may be memory-mapped; of many, some are taken.
        unseen: float32, (n, f), features of other ones: their median novelty becomes 1.
    """
    rows = np.arange(min(len(learnt), MOST_ROWS)) * len(learnt) // min(len(learnt), MOST_ROWS)
    projected = _project(learnt[rows])
    centre = projected.mean(axis=0)
    covariance = np.zeros((len(centre), len(centre)))
    if len(projected) > 1:
        from sklearn.covariance import ledoit_wolf  # what only looks up novelty need not wait for it

        covariance, _ = ledoit_wolf(projected - centre, assume_centered=True)
    floor = 1e-6 * max(float(np.trace(covariance)) / len(covariance), 1e-12)  # equal features have no spread at all
    whitening = np.linalg.inv(np.linalg.cholesky(covariance + floor * np.eye(len(covariance))))
    familiar = Familiar(centre.astype(np.float32), np.tril(whitening).astype(np.float32), 1.0)
    return familiar._replace(scale=max(float(np.median(measure_novelty(unseen, familiar))), 1e-12))


def measure_novelty(features: np.ndarray, familiar: Familiar) -> np.ndarray:
    """How unlike the training photos each photo is.

    Args:
        features: float32, (n, f), may be memory-mapped.
        familiar: what `learn_familiar` gave of the same backbone.

    Returns:
        float32, (n,): 1 is typical of photos like the training ones; not negative.
    """
    whitening = familiar.whitening.astype(np.float64).T
    novelty = np.empty(len(features), np.float32)
    for start in range(0, len(features), MOST_ROWS):  # so that memory does not grow with their number
        block = slice(start, start + MOST_ROWS)
        white = (_project(features[block]) - familiar.centre) @ whitening
        novelty[block] = (white**2).sum(axis=1) / familiar.scale
    return novelty


def find_novelty_threshold(novelty: np.ndarray) -> float | None:
    """The novelty above which a photo is called unlike the training ones, as a conformal quantile at `LEVEL`.

    Args:
        novelty: float32, (n,), of photos like the training ones that the model has not learnt.

    Returns:
        None where n is too small to tell one photo in fifty from the others.
    """
    rank = math.ceil(round((len(novelty) + 1) * LEVEL, 9))
    return float(np.sort(novelty)[rank - 1]) if rank <= len(novelty) else None


def pack_familiar(familiar: Familiar) -> FamiliarBytes:
    """The same as bytes, for the model's file."""
    lower = np.tril_indices(len(familiar.centre))
    centre, whitening = (
        base64.b64encode(values.astype("<f4").tobytes()) for values in (familiar.centre, familiar.whitening[lower])
    )
    return FamiliarBytes(dimensions=len(familiar.centre), centre=centre, whitening=whitening, scale=familiar.scale)


def unpack_familiar(packed: FamiliarBytes) -> Familiar:
    """What `pack_familiar` was given."""
    whitening = np.zeros((packed.dimensions, packed.dimensions), np.float32)
    whitening[np.tril_indices(packed.dimensions)] = np.frombuffer(packed.whitening, "<f4")
    return Familiar(np.frombuffer(packed.centre, "<f4"), whitening, packed.scale)


def _project(features: np.ndarray) -> np.ndarray:
    """Features, (n, f), made 1 long, in fewer dimensions: float64, (n, d)."""
    values = features.astype(np.float64)
    values /= np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    width = values.shape[1]
    if width <= DIMENSIONS:
        return np.asarray(values)
    return np.asarray(values @ draw_projection(width))


@functools.cache
def draw_projection(width: int) -> np.ndarray:
    """The random projection of features, float64, (width, `DIMENSIONS`): the same in every process."""
    # RandomState: NumPy promises its stream for good (NEP 19), so that another version reads the same file alike
    return np.asarray(np.random.RandomState(SEED).standard_normal((width, DIMENSIONS)))
