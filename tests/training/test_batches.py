import numpy as np
import pytest

from stacker.training.batches import Batches

ROWS = np.array([1, 2, 3, 5, 8, 13, 21])
VALUES = np.arange(30, dtype=np.uint8)[:, np.newaxis]
TARGETS = np.arange(30, dtype=np.float32)[:, np.newaxis] * 10


def read_epoch(batches: Batches) -> list[list[int]]:
    epoch = [batches[number][0][:, 0].astype(int).tolist() for number in range(len(batches))]
    batches.on_epoch_end()
    return epoch


def test_every_row_comes_once_an_epoch():
    batches = Batches(VALUES, TARGETS, ROWS, 3, seed=0)

    for _ in range(3):
        epoch = read_epoch(batches)
        assert sorted(sum(epoch, [])) == ROWS.tolist()
        assert [len(batch) for batch in epoch] == [3, 3, 1]


def test_the_order_differs_between_epochs_and_is_the_same_for_the_same_seed():
    first, again, other = (Batches(VALUES, TARGETS, ROWS, 2, seed) for seed in (1, 1, 2))

    epochs = [read_epoch(first) for _ in range(3)]
    assert epochs == [read_epoch(again) for _ in range(3)]
    assert len({str(epoch) for epoch in epochs}) == 3
    assert epochs != [read_epoch(other) for _ in range(3)]


def test_the_order_is_kept_without_a_seed():
    batches = Batches(VALUES, TARGETS, ROWS, 3)

    assert read_epoch(batches) == read_epoch(batches) == [[1, 2, 3], [5, 8, 13], [21]]


def test_the_rows_given_are_left_as_they_are():
    rows = ROWS.copy()

    read_epoch(Batches(VALUES, TARGETS, rows, 3, seed=0))

    np.testing.assert_array_equal(rows, ROWS)


def test_targets_and_weights_belong_to_the_rows():
    weights = np.arange(30, dtype=np.float32) * 100
    batches = Batches(VALUES, TARGETS, ROWS, 4, seed=0, weights=weights)

    for number in range(len(batches)):
        inputs, targets, received = batches[number]
        np.testing.assert_array_equal(targets, inputs * 10)
        np.testing.assert_array_equal(received, inputs[:, 0] * 100)


def test_inputs_by_name_are_fed_by_name():
    inputs, targets = Batches({"a": VALUES, "b": VALUES + 100}, TARGETS, ROWS, 4, seed=0)[0]

    np.testing.assert_array_equal(inputs["b"], inputs["a"] + 100)
    np.testing.assert_array_equal(targets, inputs["a"] * 10)
    assert inputs["a"].dtype == np.float32


@pytest.mark.parametrize("seed", [None, 0])
def test_a_memory_map_is_never_read_whole(tmp_path, seed):
    np.save(tmp_path / "images.npy", np.zeros((1000, 4, 4, 3), np.uint8))
    images = np.load(tmp_path / "images.npy", mmap_mode="r")

    batches = Batches(images, np.zeros((1000, 1), np.float32), np.arange(1000), 10, seed)

    assert batches.inputs is images
    assert isinstance(batches.inputs, np.memmap)
    assert batches[0][0].shape == (10, 4, 4, 3)


def test_the_shuffling_goes_on_from_where_it_was_read():
    batches, later = (Batches(VALUES, TARGETS, ROWS, 3, seed=4) for _ in range(2))
    read_epoch(batches)
    shuffle = batches.read_shuffle()
    expected = [read_epoch(batches) for _ in range(3)]

    later.restore_shuffle(shuffle)

    assert [read_epoch(later) for _ in range(3)] == expected


def test_batches_without_a_seed_have_an_order_to_restore_and_no_generator():
    shuffle = Batches(VALUES, TARGETS, ROWS, 3).read_shuffle()
    batches = Batches(VALUES, TARGETS, ROWS, 3)
    batches.restore_shuffle(shuffle)

    assert shuffle.generator is None
    assert read_epoch(batches) == [[1, 2, 3], [5, 8, 13], [21]]
