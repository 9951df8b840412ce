import keras
import pytest
from backend_marks import BACKEND

from stacker.training.epoch_draws import build_seeding


def test_only_pytorch_is_seeded():
    assert len(build_seeding(1)) == (BACKEND == "torch")


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
