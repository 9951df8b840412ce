"""The one or two phases in which a member is trained, each as settings for one fit."""

from stacker.settings.training import FineTune, Training
from stacker.training.fitting import FitSettings


def choose_fit(training: Training) -> FitSettings:
    """How the first phase runs."""
    return FitSettings(**training.model_dump(include=set(FitSettings._fields)))


def choose_fine_tune(training: Training, fine_tune: FineTune) -> FitSettings:
    """How the second phase runs: as the first one, but for the epochs and the learning rate."""
    return choose_fit(training)._replace(epochs=fine_tune.epochs, learning_rate=fine_tune.learning_rate)
