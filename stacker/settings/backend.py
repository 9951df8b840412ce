"""The setting `backend`: what Keras runs on."""

from typing import Literal

from pydantic import TypeAdapter

from stacker.settings.reading import read_block, validate

Backend = Literal["tensorflow", "jax", "torch"]


def load_backend() -> Backend:
    """The setting, checked.

    Raises:
        PipelineError: it is missing, or no backend of Keras'.
    """
    schema: TypeAdapter[Backend] = TypeAdapter(Backend)
    return validate(schema, read_block("backend"), "backend")
