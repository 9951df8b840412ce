"""Fit a Keras model: optimizer, learning-rate schedule, early stopping, and the history for the learning curves."""

from typing import NamedTuple

import keras
import numpy as np

from stacker.artifacts.curves import Epoch
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.progress import open_progress
from stacker.training.batches import Batches
from stacker.training.compiled_models import CompiledModels, copy_variables
from stacker.training.compiling import JitCompile, choose_compilation, choose_steps
from stacker.training.distributing import distributed
from stacker.training.epoch_draws import build_seeding
from stacker.training.epoch_steps import EpochModel, build_signal, may_be_held
from stacker.training.fit_progress import EpochProgress, EpochRecorder, StepProgress
from stacker.training.fit_record import EpochKeeper, FitRecord
from stacker.training.fit_state import FitParts
from stacker.training.precision import graph_precision, scale_loss

# Steps of a small model that Keras runs at a time: the same weights to the bit, with less of its own work in between.
SHORT_STEPS = 32


class FitSettings(NamedTuple):
    """How one fit runs. `patience` None trains all epochs and keeps the last weights; else the best ones."""

    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: str = "adam"
    schedule: str = "constant"
    warmup_epochs: int = 0
    patience: int | None = None
    label_smoothing: float = 0.0
    precision: str = "float32"
    jit_compile: JitCompile = "auto"
    distribution: str = "single"
    seed: int = 0


def make_deterministic() -> None:
    """Make training on a CPU bit-identical between runs; equal outputs are what lets DVC stop early."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()


def compile_model(
    model: keras.Model, settings: FitSettings, steps_per_epoch: int, steps_per_execution: int = 1
) -> None:
    """Compile for logits: binary cross-entropy for one output, categorical for more.

    Args:
        model: gives logits, (n, 1) or (n, classes): its last layer is linear.
        settings: of the optimizer, its schedule and the loss.
        steps_per_epoch: batches, which the schedule counts.
        steps_per_execution: batches that Keras runs at a time, where its backend can.
    """
    binary = model.output_shape[-1] == 1
    loss_class = keras.losses.BinaryCrossentropy if binary else keras.losses.CategoricalCrossentropy
    model.compile(
        optimizer=_build_optimizer(settings, steps_per_epoch),
        loss=loss_class(from_logits=True, label_smoothing=settings.label_smoothing),
        metrics=[_build_accuracy(binary)],
        jit_compile=choose_compilation(settings.jit_compile),
        steps_per_execution=choose_steps(steps_per_execution),
    )


def fit_model(
    model: keras.Model,
    train: Batches,
    validation: Batches,
    settings: FitSettings,
    phase: str,
    is_long: bool = False,
    title: str = "fitting",
    record: FitRecord | None = None,
    compiled: CompiledModels | None = None,
) -> list[Epoch]:
    """Compile and fit `model`, or go on with a fit that was interrupted, to the same bits.

    Args:
        model: gives logits, (n, 1) or (n, classes).
        train: the rows to learn from.
        validation: the rows that early stopping watches.
        settings: how.
        phase: a word for the history, such as "head".
        is_long: move the bar on, and let an interrupt through, after every step, and print a line an epoch; else move
            it on after every epoch.
        title: what the progress bar says.
        record: what is kept of the fit while it runs, and was by an earlier run; None keeps nothing.
        compiled: holds models of the same layers, compiled for earlier fits; None compiles `model` itself.

    Returns:
        The epochs, numbered from 1.

    Raises:
        PipelineError: the loss became infinite or no number, or the machine cannot train in the precision asked for, or
            on several devices.
    """
    if record is not None and (done := record.take_end(model)) is not None:
        return done
    is_held = compiled is not None and record is None and may_be_held(train, validation)
    steps = 1 if is_long or is_held else min(len(train), SHORT_STEPS)

    def prepare(network: keras.Model) -> None:
        compile_model(network, settings, len(train), steps)

    recorder = EpochRecorder(phase)
    first = 0 if record is None else record.epochs
    total = settings.epochs * len(train)
    with (
        distributed(model, settings.distribution),
        graph_precision(settings.precision),
        open_progress(title, total, "steps at most") as bar,
    ):
        if compiled is None:
            prepare(fitted := model)
        else:
            key = (settings, len(train), steps)
            fitted = compiled.take(model, key, prepare, EpochModel if is_held else None)
        keras.utils.set_random_seed(settings.seed)
        parts = FitParts(fitted, train, recorder.epochs, _build_stopping(settings.patience))
        callbacks = [keras.callbacks.TerminateOnNaN(), recorder, *build_seeding(settings.seed)]
        if parts.stopping is not None:
            callbacks.append(parts.stopping)
        bar.skip(first * len(train))
        if record is not None:
            callbacks.append(EpochKeeper(record, parts, settings.epochs, settings.patience))
        callbacks.append((StepProgress if is_long else EpochProgress)(bar, settings.epochs, len(train)))
        shown, watched = train, validation
        if isinstance(fitted, EpochModel):
            callbacks.append(fitted.hold(train, validation))
            shown = watched = build_signal()
        fitted.fit(
            shown,
            shuffle=shown is train,
            validation_data=watched,
            initial_epoch=first,
            epochs=settings.epochs,
            callbacks=callbacks,
            verbose=0,
        )
        if compiled is not None:
            copy_variables(fitted, model)
    _require_numbers(model.name, recorder.epochs, settings.learning_rate)
    if record is not None:
        record.keep_end(model, recorder.epochs)
    return recorder.epochs


def _require_numbers(name: str, epochs: list[Epoch], learning_rate: float) -> None:
    for losses in ([epoch.loss for epoch in epochs], [epoch.val_loss for epoch in epochs]):
        if not np.all(np.isfinite(losses)):
            raise PipelineError(
                f"{name}: the loss became {losses[-1]} in epoch {len(losses)}: "
                f"lower the learning rate (received {learning_rate})"
            )


def _build_accuracy(binary: bool) -> keras.metrics.Metric:
    if not binary:
        return keras.metrics.CategoricalAccuracy("accuracy")
    # `BinaryAccuracy` takes no threshold outside (0, 1), and a logit of 0 is a probability of 0.5
    return keras.metrics.MeanMetricWrapper(keras.metrics.binary_accuracy, "accuracy", threshold=0.0)


def _build_stopping(patience: int | None) -> keras.callbacks.EarlyStopping | None:
    if patience is None:
        return None
    return keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True, start_from_epoch=0)


def _build_optimizer(settings: FitSettings, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    rate: float | keras.optimizers.schedules.LearningRateSchedule = settings.learning_rate
    if settings.schedule == "cosine":
        warmup = settings.warmup_epochs * steps_per_epoch
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else settings.learning_rate,
            decay_steps=max(1, settings.epochs * steps_per_epoch - warmup),
            warmup_target=settings.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    optimizer = keras.optimizers.get({"class_name": settings.optimizer, "config": {"learning_rate": rate}})
    return scale_loss(optimizer, settings.precision)
