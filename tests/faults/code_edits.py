"""Edits of code, in each room: such as change what stages give, and such as do not."""

import random
import re
from pathlib import Path
from typing import NamedTuple

from e2e.clone import Clone

from .photo_edits import Edit, NotPossibleError


class Change(NamedTuple):
    """Two versions of a line; an edit puts the one in the place of the other, whichever is there."""

    path: str
    first: str
    second: str


CHANGES = {  # by room; those of the rooms that stages run change numbers, texts or pictures
    "stages": [
        Change("stages/prepare.py", "hexdigest()[:16]", "hexdigest()[:12]"),
        Change("stages/compare.py", '"mean", "geometric_mean", "weights"', '"mean", "weights"'),
        Change("stages/embed.py", '"engine": predictor.engine,', '"engine": predictor.engine.upper(),'),
    ],
    "settings": [
        Change("stacker/settings/backbone.py", "seed: Seed = 1", "seed: Seed = 5"),
        Change("stacker/settings/stacking.py", "seed: Seed = 0", "seed: Seed = 7"),
        Change("stacker/settings/meta_models.py", "weight_spread: Rate = 0.3", "weight_spread: Rate = 0.05"),
        Change("stacker/settings/data.py", '"pad"] = "stretch"', '"pad"] = "crop"'),
        Change("stacker/settings/training.py", "epochs: Count = 40", "epochs: Count = 3"),
    ],
    "artifacts": [
        Change("stacker/artifacts/curves.py", "{value:.4g}", "{value:.3g}"),
        Change("stacker/artifacts/features.py", "indent=2", "indent=1"),
        Change("stacker/artifacts/long_lists.py", "MOST_SHOWN = 20", "MOST_SHOWN = 19"),
    ],
    "photos": [
        Change("stacker/photos/resizing.py", '"auto": cv2.INTER_CUBIC', '"auto": cv2.INTER_NEAREST'),
        Change("stacker/photos/odd_photos.py", "DARKEST = 0.32", "DARKEST = 0.9"),
        Change("stacker/photos/difference_hash.py", "LEAST_STEP = 1.0", "LEAST_STEP = 3.0"),
    ],
    "splits": [
        Change("stacker/splits/splitting.py", '"{seed} {content_hash}"', '"{content_hash} {seed}"'),
        Change("stacker/splits/splitting.py", "default_rng(seed)", "default_rng(seed + 1)"),
    ],
    "backbones": [
        Change("stacker/backbones/building.py", '"avg": keras.layers.GlobalAverage', '"avg": keras.layers.GlobalMax'),
        Change("stacker/backbones/costs.py", "2 * _count_multiply_adds", "1 * _count_multiply_adds"),
    ],
    "inference": [
        Change("stacker/inference/predictors.py", 'engine = "keras"', 'engine = "plain keras"'),
    ],
    "training": [
        Change("stacker/training/linear_fits.py", "range(-10, 3)", "range(-10, -3)"),
        Change("stacker/training/fitting.py", "SHORT_STEPS = 32", "SHORT_STEPS = 1"),
    ],
    "ensembles": [
        Change("stacker/ensembles/combining.py", "GREEDY_ROUNDS = 100", "GREEDY_ROUNDS = 3"),
        Change("stacker/ensembles/spread.py", "SPREADS = (0.0, 0.3", "SPREADS = (0.2, 0.3"),
    ],
    "scoring": [
        Change("stacker/scoring/intervals.py", "CONFIDENCE = 0.95", "CONFIDENCE = 0.9"),
        Change("stacker/scoring/scores.py", "CALIBRATION_BINS = 15", "CALIBRATION_BINS = 4"),
        Change("stacker/scoring/class_issues.py", "FEWEST = 20", "FEWEST = 3"),
    ],
    "pictures": [
        Change("stacker/pictures/look.py", "DPI = 100", "DPI = 90"),
        Change("stacker/pictures/tables.py", "LONGEST = 60", "LONGEST = 6"),
        Change("stacker/pictures/plot_tables.py", "MOST_POINTS = 500", "MOST_POINTS = 5"),
    ],
    "uncertainty": [
        Change("stacker/uncertainty/novelty.py", "LEVEL = 0.98", "LEVEL = 0.5"),
        Change("stacker/uncertainty/prediction_sets.py", '("0.9", "0.95", "0.99")', '("0.8", "0.95", "0.99")'),
    ],
    "checks": [
        Change("stacker/checks/stage_code.py", 'COPIES_ALONE = {"fetch"}', 'COPIES_ALONE = {"fetch", "audit"}'),
    ],
    "planning": [Change("stacker/planning/plan_text.py", "MOST_REASONS = 8", "MOST_REASONS = 9")],
    "cluster": [Change("stacker/cluster/crew.py", "ATTEMPTS = 3", "ATTEMPTS = 4")],
    "using": [Change("stacker/using/answers.py", "import", "import os as _\nimport")],
    "cli": [Change("stacker/cli/app.py", "import", "import os as _\nimport")],
}
SEEN_BY_NO_STAGE = {"planning", "cluster", "using", "cli"}
MOVED = "stacker/scoring/moved_constants.py"


def change_code_of_stages(project: Clone, draws: random.Random) -> str:
    return change_code(project, draws.choice([room for room in CHANGES if room not in SEEN_BY_NO_STAGE]), draws)


def change_any_code(project: Clone, draws: random.Random) -> str:
    return change_code(project, draws.choice(list(CHANGES)), draws)


def change_code(project: Clone, room: str, draws: random.Random) -> str:
    """Change what the code of a room does, or take an earlier change back."""
    path, first, second = draws.choice(CHANGES[room])
    file = project.path / path
    text = file.read_text(encoding="utf-8")
    old, new = (second, first) if second in text else (first, second)
    if old not in text:
        raise LookupError(f"{path} has no {old!r} any more: name another line in tests/faults/code_edits.py")
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return f"{path}: {new!r} for {old!r}"


def move_constant(project: Clone, draws: random.Random) -> str:
    """Move a constant into a module of its own, which nothing has imported before; later, change it there."""
    module, value = project.path / MOVED, draws.randrange(2, 9)
    module.write_text(f'"""Constants."""\n\nBINS = {value}\n', encoding="utf-8")
    scores = project.path / "stacker/scoring/scores.py"
    text = scores.read_text(encoding="utf-8")
    importing = "from stacker.scoring.moved_constants import BINS as CALIBRATION_BINS"
    scores.write_text(re.sub(r"(?m)^CALIBRATION_BINS = \d+$", importing, text), encoding="utf-8")
    return f"{MOVED} has the constant, {value}"


def leave_results_alone(project: Clone, draws: random.Random) -> str:
    """A remark, a docstring or a function that nothing calls, in any module."""
    modules = sorted(path for folder in ("stages", "stacker") for path in (project.path / folder).rglob("*.py"))
    path = draws.choice(modules)
    text, number = path.read_text(encoding="utf-8"), draws.randrange(10**6)
    name = path.relative_to(project.path)
    kind = draws.choice(["remark", "docstring", "function"])
    if kind == "remark":
        text += f"\n# remark {number}\n"
    elif kind == "docstring":
        if not text.startswith('"""'):
            raise NotPossibleError
        text = f'"""Number {number}. {text[3:]}'
    else:
        text = add_function(text, f"\n\ndef give_{number}() -> int:\n    return {number}\n")
    path.write_text(text, encoding="utf-8")
    return f"{name}: a {kind} added"


def add_function(text: str, function: str) -> str:
    """Add before what runs when a script is called, or at the end."""
    head, main, tail = text.partition('\n\nif __name__ == "__main__":')
    return f"{head}{function}{main}{tail}"


def edit_a_package(project: Clone, draws: random.Random) -> str:
    """Another patch of a package, or another version of one that makes no number."""
    path = project.path / "requirements.lock"
    name = draws.choice(["tqdm==4", "openvino==2026.4"])
    text, count = re.subn(
        rf"(?m)^({re.escape(name)})\.[\w.]+", rf"\1.{draws.randrange(10**3)}", path.read_text("utf-8")
    )
    if not count:
        raise LookupError(f"requirements.lock has no {name}: name another in tests/faults/code_edits.py")
    path.write_text(text, encoding="utf-8")
    return f"another {name} in requirements.lock"


EDITS: dict[str, list[Edit]] = {
    "code of a stage changed": [change_code_of_stages],
    "code of any room changed": [change_any_code],
    "code moved to a new module": [move_constant],
    "code changed in no way that counts": [leave_results_alone, leave_results_alone, edit_a_package],
}


def list_stale_changes(root: Path) -> list[str]:
    """Changes whose line is no longer in the code."""
    changes = [change for room in CHANGES.values() for change in room]
    return [f"{path}: {first}" for path, first, _ in changes if first not in (root / path).read_text(encoding="utf-8")]
