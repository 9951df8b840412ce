"""The block of metadata at the head of a model card, in YAML, as the Hugging Face Hub reads it: pure functions.

The format: https://github.com/huggingface/hub-docs/blob/main/modelcard.md. Scores stand in `model-index`.
"""

from pathlib import PurePath
from typing import Any

import yaml

from stacker.using.model_card.facts import CardFacts

METRICS = {  # a score's name here: the Hub's identifier of the metric, and what people call it
    "accuracy": ("accuracy", "accuracy"),
    "balanced_accuracy": ("balanced_accuracy", "balanced accuracy"),
    "f1": ("f1", "F1"),
    "roc_auc": ("roc_auc", "ROC AUC"),
    "average_precision": ("average_precision", "average precision"),
    "log_loss": ("log_loss", "log loss (nats)"),
    "brier": ("brier_score", "Brier score"),
    "calibration_error": ("expected_calibration_error", "calibration error"),
}
LICENCE = """\
# To fill in: a licence of https://huggingface.co/docs/hub/repositories-licenses, or `other` with the lines
# `license_name: ...` and `license_link: ...`.
license: unknown
"""


def write_metadata(facts: CardFacts) -> str:
    """The block, between its lines of `---`."""
    known: dict[str, Any] = {
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", *(["stacking", "ensemble"] if facts.is_ensemble else [])],
        "metrics": [identifier for identifier, _ in METRICS.values()],
        "model-index": [{"name": facts.label, "results": [_describe_result(facts)]}],
    }
    text = yaml.safe_dump(known, sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{LICENCE}{text}---"


def name_data(facts: CardFacts) -> str:
    """The data's name: the last folder of `data.images`, as the others tell of somebody's machine."""
    data = facts.settings.data
    return PurePath(data.images).name if data else "unknown"


def _describe_result(facts: CardFacts) -> dict[str, Any]:
    name = name_data(facts)
    return {
        "task": {"type": "image-classification", "name": "Image classification"},
        "dataset": {"type": name, "name": name, "split": "test", "revision": facts.details["test_set"]},
        "metrics": [
            {"type": identifier, "name": f"test {title}", "value": facts.test[score]}
            for score, (identifier, title) in METRICS.items()
        ],
    }
