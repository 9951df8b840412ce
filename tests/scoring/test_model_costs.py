import numpy as np
import pytest
from helpers import make_predictions

from stacker.scoring.model_costs import ModelCost, add_costs, read_cost, shorten_count


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 "),
        (999, "999 "),
        (1000, "1 k"),
        (999_499, "999 k"),
        (999_500, "1 M"),
        (24_123_456, "24.1 M"),
        (2_500_000_000_000, "2.5e+03 G"),
    ],
)
def test_a_count_has_three_digits(number, shown):
    assert shorten_count(number) == shown


def test_a_cost_is_shown_with_its_units():
    assert ModelCost(24_123_456, 4.5678, 97_400_000).shown == ("24.1 M", "97.4 MB", "4.57")


def test_costs_add_up_unless_one_is_not_known():
    first, second = ModelCost(10, 0.5, 100), ModelCost(3, 0.25, 40)

    assert add_costs([first, second]) == ModelCost(13, 0.75, 140)
    assert add_costs([first, None]) is None


def test_a_cost_is_read_from_predictions_and_is_unknown_where_nothing_was_counted():
    counted = {"parameters": np.array(7), "gflop": np.array(0.5), "file_bytes": np.array(90)}

    assert read_cost(make_predictions(**counted)) == ModelCost(7, 0.5, 90)
    assert read_cost(make_predictions()) is None


def test_a_files_size_is_read_to_four_digits():
    counted = {"parameters": np.array(7), "gflop": np.array(0.5), "file_bytes": np.array(181_191_667)}

    assert read_cost(make_predictions(**counted)).file_bytes == 181_200_000
