import numpy as np

from stacker.scoring.rows import Rows
from stacker.scoring.standings import Model, choose_best_member

LABELS = np.array([0, 1, 1])
NOTHING = np.empty((0, 2))


def test_the_best_member_has_the_lowest_held_out_log_loss_not_the_highest_accuracy():
    sure = Model("member", "sure", np.array([[0.99, 0.01], [0.01, 0.99], [0.999, 0.001]]), NOTHING)  # 2 right
    right = Model("member", "right", np.array([[0.51, 0.49], [0.49, 0.51], [0.49, 0.51]]), NOTHING)  # 3 right
    cheap = Model("member", "cheap", np.array([[0.9, 0.1], [0.1, 0.9], [0.55, 0.45]]), NOTHING)  # 2 right

    assert choose_best_member([sure, right, cheap], Rows(LABELS, np.arange(3))) == cheap
    assert choose_best_member([sure, right], Rows(LABELS, np.arange(3))) == right


def test_of_equals_the_first_is_the_best_member():
    answers = np.array([[0.9, 0.1], [0.1, 0.9], [0.6, 0.4]])
    first, second = (Model("member", name, answers, NOTHING) for name in ("zebra", "aardvark"))

    assert choose_best_member([first, second], Rows(LABELS, np.arange(3))) == first
