"""The parts of a model card on how good the answers are: pure functions."""

from collections.abc import Mapping
from typing import Any

from stacker.pictures.tables import build_table, escape_name
from stacker.scoring.reports import count_photos
from stacker.using.model_card.facts import CardFacts
from stacker.using.model_card.metadata import METRICS

MOST_CLASSES = 12  # in a matrix
MOST_LISTED = 20  # classes, or pairs of them, in a list
ROWS = {
    "oof": "out-of-fold: each photo of the train split, by models that had not learnt it",
    "holdout": "photos of the train split that were kept from the members",
    "validation": "the validation split, as no photo was kept from the members; it has also steered early stopping",
}


def write_scores(facts: CardFacts) -> list[str]:
    """Every score of the held-out rows and of the test split."""
    held_out, test = facts.details["heldout"], facts.test
    header = ("score", "held-out photos", "95 % interval", "test photos", "95 % interval")
    rows = [
        (title, *(cell for scores in (held_out, test) for cell in _show_score(scores, name)))
        for name, (_, title) in METRICS.items()
    ]
    return [
        "## Scores",
        f"Held-out photos: {count_photos(held_out, 'photos')} ({ROWS[held_out['rows']]}); by them one chooses among "
        f"models. Test photos: {count_photos(test, 'photos')}, by which nothing was fitted or chosen (test set "
        f"{facts.details['test_set']}).",
        build_table(header, rows),
        "Lower is better for the log loss, the Brier score and the calibration error. Intervals: Wilson's for the "
        "accuracy, else by bootstrap over the photos; copies of a photo count as what they are. The calibration error "
        "has none, as it is too high on few photos, and more so on draws from them: see below."
        + ("" if "roc_auc_low" in test else " Other scores without one would have taken minutes."),
    ]


def _show_score(scores: Mapping[str, Any], name: str) -> tuple[str, str]:
    if name not in scores:
        return "", ""
    return f"{scores[name]:.4f}", _show_interval(scores, name)


def _show_interval(values: Mapping[str, Any], name: str) -> str:
    return f"{values[f'{name}_low']:.4f} to {values[f'{name}_high']:.4f}" if f"{name}_low" in values else ""


def write_classes(facts: CardFacts) -> list[str]:
    """How well each class is recognised, and for what it is taken."""
    test = facts.test
    counts = {name: sum(row.values()) for name, row in test["confusion"].items()}
    chosen = sorted(facts.classes, key=lambda name: float(test["recall"][name]))[:MOST_LISTED]
    rows = [
        (
            escape_name(name),
            f"{counts[name]:,}",
            f"{test['recall'][name]:.4f}",
            f"{test['recall_low'][name]:.4f} to {test['recall_high'][name]:.4f}" if counts[name] else "no photo",
        )
        for name in (facts.classes if len(facts.classes) <= MOST_LISTED else chosen)
    ]
    some = "" if len(rows) == len(facts.classes) else f", of {len(facts.classes):,} the {len(rows)} lowest"
    table = build_table(("class", "test photos", "recall", "95 % interval"), rows)
    return [f"## Each class{some}", table, "### What is taken for what", *_write_confusion(facts)]


def _write_confusion(facts: CardFacts) -> list[str]:
    confusion, classes = facts.test["confusion"], facts.classes
    if len(classes) <= MOST_CLASSES:
        names = [escape_name(name) for name in classes]
        rows = [
            (shown, *(f"{confusion[truth].get(guess, 0):,}" for guess in classes))
            for truth, shown in zip(classes, names, strict=True)
        ]
        return ["Down: what the photo shows; across: what the model says.", build_table(("", *names), rows)]
    errors = [
        (count, truth, guess) for truth, row in confusion.items() for guess, count in row.items() if truth != guess
    ]
    errors.sort(key=lambda error: -error[0])
    pairs = [
        (escape_name(truth), escape_name(guess), f"{count:,} of {sum(confusion[truth].values()):,}")
        for count, truth, guess in errors[:MOST_LISTED]
    ]
    if not pairs:
        return ["No test photo is taken for another class."]
    return [build_table(("photos of", "taken for", "how often"), pairs), "All are in `metrics/details`."]


def write_calibration(facts: CardFacts) -> list[str]:
    """What a probability is worth."""
    rows = [
        (
            name,
            f"{found['n']:,}",
            f"{found['confidence']:.4f}",
            f"{found['accuracy']:.4f}",
            _show_interval(found, "accuracy"),
        )
        for name, found in facts.test["calibration"].items()
    ]
    return [
        "## What a probability is worth",
        "Test photos by the probability that the model gives to the class that it predicts. Of a well calibrated "
        "model, the share that is right is the mean probability; where the interval does not hold it, the model is "
        "surer, or less sure, than it may be.",
        build_table(("probability", "test photos", "mean", "share right", "95 % interval"), rows),
    ]


def write_sets(facts: CardFacts) -> list[str]:
    """How often a prediction set holds the truth, and how many test photos are called unlike the training ones."""
    return ["## When it is not sure", *_write_coverage(facts), _write_novelty(facts)]


def _write_coverage(facts: CardFacts) -> list[str]:
    sets = facts.details.get("sets")
    if not sets:
        return ["Prediction sets were not measured."]
    source = facts.details["thresholds_from"]
    watched = ", at which early stopping has looked" if source["watched_by_early_stopping"] else ""
    rows = [
        (
            f"{float(level):.0%}",
            *_show_score(found, "coverage"),
            f"{found['mean_size']:.3f}",
            f"{found['single']:.1%}",
        )
        for level, found in sets.items()
    ]
    return [
        "A prediction set names every class that the photo may well be of, and is meant to hold the true one as often "
        f"as its level says (split conformal prediction; thresholds from {source['n']:,} photos of the split "
        f"{source['rows']}{watched}). On the {facts.test['n']:,} test photos:",
        build_table(("level", "holds the truth", "95 % interval", "classes in a set, mean", "of one class"), rows),
    ]


def _write_novelty(facts: CardFacts) -> str:
    novelty = facts.details.get("novelty")
    if not novelty:
        return "Photos unlike those in training are not told apart: no threshold was found, or it was not measured."
    return (
        f'Photos unlike those in training are answered with "none of these". Of the test photos, which are like them, '
        f"{novelty['share']:.2%} are so answered by mistake (95 % {novelty['share_low']:.2%} to "
        f"{novelty['share_high']:.2%}). How many photos of other things are caught was not measured here."
    )
