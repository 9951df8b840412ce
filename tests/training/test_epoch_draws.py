import random

import keras
import pytest
from backend_marks import BACKEND

from stacker.training.epoch_draws import build_seeding


def test_on_tensorflow_nothing_is_seeded():
    assert len(build_seeding(1)) == (BACKEND != "tensorflow")


@pytest.mark.skipif(BACKEND == "tensorflow", reason="on TensorFlow nothing is seeded")
def test_the_order_of_batches_hangs_on_the_epoch_alone():
    def draw(epoch: int) -> float:
        (seeding,) = build_seeding(7)
        seeding.on_epoch_begin(epoch)
        return random.random()  # noqa: S311 - what Keras shuffles by

    first = draw(2)
    assert draw(3) != first
    assert draw(2) == first


@pytest.mark.skipif(BACKEND != "torch", reason="other backends draw from what is kept with the model")
def test_an_epoch_draws_the_same_whatever_was_drawn_before():
    values = keras.ops.ones((64,))

    def draw(seed: int, epoch: int) -> list[float]:
        (seeding,) = build_seeding(seed)
        seeding.on_epoch_begin(epoch)
        return keras.layers.Dropout(0.5)(values, training=True).tolist()

    first = draw(7, 2)
    assert draw(7, 3) != first
    assert draw(8, 2) != first
    assert draw(7, 2) == first
