"""Pictures of curves: how the models learnt, and what they trade off on the test split."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from sklearn import metrics

from stacker.pictures.look import choose_styles, shorten
from stacker.scoring.standings import Model

Curve = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
TRAIN, VALIDATION = "#332288", "#CC6677"
COLUMNS = 4


def draw_learning_curves(histories: Mapping[str, Mapping[str, Sequence[str]]]) -> Figure:
    """Accuracy above loss for every model, training and validation; a dot on what was kept, a dotted line at a phase.

    Args:
        histories: by model, columns as `read_history` gives them.
    """
    columns = min(COLUMNS, len(histories))
    blocks = -(-len(histories) // columns)
    figure = Figure((max(3.2 * columns, 5), 4.2 * blocks + 0.6), layout="constrained")
    for number, (model, history) in enumerate(histories.items()):
        position = number // columns * 2 * columns + number % columns + 1
        above = figure.add_subplot(2 * blocks, columns, position)
        below = figure.add_subplot(2 * blocks, columns, position + columns, sharex=above)
        above.set_title(shorten(model, 30), fontweight="bold")
        above.tick_params(labelbottom=False)
        below.set_xlabel(_name_axis(history))
        for axes, name in ((above, "accuracy"), (below, "loss")):
            _draw_history(axes, history, name)
            if number % columns == 0:
                axes.set_ylabel(name)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2)
    return figure


def _name_axis(history: Mapping[str, Sequence[str]]) -> str:
    """What a line of the curves is: a fit to an optimum has iterations, or was made for several penalties."""
    if history["learning_rate"][-1]:
        return "epoch"
    return "C" if history["strength"][-1] else "iteration"


def _draw_history(axes: Axes, history: Mapping[str, Sequence[str]], name: str) -> None:
    is_path = bool(history["strength"][-1])
    epochs = [float(value) for value in history["strength" if is_path else "epoch"]]
    kept = [number for number, value in enumerate(history["kept"]) if value == "1"]
    for column, label, colour, dashes in (
        (name, "training", TRAIN, "-"),
        (f"val_{name}", "validation", VALIDATION, "--"),
    ):
        values = [float(value) for value in history[column]]
        axes.plot(epochs, values, dashes, color=colour, label=label, marker="o", markevery=kept)
    phases = history["phase"]
    for number in range(1, len(phases)):
        if phases[number] != phases[number - 1]:
            axes.axvline(epochs[number] - 0.5, color="#777777", linestyle=":")
            if name == "accuracy":
                axes.annotate(
                    phases[number].replace("_", " "),
                    (epochs[number] - 0.5, 0.02),
                    (3, 0),
                    xycoords=("data", "axes fraction"),
                    textcoords="offset points",
                    fontsize=7,
                )
    if is_path:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=4))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")  # text is drawn as it is, without mathematics
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="#eeeeee")


def draw_roc(models: Sequence[Model], labels: np.ndarray, classes: Sequence[str]) -> Figure:
    """ROC of all models: whole, and the corner where good models differ.

    Args:
        models: probabilities float64, (n, k).
        labels: int64, (n,).
        classes: the k class names.
    """

    def trace(truth: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        false_positive, true_positive, _ = metrics.roc_curve(truth, score)
        return false_positive, true_positive

    names = ("false positive rate", "true positive rate")
    return _draw_curves(models, labels, trace, names, metrics.roc_auc_score, f"ROC AUC of {_name_question(classes)}")


def draw_precision_recall(models: Sequence[Model], labels: np.ndarray, classes: Sequence[str]) -> Figure:
    """Precision over recall of all models: whole, and the corner; arguments as in `draw_roc`."""

    def trace(truth: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        precision, recall, _ = metrics.precision_recall_curve(truth, score)
        return recall, precision

    title = f"average precision of {_name_question(classes)}"
    return _draw_curves(models, labels, trace, ("recall", "precision"), metrics.average_precision_score, title)


def _draw_curves(
    models: Sequence[Model],
    labels: np.ndarray,
    trace: Curve,
    names: tuple[str, str],
    score: Callable[[np.ndarray, np.ndarray], float],
    title: str,
) -> Figure:
    styles = choose_styles(models)
    figure = Figure((11, 5.2 + 0.2 * -(-len(models) // 2)), layout="constrained")
    whole, corner = figure.subplots(1, 2)
    ends: list[float] = []
    for model in models:
        truth, probability = _binarise(labels, model.test)
        x, y = trace(truth, probability)
        label = f"{shorten(model.title, 32)}  {score(truth, probability):.4f}"
        for axes in (whole, corner):
            axes.plot(
                x, y, drawstyle="steps-post" if names[1] == "precision" else None, label=label, **styles[model.title]
            )
        ends.append(_find_corner(x, y, names[1]))
    span = min(1.0, max(0.05, 2.5 * sorted(ends)[len(ends) // 2]))
    low, high = (-0.03 * span, span) if names[1] != "precision" else (1 - span, 1 + 0.03 * span)
    corner.set(xlim=(low, high), ylim=(1 - span, 1 + 0.03 * span), title="the corner, enlarged")
    whole.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), title="whole")
    for axes in (whole, corner):
        axes.set(xlabel=names[0], ylabel=names[1])
        axes.grid(color="#eeeeee")
    handles, texts = whole.get_legend_handles_labels()
    figure.legend(handles, texts, loc="outside lower center", ncols=2, title=title, handlelength=4)
    return figure


def _name_question(classes: Sequence[str]) -> str:
    """What the scores of `_binarise` answer."""
    return classes[1] if len(classes) == 2 else "all classes, one against the rest, micro-averaged"


def _binarise(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Truth and score of the second class; for more classes than two, all one-vs-rest questions in one array."""
    classes = probabilities.shape[1]
    if classes == 2:
        return labels, probabilities[:, 1]
    return np.eye(classes)[labels].ravel(), probabilities.ravel()


def _find_corner(x: np.ndarray, y: np.ndarray, vertical: str) -> float:
    """How far from the ideal corner the curve passes: the larger of its two distances there."""
    across = x if vertical != "precision" else 1 - x
    return float(np.maximum(across, 1 - y).min())
