"""The block `inference`: how a network that is not being trained runs."""

from typing import Literal

from pydantic import TypeAdapter

from stacker.settings.reading import read_block, validate
from stacker.settings.sections import Count, Section


class Inference(Section):
    engine: Literal["auto", "keras", "openvino"] = "auto"
    precision: Literal["auto", "float32", "bfloat16", "int8"] = "float32"
    batch_size: Count = 32


def load_inference() -> Inference:
    """The block `inference`, checked.

    Raises:
        PipelineError: naming each wrong setting.
    """
    return validate(TypeAdapter(Inference), read_block("inference"), "inference")
