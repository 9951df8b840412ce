"""When Keras is to compile what it trains: XLA on JAX, which runs step by step without it."""

from typing import Literal

import keras

JitCompile = bool | Literal["auto"]


def choose_compilation(setting: JitCompile) -> bool:
    """Resolve "auto": compile on JAX alone.

    Without, JAX sends every operation to the machine by itself, twenty times as slowly as TensorFlow's graph. On
    TensorFlow, Keras compiles nothing with XLA while operations are to be deterministic.
    """
    return keras.backend.backend() == "jax" if setting == "auto" else setting


def choose_steps(steps: int) -> int:
    """How many batches Keras may run at a time: PyTorch runs one."""
    return 1 if keras.backend.backend() == "torch" else steps


def allow_compilation(layer: keras.layers.Layer) -> keras.layers.Layer:
    """Let a random layer be compiled on JAX; returns it.

    Keras marks those that turn, shift or zoom as not to be compiled, which TensorFlow cannot, and leaves the whole
    network uncompiled with them. What they do on JAX is compiled as anything else is.
    """
    if keras.backend.backend() == "jax":
        layer.supports_jit = True
    return layer
