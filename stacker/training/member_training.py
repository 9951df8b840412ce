"""Train one member on chosen rows: its head on kept features or on augmented images, then, if asked, more of it.

What stays frozen in fine-tuning runs once, where nothing augments the images: every fit and every prediction starts
from the activations that it gave.
"""

from typing import NamedTuple

import keras
import numpy as np

from stacker.artifacts.curves import Epoch
from stacker.backbones.building import build_backbone
from stacker.inference.predictors import compile_predictor
from stacker.settings.inference import Inference
from stacker.settings.members import Member
from stacker.settings.training import FineTune, Training
from stacker.training.activations import explain_images, keep_activations, split_member
from stacker.training.augmentation import augment_inputs
from stacker.training.batches import Batches
from stacker.training.fitting import FitSettings, compute_class_weights, encode_targets, fit_model
from stacker.training.heads import assemble_member, build_head, unfreeze_layers
from stacker.training.member_data import MemberData

FEATURE_ROWS = 4096  # rows that a head predicts at once


class FittedMember(NamedTuple):
    """A trained member.

    Attributes:
        head: from features to probabilities.
        model: from images to probabilities; None where only the head was needed so far.
        history: the epochs of all phases.
        tail: of `model`, from kept activations to probabilities; None where it was not fine-tuned from them.
    """

    head: keras.Model
    model: keras.Model | None
    history: list[Epoch]
    tail: keras.Model | None = None


class MemberTrainer:
    """Fits the member called `label` as often as asked, each time from the same start."""

    def __init__(self, label: str, member: Member, data: MemberData, inference: Inference):
        self.label = label
        self.member = member
        self.data = data
        self.inference = inference
        # What the frozen part of fine-tuning gives, the same for every fit; None: not yet known whether to keep it.
        self.keeps_activations: bool | None = None if member.training.augmentation is None else False
        self.activations: dict[str, np.ndarray] = {}
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
        if training.fine_tune is None or fitted.model is None:
            return fitted._replace(history=history)
        unfreeze_layers(fitted.model.get_layer("network"), training.fine_tune)
        settings = choose_fine_tune(training, training.fine_tune)
        tail = self._cut(fitted.model)
        if tail is None:
            history += self._fit_images(fitted.model, rows, settings, "fine_tune")
        else:
            history += self._fit(tail, self.activations, rows, settings, "fine_tune")
        return fitted._replace(history=history, tail=tail)

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
        model, inputs = fitted.tail, self.activations
        if model is None:
            model, inputs = self.assemble(fitted), self.data.images
        predictor = compile_predictor(model, self.inference, {self.label: inputs["train"].dtype})
        return [predictor.predict({self.label: inputs[split]}, rows) for split, rows in requests]

    def _cut(self, model: keras.Model) -> keras.Model | None:
        """The part of an unfrozen member that is trained, fed by kept activations; None where images serve better."""
        if self.keeps_activations is False:
            return None
        front, tail = split_member(model)
        if self.keeps_activations is None:
            self._keep_activations(front)
        return tail if self.keeps_activations else None

    def _keep_activations(self, front: keras.Model) -> None:
        problem = explain_images(front, sum(map(len, self.data.images.values())))
        self.keeps_activations = problem is None
        if problem is None:
            self.activations = keep_activations(front, self.data.images, self.inference)
            print(
                f"{self.label}: fine-tuning from kept activations, {front.output_shape[1] * 4 / 1024:.0f} KiB a photo"
            )
        else:
            print(f"{self.label}: fine-tuning from the images: {problem}")

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
