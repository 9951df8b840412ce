"""A repeated procedure's scores for people, as markdown: pure functions."""

from collections.abc import Mapping
from typing import Any

from stacker.pictures.tables import build_table
from stacker.scoring.reports import count_photos


def write_cross_validation(scores: Mapping[str, Any]) -> str:
    """A table with a line a model, in the order of the log loss.

    Args:
        scores: as `stacker.scoring.outer_scores.score_outer_folds` gives them.
    """
    models = {name: values for name, values in scores.items() if isinstance(values, dict)}
    rows = [
        (
            _name(name),
            f"{values['log_loss']:.4f}",
            f"{values['log_loss_deviation']:.4f}",
            f"{values['accuracy']:.4f}",
            f"{values['accuracy_low']:.4f} to {values['accuracy_high']:.4f}",
            f"{values['accuracy_deviation']:.4f}",
        )
        for name, values in sorted(models.items(), key=lambda item: item[1]["log_loss"])
    ]
    header = ("model", "log loss", "over folds", "accuracy", "95 % interval", "over folds")
    introduction = (
        f"{count_photos(dict(scores), 'photos')}, each a test photo once: the whole procedure, heads, held-out "
        f"predictions and meta-models, was repeated in {scores['folds']} outer folds. Over folds: the standard "
        "deviation of the fold's scores. The folds share most of what they learn from, so that the intervals are a "
        "little too narrow. These are scores of the procedure: the models in `models/` are others, fitted once."
    )
    return f"# Cross-validation\n\n{introduction}\n\n{build_table(header, rows)}\n"


def _name(key: str) -> str:
    kind, _, name = key.partition("s.")
    return {"ensemble": f"**{name}**", "baseline": f"baseline: {name.replace('_', ' ')}"}.get(kind, name)
