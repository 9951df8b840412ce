import numpy as np

from stacker.scoring.standings import choose_best_member


def test_best_member_has_the_highest_accuracy_then_the_lowest_loss():
    labels = np.array([0, 1, 1])
    sure, unsure = np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1]]), np.array([[0.6, 0.4], [0.4, 0.6], [0.6, 0.4]])
    right = np.array([[0.51, 0.49], [0.49, 0.51], [0.49, 0.51]])

    assert choose_best_member({"sure": sure, "unsure": unsure}, labels) == "unsure"  # its mistake is cheaper
    assert choose_best_member({"sure": sure, "right": right, "unsure": unsure}, labels) == "right"
