"""ROC and precision-recall: what each model trades off on the test split."""

import textwrap
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn import metrics

from stacker.pictures.class_table import count_rows, draw_class_table
from stacker.pictures.look import WIDTH, choose_styles, shorten
from stacker.scoring.standings import Model

SMALLEST_CORNER = 0.05
MOST_POINTS = 10_000  # of a curve: of many classes and rows there are millions, which fill the memory unseen


class TradeOff(NamedTuple):
    """A kind of curve.

    Attributes:
        trace: x and y from truth and score.
        score: the area under it.
        area: the name of that score.
        x: name of an axis.
        y: name of an axis.
    """

    trace: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    score: Callable[..., np.ndarray]
    area: str
    x: str
    y: str

    @property
    def is_rising(self) -> bool:
        """Is the best place at x = 0?"""
        return self.x == "false positive rate"


def draw_roc(models: Sequence[Model], labels: np.ndarray, classes: Sequence[str]) -> Figure:
    """ROC of all models: whole, the corner where good models differ, and for more classes than two a table of AUC.

    Args:
        models: probabilities float64, (n, k).
        labels: int64, (n,).
        classes: the k class names.
    """

    def trace(truth: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        false_positive, true_positive, _ = metrics.roc_curve(truth, score)
        return false_positive, true_positive

    kind = TradeOff(trace, metrics.roc_auc_score, "ROC AUC", "false positive rate", "true positive rate")
    return _draw_curves(models, labels, classes, kind)


def draw_precision_recall(models: Sequence[Model], labels: np.ndarray, classes: Sequence[str]) -> Figure:
    """Precision over recall of all models, as `draw_roc` does with ROC."""

    def trace(truth: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        is_long = len(truth) > MOST_POINTS  # most of its points lie where the last right answers are waited for
        precision, recall, _ = metrics.precision_recall_curve(truth, score, drop_intermediate=is_long)
        return recall, precision

    kind = TradeOff(trace, metrics.average_precision_score, "average precision", "recall", "precision")
    return _draw_curves(models, labels, classes, kind)


def _draw_curves(models: Sequence[Model], labels: np.ndarray, classes: Sequence[str], kind: TradeOff) -> Figure:
    has_table = len(classes) > 2
    table = 0.7 + 0.17 * count_rows(models) if has_table else 0.0  # inches
    figure = Figure((WIDTH, 4.6 + 0.2 * -(-len(models) // 2) + table), layout="constrained")
    grid = figure.add_gridspec(2 if has_table else 1, 2, height_ratios=(4, table) if has_table else None)
    whole, corner = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
    styles, ends, texts = choose_styles(models), [], []
    for model in models:
        truth, probability = _binarise(labels, model.test)
        x, y = thin_curve(*kind.trace(truth, probability))
        texts.append(f"{shorten(model.title, 28)}  {kind.score(truth, probability):.4f}")
        for axes in (whole, corner):
            steps = None if kind.is_rising else "steps-post"
            axes.plot(x, y, drawstyle=steps, label=texts[-1], **styles[model.title])
        ends.append(float(np.maximum(x if kind.is_rising else 1 - x, 1 - y).min()))
    span = min(1.0, max(SMALLEST_CORNER, 2.5 * sorted(ends)[len(ends) // 2]))
    _set_corner(corner, span, kind)
    whole.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), title="whole")
    for axes in (whole, corner):
        axes.set(xlabel=kind.x, ylabel=kind.y)
        axes.grid(color="#eeeeee")
    outside = [text for text, end in zip(texts, ends, strict=True) if end > span]
    corner.set_xlabel(f"{kind.x}{_name_outside(outside)}")
    if has_table:
        scores = np.array([kind.score(np.eye(len(classes))[labels], model.test, average=None) for model in models])
        draw_class_table(figure.add_subplot(grid[1, :]), scores, models, classes, kind.area)
    handles, _ = whole.get_legend_handles_labels()
    title = f"{kind.area} of {_name_question(classes)}"
    figure.legend(handles, texts, loc="outside lower center", ncols=2, title=title, handlelength=4, fontsize=8.5)
    return figure


def thin_curve(x: np.ndarray, y: np.ndarray, most: int = MOST_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """At most so many points of a curve, evenly along it, both ends among them."""
    if len(x) <= most:
        return x, y
    kept = np.linspace(0, len(x) - 1, most).round().astype(int)
    return x[kept], y[kept]


def _set_corner(axes: Axes, span: float, kind: TradeOff) -> None:
    ends = (-0.03 * span, span) if kind.is_rising else (1 - span, 1 + 0.03 * span)
    axes.set(xlim=ends, ylim=(1 - span, 1 + 0.03 * span), title="the corner, enlarged")


def _name_outside(texts: Sequence[str]) -> str:
    """A note below the corner on the curves that do not reach it: in the panel it would cover those that do."""
    unbroken = [text.replace(" ", "\N{NO-BREAK SPACE}") for text in texts]
    return "\n" + textwrap.fill(f"outside this corner: {'; '.join(unbroken)}", 58) if texts else ""


def _name_question(classes: Sequence[str]) -> str:
    """What the scores of `_binarise` answer."""
    return classes[1] if len(classes) == 2 else "all classes, one against the rest, micro-averaged"


def _binarise(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Truth and score of the second class; for more classes than two, all one-vs-rest questions in one array."""
    classes = probabilities.shape[1]
    if classes == 2:
        return labels, probabilities[:, 1]
    return np.eye(classes)[labels].ravel(), probabilities.ravel()
