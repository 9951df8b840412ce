"""The model card that goes along with an export."""

from pathlib import Path

from stacker.artifacts.descriptions import Description
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.model_paths import MEMBERS, MODELS
from stacker.using.model_card.card import write_card
from stacker.using.model_card.facts import load_facts


def make_card(path: Path, description: Description) -> str:
    """The card of a saved model of this project.

    Args:
        path: of the model.
        description: what the file says of itself.

    Raises:
        PipelineError: `metrics/` knows nothing of it, or speaks of another model of that name.
    """
    label = description.label
    if path.resolve() not in [(folder / f"{label}.h5").resolve() for folder in (MODELS, MEMBERS)]:
        raise PipelineError(f"{path} is no model of this project, whose metrics/ tell of {MODELS}/")
    held_out = load_facts(label).details["heldout"]["log_loss"]
    if round(held_out, 4) != round(description.held_out.log_loss, 4):
        raise PipelineError(
            f"metrics/ tell of another {label}, of a held-out log loss of {held_out:.4f}; {path} has "
            f"{description.held_out.log_loss:.4f}: run `dvc repro`, or `dvc checkout`"
        )
    return write_card(label)
