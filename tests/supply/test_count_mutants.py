"""The shares that `make mutants` ends with."""

from tools.count_mutants import count_results

RESULTS = """
    stacker.scoring.scores.x_compute__mutmut_1: killed
    stacker.scoring.scores.x_compute__mutmut_2: survived
    stacker.scoring.scores.x_compute__mutmut_3: timeout
    stacker.splits.drawing.x_draw__mutmut_1: no tests
    stacker.splits.drawing.x_draw__mutmut_2: not checked
"""


def test_a_mutant_that_no_test_runs_counts_as_unnoticed_and_one_not_tried_does_not_count():
    counts, unnoticed = count_results(RESULTS)

    assert counts == {("scoring", True): 2, ("scoring", False): 1, ("splits", False): 1}
    assert unnoticed == [
        "stacker.scoring.scores.x_compute__mutmut_2: survived",
        "stacker.splits.drawing.x_draw__mutmut_1: no tests",
    ]
