"""A head without hidden layers on kept features: fitted to its one optimum, not by epochs.

No network runs, and Keras only holds what was found. The folds say how strong the penalty is to be.
"""

from collections.abc import Iterator, Sequence

import keras
import numpy as np

from stacker.artifacts.curves import Epoch
from stacker.artifacts.errors import PipelineError
from stacker.settings.inference import Inference
from stacker.splits.held_out import Fold
from stacker.training.fitted_member import FittedMember
from stacker.training.linear_fits import LinearHead, fit_folds, follow_strengths, tune_strength
from stacker.training.logit_losses import compute_losses
from stacker.training.member_parts import MemberParts
from stacker.training.side_by_side import gathered_beside
from stacker.training.trainer import Request, Trainer


class LinearTrainer(Trainer):
    """Fits a head of one layer to its optimum, from features alone; the methods are described in `Trainer`.

    Attributes:
        strengths: of the fit against the penalty, scikit-learn's `C`: those on the way to the one that is taken, and
            what lies behind it.
        taken: which of them is.
        fitted_ahead: what `fit_ahead` found, by the rows that it learnt from.
    """

    runs_network = False

    def __init__(self, parts: MemberParts, inference: Inference):
        super().__init__(parts, inference)
        asked = self.training.C
        self.strengths: tuple[float, ...] = () if asked == "auto" else (asked,)
        self.has_choice = asked == "auto"
        self.taken = 0
        self.is_balanced = self.training.class_weights == "balanced"
        self.fitted_ahead: dict[bytes, LinearHead] = {}

    def tune(self, folds: Sequence[Fold]) -> None:
        labels = self.data.labels["train"]
        for fold in folds:
            if len(np.unique(labels[fold.learn])) < self.data.class_count:
                raise PipelineError(
                    f"{self.label}: training.C: auto needs two different photos of every class, to learn from one and "
                    "try on the other: add photos, or set a number, such as 0.03"
                )
        tuning = tune_strength(self.data.features["train"], labels, folds, self.is_balanced)
        self.strengths, self.taken = tuning.strengths, tuning.best

    def build(self, rows: np.ndarray) -> FittedMember:
        return FittedMember(self.parts.build_head(rows, self.data.features["train"].shape[1]))

    def fit_ahead(self, learnt: Sequence[np.ndarray]) -> None:
        features, labels = self.data.features["train"], self.data.labels["train"]
        heads = fit_folds(features, labels, learnt, self.strengths[self.taken], self.is_balanced)
        self.fitted_ahead = {rows.tobytes(): head for rows, head in zip(learnt, heads, strict=True)}

    def fit(self, rows: np.ndarray) -> FittedMember:
        linear = self.fitted_ahead.pop(rows.tobytes(), None)
        if linear is None:
            (linear,) = self._follow(rows, self.strengths[self.taken :][:1])
        return self._hold(rows, linear)

    def fit_final(self, rows: np.ndarray) -> FittedMember:
        with gathered_beside(self._follow_and_score(rows)) as path:
            self.parts.look_at_backbone()  # `assemble` takes it; Keras builds it in Python while the fits multiply
        heads, history = zip(*path.result(), strict=True)
        return self._hold(rows, heads[self.taken])._replace(history=history, kept=self.taken)

    def predict(self, fitted: FittedMember, *requests: Request) -> list[np.ndarray]:
        if fitted.linear is None:  # before any training
            return self.run_head(fitted.head, requests)
        arrays = [(self.data.features[split], rows) for split, rows in requests]
        logits = [fitted.linear.predict(values if rows is None else values[rows]) for values, rows in arrays]
        width = fitted.head.output_shape[-1]
        return [spread_difference(values, width).astype(np.float32) for values in logits]

    def assemble(self, fitted: FittedMember) -> keras.Model:
        return self.parts.assemble(self.parts.build_backbone(), fitted.head)

    def _hold(self, rows: np.ndarray, linear: LinearHead) -> FittedMember:
        fitted = self.build(rows)
        write_head(fitted.head, linear)
        return fitted._replace(linear=linear)

    def _follow(self, rows: np.ndarray, strengths: Sequence[float]) -> Iterator[LinearHead]:
        features, labels = self.data.features["train"], self.data.labels["train"]
        return follow_strengths(features, labels, rows, strengths, self.is_balanced)

    def _follow_and_score(self, rows: np.ndarray) -> Iterator[tuple[LinearHead, Epoch]]:
        for number, linear in enumerate(self._follow(rows, self.strengths)):
            yield linear, self._score(number, linear, rows)

    def _score(self, number: int, linear: LinearHead, rows: np.ndarray) -> Epoch:
        """One strength as a line of the learning curves."""
        values: list[float] = []
        for split, chosen in (("train", rows), ("validation", slice(None))):
            labels = self.data.labels[split][chosen]
            logits = linear.predict(self.data.features[split][chosen])
            guesses = logits[:, 0] > 0 if logits.shape[1] == 1 else logits.argmax(axis=1)
            values += [float((guesses == labels).mean()), float(compute_losses(logits, labels)[0].mean())]
        return Epoch(number + 1, "head", values[0], values[1], values[2], values[3], None, self.strengths[number])


def write_head(head: keras.Model, linear: LinearHead) -> None:
    """Put what was found into the layers of a head that `build_head` gave."""
    width = head.output_shape[-1]
    head.get_layer("standardize").set_weights([linear.mean, linear.deviation**2])
    head.get_layer("logits").set_weights(
        [spread_difference(linear.kernel, width), spread_difference(linear.bias[np.newaxis], width)[0]]
    )


def spread_difference(values: np.ndarray, width: int) -> np.ndarray:
    """One column, a difference of two classes' logits, as two columns where a softmax over both follows."""
    if values.shape[1] == width:
        return values
    return np.hstack([-values / 2, values / 2])
