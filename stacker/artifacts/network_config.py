"""Look through the description of a network, JSON in the `.h5`, before Keras builds anything by it.

Keras makes objects of whatever class the JSON names: a Lambda runs code of the file's maker (CVE-2025-9905), a
registered object runs code of whoever registered it, other layers read files. What is on the list below calculates,
and does nothing else: it is what backbones, heads and meta-models are made of.
"""

import json
from typing import Any

from stacker.artifacts.hdf5_check import Refused

MOST_CHARACTERS = 64 * 1024 * 1024  # twenty members of the largest backbone take thirty

LAYERS = """
    Activation Add Average AveragePooling2D BatchNormalization Concatenate Conv2D Cropping1D Cropping2D Dense
    DepthwiseConv2D Dropout ELU Flatten Functional GlobalAveragePooling2D GlobalMaxPooling2D InputLayer
    LayerNormalization LeakyReLU MaxPooling2D Maximum Minimum Model MultiHeadAttention Multiply Normalization PReLU
    Permute ReLU Rescaling Reshape SeparableConv2D Sequential Softmax SpatialDropout2D Subtract UpSampling2D
    ZeroPadding1D ZeroPadding2D
"""
PARTS = """
    __keras_tensor__ __tuple__ DTypePolicy
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones Orthogonal
    RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
    L1 L1L2 L2 MaxNorm MinMaxNorm NonNeg UnitNorm
"""
CLASSES = frozenset((LAYERS + PARTS).split())


def check_config(text: str) -> None:
    """See that a network is made of nothing but what calculates.

    Args:
        text: as Keras writes it.

    Raises:
        Refused: it is no JSON, is too long or too deep, or names something else.
    """
    if len(text) > MOST_CHARACTERS:
        raise Refused(f"its network is described in {len(text):,} characters, at most {MOST_CHARACTERS:,} are read")
    try:
        json.loads(text, object_hook=_check_object)
    except (ValueError, RecursionError) as error:
        raise Refused(f"its network is no JSON that can be read ({' '.join(str(error).split())})") from None


def _check_object(part: dict[str, Any]) -> dict[str, Any]:
    name = part.get("class_name")
    if name is not None and (not isinstance(name, str) or name not in CLASSES):
        raise Refused(f"its network has a part of the class {str(name)[:80]!r}, which may run code or read files")
    if part.get("registered_name") is not None:
        raise Refused(f"its network has a registered object, {str(part['registered_name'])[:80]!r}, which may run code")
    return part
