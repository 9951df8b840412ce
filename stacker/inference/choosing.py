"""What `auto` means on this machine: which engine, and in which precision."""

import os
from pathlib import Path

import keras

from stacker.settings.inference import Inference

CPU_INFO = Path("/proc/cpuinfo")  # Linux alone has it; AMX is in servers, which run Linux
WITHOUT_LIMIT = ("", "ALL", "DEFAULT")  # values of the variable that holds oneDNN back from newer instructions


def choose_engine(engine: str) -> str:
    """Resolve "auto": OpenVINO where Keras runs on TensorFlow without an accelerator, else Keras.

    OpenVINO reads TensorFlow's graphs. Of what Keras exports from JAX it takes none.
    """
    if engine != "auto":
        return engine
    return "openvino" if keras.backend.backend() == "tensorflow" and not has_accelerator() else "keras"


def has_accelerator() -> bool:
    """Has the backend of Keras a GPU or TPU to run on?"""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return bool(jax.default_backend() != "cpu")  # Keras' own `list_devices` raises where there is none
    if backend == "torch":
        import torch

        return bool(torch.accelerator.is_available())  # Keras has no `list_devices` for it
    return bool(keras.distribution.list_devices("gpu") or keras.distribution.list_devices("tpu"))


def has_amx() -> bool:
    """Has this CPU AMX, the matrix unit on which bfloat16 is several times faster than float32?

    A CPU with AVX-512's bfloat16 alone is slower in it.
    """
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
    if limit not in WITHOUT_LIMIT and "AMX" not in limit:
        return False
    return CPU_INFO.exists() and "amx_bf16" in CPU_INFO.read_text(encoding="utf-8").split()


def settle_precision(inference: Inference, made_in: str = "", can_quantise: bool = False) -> Inference:
    """Resolve the precision "auto": bfloat16 where OpenVINO runs on a CPU with AMX, else float32.

    Args:
        inference: the block as it is written.
        made_in: the precision that is settled already, as of kept features; empty where none is.
        can_quantise: is int8 meant for what is to run? If not, that runs in float32, as saved files do.
    """
    precision: str = inference.precision
    if precision == "auto":
        is_faster = has_amx() and choose_engine(inference.engine) == "openvino"
        precision = made_in or ("bfloat16" if is_faster else "float32")
    if precision == "int8" and not can_quantise:
        precision = "float32"
    return inference.model_copy(update={"precision": precision})
