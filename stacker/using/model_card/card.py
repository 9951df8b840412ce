"""A model card (Mitchell et al., "Model cards for model reporting", 2019), from `metrics/` and `dvc.lock`."""

from stacker.artifacts.arrays import SPLITS
from stacker.pictures.tables import build_table, escape_name
from stacker.scoring.model_costs import ModelCost
from stacker.scoring.reports import count_photos
from stacker.settings.backbone import Backbone
from stacker.settings.members import Member, choose_solver
from stacker.settings.weights import name_weights
from stacker.using.model_card.facts import CardFacts, load_facts
from stacker.using.model_card.limits import write_limits
from stacker.using.model_card.metadata import name_data, write_metadata
from stacker.using.model_card.scores import MOST_LISTED, write_calibration, write_classes, write_scores, write_sets
from stacker.using.model_card.verdicts import write_verdicts

BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
FIT = {"stretch": "stretched", "crop": "cut to a square", "pad": "padded to a square"}
PURPOSE = {
    "train": "the members and the meta-model learn from it",
    "validation": "steers what is trained by epochs, and gives the thresholds of the prediction sets",
    "test": "for the scores below alone",
}
TO_FILL_IN = (
    ("Licence of the model", "also in the block at the head of this file"),
    ("Licence of the photos", "and whether they may be learnt from"),
    ("Licences of the weights that the members began from", "see the table of the members"),
    ("Who made it, and whom to ask", ""),
    ("What it is for", ""),
    ("What it must not be used for", ""),
)


def write_card(model: str | None = None) -> str:
    """The model card of a member or an ensemble, in markdown with the metadata of the Hugging Face Hub.

    Args:
        model: as in `stacker.using.model_card.facts.load_facts`.

    Raises:
        PipelineError: as `load_facts`.
    """
    facts = load_facts(model)
    parts = [
        write_metadata(facts),
        f"# {facts.label}",
        _summarise(facts),
        "## To fill in",
        build_table(("what", "", "by whoever publishes the model"), [(*line, "") for line in TO_FILL_IN]),
        *_write_model(facts),
        *_write_use(facts),
        *_write_data(facts),
        *write_scores(facts),
        *write_classes(facts),
        *write_calibration(facts),
        *write_sets(facts),
        *write_verdicts(facts),
        *write_limits(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _summarise(facts: CardFacts) -> str:
    test, names = facts.test, [escape_name(name) for name in facts.classes]
    more = f" and {len(names) - MOST_LISTED:,} more" if len(names) > MOST_LISTED else ""
    kind = f"An ensemble of {len(facts.members)} image classifiers" if facts.is_ensemble else "An image classifier"
    return (
        f"{kind} that tells {len(names):,} classes apart: {', '.join(names[:MOST_LISTED])}{more}. Of "
        f"{count_photos(test, 'test photos')} it gets {round(test['accuracy'] * test['n']):,} right: accuracy "
        f"{test['accuracy']:.4f}, 95 % interval {test['accuracy_low']:.4f} to {test['accuracy_high']:.4f}."
    )


def _write_model(facts: CardFacts) -> list[str]:
    header = ("member", "backbone", "its first weights", "pooling", "trained", "parameters", "file", "GFLOP a photo")
    rows = [
        (label, *_describe_member(facts.settings.members.get(label)), *_show_cost(facts, f"members.{label}"))
        for label in facts.members
    ]
    if facts.is_ensemble:
        rows.append(("all together", "", "", "", "", *_show_cost(facts, facts.label)))
    parts = ["## The model", build_table(header, rows), *_describe_files(facts), _describe_input(facts)]
    if facts.is_ensemble:
        parts.append(
            "The meta-model takes what the members say of a photo, and learnt from predictions that "
            + {
                "oof": "they made out of fold, on photos that they had not learnt.",
                "holdout": "they made on photos that were kept from them.",
                "train": "they made on photos that they **had** learnt (leaked).",
            }[facts.details["fit_on"]]
        )
    if facts.settings.backend is not None:
        parts.append(f"It was trained, and its scores were made, by Keras on {BACKENDS[facts.settings.backend]}.")
    return parts


def _describe_member(member: Member | None) -> tuple[str, ...]:
    if member is None:
        return ("not in `dvc.lock`", "", "", "")
    first = escape_name(name_weights(member.backbone.weights))
    trained = "all of it" if member.backbone.trainable else f"head ({choose_solver(member)})"
    if member.training.fine_tune is not None:
        trained += f", then layers: {member.training.fine_tune.layers}"
    return member.backbone.name, first, member.backbone.pooling, trained


def _describe_files(facts: CardFacts) -> list[str]:
    """A sentence on the files that members began from, their hashes and licences; none where there were none."""
    found = {label: facts.settings.members.get(label) for label in facts.members}
    origins = {label: _describe_origin(member.backbone) for label, member in found.items() if member is not None}
    told = [f"{label}: {origin}" for label, origin in origins.items() if origin]
    return [f"First weights: {'; '.join(told)}."] if told else []


def _describe_origin(backbone: Backbone) -> str:
    facts = {"SHA-256": backbone.weights_sha256, "licence": backbone.licence}
    return ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)


def _show_cost(facts: CardFacts, key: str) -> tuple[str, str, str]:
    found = facts.find(f"{key}.cost")
    return ModelCost(**found).shown if found else ("", "", "")


def _describe_input(facts: CardFacts) -> str:
    data = facts.settings.data
    if data is None:
        return "How photos were prepared is not known: `dvc.lock` does not tell."
    return (
        f"It takes photos of {data.image_size} x {data.image_size} pixels, RGB, 0 to 255, unscaled; scaling is part of "
        f"it. Photos are {FIT[data.fit]}, shrunk by area, grown by interpolation `{data.interpolation}`"
        + (f", on a ground of {data.background}" if data.fit == "pad" else "")
        + ". `stacker.load(...).prepare(...)` does the same to any photo."
    )


def _write_use(facts: CardFacts) -> list[str]:
    code = f"""\
```python
import stacker

answers = stacker.load("{facts.label}.h5").predict(["photo.jpg"])
print(answers.verdicts, answers.probabilities, answers.sets["0.95"])
```"""
    load = f'`keras.models.load_model("{facts.label}.h5", compile=False)`'
    same = ", the same for each of its inputs." if facts.is_ensemble else "."
    plain = f"Or in plain Keras: {load}, which takes prepared images{same}"
    return ["### Use it", code, plain]


def _write_data(facts: CardFacts) -> list[str]:
    shown = facts.classes[:MOST_LISTED]
    rows = []
    for split in SPLITS:
        found = facts.find(f"splits.{split}")
        counts = [f"{found[f'of.{name}']:,}" for name in shown]
        rows.append((split, PURPOSE[split], f"{found['n']:,}", f"{found['groups']:,}", *counts))
    header = ("split", "what for", "photos", "of these no copies", *(escape_name(name) for name in shown))
    some = "" if len(shown) == len(facts.classes) else f" The first {MOST_LISTED} of {len(facts.classes):,} classes."
    return [
        "## The data",
        f"{escape_name(name_data(facts))}; splits are drawn by content, copies of a photo stay in one split.{some}",
        build_table(header, rows),
    ]
