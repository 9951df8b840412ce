"""What Keras runs on: chosen by the settings, before Keras is imported."""

import os
import sys

from stacker.artifacts.errors import PipelineError
from stacker.settings.backend import load_backend

VARIABLE = "KERAS_BACKEND"


def use_backend() -> None:
    """Make Keras run on the setting `backend`: DVC tracks the setting, and no environment variable.

    Raises:
        PipelineError: the variable KERAS_BACKEND says otherwise, or Keras already runs on another backend.
    """
    backend = load_backend()
    named = os.environ.get(VARIABLE)
    if named is not None and named != backend:
        raise PipelineError(
            f"the environment says {VARIABLE}={named}, params.yaml says `backend: {backend}`: unset the variable, or "
            f"set `backend: {named}`, so that results of one backend do not pass for those of another"
        )
    keras = sys.modules.get("keras")
    if keras is not None and keras.config.backend() != backend:
        raise PipelineError(f"Keras already runs on {keras.config.backend()}, params.yaml says `backend: {backend}`")
    os.environ[VARIABLE] = backend
