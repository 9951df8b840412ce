import numpy as np
import pytest

from stacker.splits.splitting import draw_rows

LABELS = np.repeat([0, 1, 2], [100, 60, 20])
SINGLE = np.arange(len(LABELS))


def test_draw_rows_is_stratified():
    rows = draw_rows(LABELS, SINGLE, 0.25, seed=0)

    assert np.bincount(LABELS[rows]).tolist() == [25, 15, 5]
    assert np.array_equal(rows, np.unique(rows))


def test_draw_rows_depends_on_the_seed_alone():
    first, again, other = (draw_rows(LABELS, SINGLE, 0.25, seed) for seed in (3, 3, 4))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_draw_rows_draws_at_least_one_of_every_class():
    assert np.bincount(LABELS[draw_rows(LABELS, SINGLE, 0.001, seed=0)]).tolist() == [1, 1, 1]


@pytest.mark.parametrize("seed", range(5))
def test_draw_rows_takes_groups_whole(seed):
    groups = SINGLE // 3

    rows = draw_rows(LABELS, groups, 0.3, seed)

    left = np.setdiff1d(SINGLE, rows)
    assert not set(groups[rows]) & set(groups[left])
    assert abs(len(rows) / len(LABELS) - 0.3) < 0.05
