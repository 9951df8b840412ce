"""What a backend of Keras' cannot do, as far as settings alone can tell."""

from collections.abc import Iterator, Mapping

from stacker.settings.backend import Backend
from stacker.settings.inference import Inference
from stacker.settings.members import Member


def list_beyond_backend(backend: Backend, members: Mapping[str, Member], inference: Inference) -> Iterator[str]:
    """A line for each setting that the backend does not serve, and what to do."""
    for label, member in members.items():
        yield from _check_training(backend, label, member)
    if backend == "tensorflow":
        return
    if inference.engine == "openvino":
        yield (
            f"inference.engine: openvino needs `backend: tensorflow`, received {backend}: set `inference.engine: auto`"
        )
    if inference.precision in ("bfloat16", "int8"):
        yield (
            f"inference.precision: {inference.precision} needs OpenVINO, which runs with `backend: tensorflow` alone, "
            f"received {backend}: set `inference.precision: float32`"
        )


def _check_training(backend: Backend, label: str, member: Member) -> Iterator[str]:
    training = member.training
    if backend == "tensorflow" and training.jit_compile is True:
        yield (
            f"members.{label}: training.jit_compile: true does nothing on TensorFlow, where Keras leaves XLA out while "
            "equal runs are to give equal bytes: set it to auto, or take `backend: jax`"
        )
    if training.distribution == "data_parallel":
        yield from _check_distribution(backend, label, training.jit_compile is False)
    if backend != "tensorflow" and training.precision == "auto_bfloat16":
        yield (
            f"members.{label}: training.precision: auto_bfloat16 needs `backend: tensorflow`, received {backend}: set "
            "float32 or mixed_bfloat16"
        )


def _check_distribution(backend: Backend, label: str, is_eager: bool) -> Iterator[str]:
    if backend != "jax":
        yield (
            f"members.{label}: training.distribution: data_parallel needs `backend: jax`, received {backend}: set it "
            "to single"
        )
    elif is_eager:
        yield (
            f"members.{label}: training.distribution: data_parallel needs a compiled fit, received "
            "`training.jit_compile: false`: set it to auto"
        )
