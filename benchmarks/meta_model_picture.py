"""A picture of how the new meta-model stands: a row a cell."""

from collections.abc import Mapping

import matplotlib
import numpy as np

from benchmarks.cells import Outcome
from benchmarks.meta_model_bars import find_best
from benchmarks.paired_splits import measure_difference
from benchmarks.results import FOLDER

PICTURE = FOLDER / "meta_models.png"
BLUE, ORANGE = "#0072B2", "#D55E00"  # Okabe and Ito: told apart by the colour-blind, too
AGAINST = {"best simple combination": (BLUE, "o", -0.14), "old meta-model": (ORANGE, "s", 0.14)}


def draw_differences(outcomes: Mapping[str, Outcome]) -> None:
    """Log loss and accuracy of the new one less those of the best simple combination and the old one, by cell."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(13, 1.6 + 0.5 * len(outcomes)), sharey=True, layout="constrained")
    for axis, metric in zip(axes, ("log_loss", "accuracy"), strict=True):
        for name, (colour, marker, shift) in AGAINST.items():
            points = [compare(outcome, name, metric) for outcome in outcomes.values()]
            means, errors = (np.array(values) for values in zip(*points, strict=True))
            places = np.arange(len(points)) + shift
            axis.errorbar(means, places, xerr=2 * errors, fmt=marker, color=colour, label=name, capsize=3)
        axis.axvline(0, color="grey", linewidth=1)
        axis.grid(axis="x", alpha=0.3)
    axes[0].set_yticks(range(len(outcomes)), list(outcomes))
    axes[0].invert_yaxis()
    axes[0].set_xlabel("log loss, % of the rival's   (left of 0: the new one is better)")
    axes[1].set_xscale("symlog", linthresh=1)  # one cell is tens of points away
    axes[1].set_xticks([-10, -1, 0, 1, 10, 50], ["-10", "-1", "0", "+1", "+10", "+50"])
    axes[1].set_xlabel("accuracy, percentage points   (right of 0: the new one is better)")
    title = "the new meta-model less the ... (bars: 2 standard errors to each side)"
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, title=title)
    figure.savefig(PICTURE, dpi=100, metadata={"Software": None})
    pyplot.close(figure)


def compare(outcome: Outcome, name: str, metric: str) -> tuple[float, float]:
    """The mean difference and its standard error: log loss in per cent of the rival's, accuracy in points."""
    rival = "old" if name.startswith("old") else find_best(outcome, metric)
    mean, error = measure_difference(outcome.take("new", metric), outcome.take(rival, metric))
    unit = 1.0 if metric == "accuracy" else float(np.mean(outcome.take(rival, metric)))
    return 100 * mean / unit, 100 * error / unit
