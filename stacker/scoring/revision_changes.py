"""One revision's scores against another's, photo by photo where both have answers for the same photos."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from stacker.artifacts.arrays import ARRAYS, MANIFEST
from stacker.artifacts.logits import spread_classes
from stacker.artifacts.predictions import ENSEMBLE_PREDICTIONS, MEMBER_PREDICTIONS
from stacker.artifacts.revisions import Revision
from stacker.scoring.significance import Comparison, adjust_comparisons, compare_models

LOSS = ".heldout.log_loss"
HELD_OUT, TEST = "held_out", "test"


class ModelChange(NamedTuple):
    """A model in two revisions.

    Attributes:
        title: its label.
        before: its scores, such as "test.accuracy", in the first revision; empty where that has no such model.
        after: likewise, in the second.
        compared: the second against the first, of the rows `HELD_OUT` and `TEST`, where both revisions have answers for
            the same photos; p-values hold for all comparisons together.
    """

    title: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    compared: Mapping[str, Comparison]


def compare_revisions(
    revisions: tuple[Revision, Revision], boards: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> list[ModelChange]:
    """Compare all ensembles and members of two revisions, in this order.

    Args:
        revisions: the one to compare with, and the one that is judged.
        boards: `metrics/details/leaderboard.json` of each.
    """
    keys = {key.removesuffix(LOSS) for board in boards for key in board if key.endswith(LOSS)}
    keys = {key for key in keys if not key.startswith("baselines.")}
    splits = find_same_photos(revisions, boards)
    compared = {key: _compare(key, revisions, splits) for key in sorted(keys, key=_rank)}
    adjusted = adjust_comparisons(compared)
    return [
        ModelChange(key.removeprefix("members."), _pick(boards[0], key), _pick(boards[1], key), adjusted[key])
        for key in compared
    ]


def find_same_photos(
    revisions: tuple[Revision, Revision], boards: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> dict[str, str]:
    """Of which rows, `HELD_OUT` and `TEST`, both revisions have the same photos, and the split that they are of.

    In the same order, too: a file that was renamed stands in another row, and a split's fingerprint does not see that.
    """
    splits = {}
    before, after = (list_photos(revision) for revision in revisions)
    kinds = [board["heldout_rows"] for board in boards]
    if before["train"] and before["train"] == after["train"] and kinds[0] == kinds[1] != "validation":
        splits[HELD_OUT] = "train"
    if before["test"] and before["test"] == after["test"] and boards[0]["test_set"] == boards[1]["test_set"]:
        splits[TEST] = "test"
    return splits


def list_photos(revision: Revision) -> dict[str, list[tuple[str, str]]]:
    """By split, content and class of its photos, in the order of its rows; nothing where DVC's cache lacks the list."""
    photos: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for line in csv.DictReader(io.StringIO(revision.read_text(MANIFEST) or "", newline="")):
        photos[line["split"]].append((line["content_hash"], line["class"]))
    return photos


def _compare(key: str, revisions: tuple[Revision, Revision], splits: Mapping[str, str]) -> dict[str, Comparison]:
    label = key.removeprefix("members.")
    folder = ENSEMBLE_PREDICTIONS if label == key else MEMBER_PREDICTIONS
    before, after = (revision.read_arrays(folder / f"{label}.npz") for revision in revisions)
    if before is None or after is None:
        return {}
    compared = {}
    for rows, split in splits.items():
        labels, groups = (revisions[1].read_arrays(ARRAYS / split / f"{name}.npy") for name in ("labels", "groups"))
        chosen = [arrays["held_out_rows"] for arrays in (before, after)] if rows == HELD_OUT else [slice(None)] * 2
        if labels is None or groups is None or not np.array_equal(*chosen):
            continue
        first, second = spread_classes(after[rows]), spread_classes(before[rows])
        compared[rows] = compare_models(labels[""][chosen[0]], first, second, groups[""][chosen[0]])
    return compared


def _pick(board: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name.removeprefix(f"{key}."): value for name, value in board.items() if name.startswith(f"{key}.")}


def _rank(key: str) -> tuple[bool, str]:
    return key.startswith("members."), key
