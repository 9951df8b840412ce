"""Turn an OpenVINO network into one that counts in 8-bit integers, by post-training quantisation.

The steps of its scales are set from photos (Nagel et al. 2021, A White Paper on Neural Network Quantization,
arXiv:2106.08295); NNCF does the work.
"""

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.inference.agreement import choose_rows

CALIBRATION_PHOTOS = 300
INT8_ADVICE = "install the extra `int8`: pip install --require-hashes -r requirements.lock -r locks/int8.lock"


def quantise(network: Any, photos: Mapping[str, np.ndarray], kept: Sequence[str] = ()) -> Any:
    """The network in 8-bit integers; equal arguments give equal ones.

    Args:
        network: an `openvino.Model` that takes any number of photos, in float32 or uint8.
        photos: by input name, those of the train split, uint8, (n, side, side, 3), RGB, 0-255; some, spread evenly, are
            pushed through the network.
        kept: names of its operations that stay in float32.

    Raises:
        PipelineError: the extra is not installed.
    """
    os.environ["NNCF_CI"] = "1"  # or it reports its use over the network
    try:
        import nncf
    except ImportError as error:
        raise PipelineError(f"inference.precision: int8 needs NNCF, which is not installed: {INT8_ADVICE}") from error
    nncf.set_log_level(logging.ERROR)
    dtypes = {name: network.input(name).get_element_type().to_dtype() for name in photos}

    def take(row: int) -> dict[str, np.ndarray]:
        return {name: values[row : row + 1].astype(dtypes[name]) for name, values in photos.items()}

    rows = choose_rows(len(next(iter(photos.values()))), CALIBRATION_PHOTOS).tolist()
    ignored = nncf.IgnoredScope(names=list(kept)) if kept else None
    with redirect_stdout(sys.stderr):  # its bars, which go where ours do
        return nncf.quantize(network, nncf.Dataset(rows, take), subset_size=len(rows), ignored_scope=ignored)
