import numpy as np

from stacker.scoring.scores import compute_summary
from stacker.scoring.standings import Model, choose_best_member

LABELS = np.array([0, 1, 1])
NOTHING = np.empty((0, 2))


def make_member(name, answers):
    return Model("member", name, compute_summary(LABELS, np.array(answers), np.arange(3)), NOTHING)


def test_the_best_member_has_the_lowest_held_out_log_loss_not_the_highest_accuracy():
    sure = make_member("sure", [[0.99, 0.01], [0.01, 0.99], [0.999, 0.001]])  # 2 right
    right = make_member("right", [[0.51, 0.49], [0.49, 0.51], [0.49, 0.51]])  # 3 right
    cheap = make_member("cheap", [[0.9, 0.1], [0.1, 0.9], [0.55, 0.45]])  # 2 right

    assert choose_best_member([sure, right, cheap]) == cheap
    assert choose_best_member([sure, right]) == right


def test_of_equals_the_first_is_the_best_member():
    first, second = (make_member(name, [[0.9, 0.1], [0.1, 0.9], [0.6, 0.4]]) for name in ("zebra", "aardvark"))

    assert choose_best_member([first, second]) == first
