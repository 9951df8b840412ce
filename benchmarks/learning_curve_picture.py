"""The picture of the learning curve, for the README."""

from collections.abc import Mapping

import matplotlib
import numpy as np

from benchmarks.measure import ROOT
from benchmarks.paired_splits import Score

PICTURE = ROOT / "docs" / "images" / "learning_curve.png"
STYLES = {  # Okabe and Ito: told apart by the colour-blind, too
    "ensemble": ("#000000", "o", 2.5),
    "geometric mean": ("#0072B2", "s", 1.5),
    "mean": ("#56B4E9", "D", 1.5),
    "features": ("#009E73", "^", 1.5),
    "best member": ("#E69F00", "v", 1.5),
    "Dense heads, mean of logits": ("#CC79A7", "X", 1.5),
}
SPREAD = 0.012  # between the models at one size, of its decade: their error bars shall not hide one another


def draw_curves(curve: Mapping[int, Mapping[str, list[Score]]]) -> None:
    """Accuracy and log loss by photos a class, with the standard error over the draws."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    for axis, metric in zip(axes, ("accuracy", "log_loss"), strict=True):
        for place, (model, (colour, marker, width)) in enumerate(STYLES.items()):
            values = np.array([[getattr(entry, metric) for entry in scores[model]] for scores in curve.values()])
            sizes = np.array(list(curve)) * 10 ** (SPREAD * (place - len(STYLES) / 2))
            errors = values.std(axis=1, ddof=1) / np.sqrt(values.shape[1])
            axis.errorbar(
                sizes,
                values.mean(axis=1),
                yerr=errors,
                color=colour,
                marker=marker,
                linewidth=width,
                markersize=5,
                capsize=2,
                label=model,
                zorder=10 - place,
            )
        axis.set_xscale("log")
        axis.set_xticks(list(curve), [str(size) for size in curve])
        axis.minorticks_off()
        axis.set_xlabel("photos a class to learn from")
        axis.set_title(metric.replace("_", " "))
        axis.grid(alpha=0.3)
    axes[1].set_ylim(bottom=0)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(PICTURE, dpi=100, metadata={"Software": None})
    pyplot.close(figure)
