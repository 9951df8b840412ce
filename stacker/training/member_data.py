"""What a member is trained on."""

from typing import NamedTuple

import numpy as np

from stacker.artifacts.arrays import SPLITS, load_classes, load_images, load_labels
from stacker.artifacts.features import load_features, read_provenance


class MemberData(NamedTuple):
    """What a member is trained on, by split.

    Attributes:
        images: uint8, (n, side, side, 3), RGB, 0-255.
        labels: int64, (n,), of train and validation: no member sees a label of the test split.
        features: float32, (n, f), or empty where the backbone is trainable from the start.
        class_count: number of classes.
        precision: in which the features were made; empty where there are none.
    """

    images: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]
    features: dict[str, np.ndarray]
    class_count: int
    precision: str = ""


def load_member_data(label: str, has_features: bool) -> MemberData:
    """All that a member is trained on; images and features stay on disk, memory-mapped."""
    return MemberData(
        images={split: load_images(split) for split in SPLITS},
        labels={split: load_labels(split) for split in ("train", "validation")},
        features={split: load_features(label, split) for split in SPLITS} if has_features else {},
        class_count=len(load_classes()),
        precision=read_provenance(label)["precision"] if has_features else "",
    )
