"""Train one member on chosen rows: its head on kept features or on augmented images, then, if asked, more of it."""

from typing import NamedTuple

import keras
import numpy as np

from stages.augmentation import augment_inputs
from stages.backbones import build_backbone
from stages.batches import Batches
from stages.fitting import Epoch, FitSettings, compute_class_weights, encode_targets, fit_model
from stages.inference import compile_predictor
from stages.members import assemble_member, build_head, unfreeze_layers
from stages.schema import FineTune, Inference, Member, Training

FEATURE_ROWS = 4096  # rows that a head predicts at once


class MemberData(NamedTuple):
    """What a member is trained on, by split.

    Attributes:
        images: uint8, (n, side, side, 3), RGB, 0-255.
        labels: int64, (n,).
        features: float32, (n, f), or empty where the backbone is trainable from the start.
        class_count: number of classes.
    """

    images: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]
    features: dict[str, np.ndarray]
    class_count: int


class FittedMember(NamedTuple):
    """A trained member.

    Attributes:
        head: from features to probabilities.
        model: from images to probabilities; None where only the head was needed so far.
        history: the epochs of all phases.
    """

    head: keras.Model
    model: keras.Model | None
    history: list[Epoch]


class MemberTrainer:
    """Fits the member called `label` as often as asked, each time from the same start."""

    def __init__(self, label: str, member: Member, data: MemberData, inference: Inference):
        self.label = label
        self.member = member
        self.data = data
        self.inference = inference
        # Where the backbone never changes, the kept features stand for the images.
        self.is_frozen = not member.backbone.trainable and member.training.fine_tune is None
        # Does an epoch run the network? Then a fit takes minutes, not seconds.
        self.learns_from_images = not self.is_frozen or member.training.augmentation is not None

    def build(self, rows: np.ndarray) -> FittedMember:
        """The member before any training. `rows` of the train split give the statistics of a standardising head."""
        if self.learns_from_images:
            backbone = self._build_backbone()
            head = self._build_head(rows, backbone.output_shape[1])
            return FittedMember(head, assemble_member(self.label, backbone, head), [])
        return FittedMember(self._build_head(rows, self.data.features["train"].shape[1]), None, [])

    def assemble(self, fitted: FittedMember) -> keras.Model:
        """The member whole, from images to probabilities."""
        return fitted.model or assemble_member(self.label, self._build_backbone(), fitted.head)

    def fit(self, rows: np.ndarray) -> FittedMember:
        """Train on `rows` of the train split; early stopping watches the validation split."""
        training = self.member.training
        fitted = self.build(rows)
        if self.data.features and training.augmentation is None:
            history = self._fit(fitted.head, self.data.features, rows, choose_fit(training), "head")
        else:
            phase = "all" if self.member.backbone.trainable else "head"
            history = self._fit_images(fitted.model, rows, choose_fit(training), phase)
        if training.fine_tune is not None and fitted.model is not None:
            unfreeze_layers(fitted.model.get_layer("network"), training.fine_tune)
            history += self._fit_images(fitted.model, rows, choose_fine_tune(training, training.fine_tune), "fine_tune")
        return fitted._replace(history=history)

    def predict(self, fitted: FittedMember, *requests: tuple[str, np.ndarray | None]) -> list[np.ndarray]:
        """Predict rows of splits.

        Args:
            fitted: what `fit` or `build` gave.
            requests: a split and its row numbers, None for all; one engine serves them all.

        Returns:
            For each request probabilities, float32, (n, 1) or (n, classes).
        """
        if self.is_frozen:
            arrays = [(self.data.features[split], rows) for split, rows in requests]
            return [predict_features(fitted.head, values if rows is None else values[rows]) for values, rows in arrays]
        predictor = compile_predictor(self.assemble(fitted), self.inference, {self.label: np.dtype(np.uint8)})
        return [predictor.predict({self.label: self.data.images[split]}, rows) for split, rows in requests]

    def _build_backbone(self) -> keras.Model:
        precision = self.member.training.precision
        keras.config.set_dtype_policy("float32" if precision == "auto_bfloat16" else precision)
        backbone = build_backbone(self.label, self.member.backbone, self.data.images["train"].shape[1])
        keras.config.set_dtype_policy("float32")
        return backbone

    def _build_head(self, rows: np.ndarray, width: int) -> keras.Model:
        learnt = self.data.features["train"][rows] if self.data.features else np.empty((0, width), np.float32)
        return build_head(self.member.head, learnt, self.data.class_count, self.member.training.seed)

    def _fit_images(self, model, rows, settings: FitSettings, phase: str):
        trained = augment_inputs(model, self.member.training.augmentation, settings.seed)
        return self._fit(trained, self.data.images, rows, settings, phase)

    def _fit(self, model, inputs: dict[str, np.ndarray], rows, settings: FitSettings, phase: str):
        width = model.output_shape[-1]
        labels, validation = self.data.labels["train"], self.data.labels["validation"]
        weights = None
        if self.member.training.class_weights == "balanced":
            weights = np.ones(len(labels), np.float32)
            weights[rows] = compute_class_weights(labels[rows])
        return fit_model(
            model,
            Batches(inputs["train"], encode_targets(labels, width), rows, settings.batch_size, settings.seed, weights),
            Batches(
                inputs["validation"], encode_targets(validation, width), np.arange(len(validation)), settings.batch_size
            ),
            settings,
            phase,
            is_long=inputs is not self.data.features,
        )


def choose_fit(training: Training) -> FitSettings:
    """How the first phase runs."""
    return FitSettings(**training.model_dump(include=set(FitSettings._fields)))


def choose_fine_tune(training: Training, fine_tune: FineTune) -> FitSettings:
    """How the second phase runs: as the first one, but for the epochs and the learning rate."""
    return choose_fit(training)._replace(epochs=fine_tune.epochs, learning_rate=fine_tune.learning_rate)


def predict_features(head: keras.Model, features: np.ndarray) -> np.ndarray:
    """Probabilities from features, without the cost of tracing a function for a few calls."""
    starts = range(0, len(features), FEATURE_ROWS)
    parts = [head(np.asarray(features[start : start + FEATURE_ROWS]), training=False) for start in starts]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])
