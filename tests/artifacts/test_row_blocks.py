import numpy as np
import pytest

from stacker.artifacts.row_blocks import cut_blocks


@pytest.mark.parametrize(("rows", "width", "lengths"), [(7, 3, [3, 3, 1]), (6, 3, [3, 3]), (2, 3, [2]), (0, 3, [0])])
def test_blocks_cover_all_rows_in_order(monkeypatch, rows, width, lengths):
    monkeypatch.setattr("stacker.artifacts.row_blocks.BLOCK_VALUES", 11)

    blocks = cut_blocks(rows, width)

    assert [len(np.arange(rows)[block]) for block in blocks] == lengths
    assert np.concatenate([np.arange(rows)[block] for block in blocks]).tolist() == list(range(rows))


def test_a_row_wider_than_a_block_is_a_block(monkeypatch):
    monkeypatch.setattr("stacker.artifacts.row_blocks.BLOCK_VALUES", 2)

    assert cut_blocks(2, 5) == [slice(0, 1), slice(1, 2)]


def test_what_is_small_is_one_block():
    assert cut_blocks(2000, 10) == [slice(0, 2000)]
