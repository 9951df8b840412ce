"""Which tests make sense on which backend of Keras: `make test-backend` runs some of them on JAX and on PyTorch."""

import os

import pytest

BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")
NEEDS_OPENVINO = pytest.mark.skipif(BACKEND != "tensorflow", reason="OpenVINO reads TensorFlow's graphs alone")
ENGINES = ["keras", pytest.param("openvino", marks=NEEDS_OPENVINO)]
