"""What changed between two revisions, as a table for the terminal: 100 columns at most."""

from collections.abc import Sequence

from stacker.scoring.revision_changes import HELD_OUT, TEST, ModelChange
from stacker.scoring.significance import LEVEL

WIDEST = 20  # columns of a model's name
GAP = "  "
HEADER = f"{'before':<8}{'now':<8}{'change':<8}"
SCORES = (  # title, key, rows, and the p-value that says whether the change may be noise
    ("held-out log loss", "heldout.log_loss", HELD_OUT, "adjusted_loss_p_value"),
    ("test accuracy", "test.accuracy", TEST, "adjusted_p_value"),
    ("test log loss", "test.log_loss", TEST, "adjusted_loss_p_value"),
)


def describe_changes(names: tuple[str, str], changes: Sequence[ModelChange], is_same_test: bool) -> str:
    """The table, and what a reader has to know of it.

    Args:
        names: of the revision to compare with, and of the one that is judged.
        changes: of every model.
        is_same_test: have both the same test photos?
    """
    width = max(len("model"), *(len(_shorten(change.title)) for change in changes))
    lines = [f"{names[1]}, against {names[0]}", ""]
    lines.append(" " * width + "".join(f"{GAP}{title:<{len(HEADER)}}" for title, *_ in SCORES))
    lines.append(f"{'model':<{width}}" + f"{GAP}{HEADER}" * len(SCORES))
    for change in changes:
        cells = [_describe_score(change, key, rows, p_value, is_same_test) for _, key, rows, p_value in SCORES]
        lines.append(f"{_shorten(change.title):<{width}}" + "".join(f"{GAP}{cell}" for cell in cells))
    lines += ["", *_explain(names[0], changes, is_same_test)]
    return "\n".join(line.rstrip() for line in lines)


def _describe_score(change: ModelChange, key: str, rows: str, p_value: str, is_same_test: bool) -> str:
    """Before, now and change, with a mark; no change where the test photos differ."""
    before, after = change.before.get(key), change.after.get(key)
    text = "".join(f"{'-' if value is None else f'{value:.4f}':<8}" for value in (before, after))
    if before is None or after is None or (rows == TEST and not is_same_test):
        return f"{text:<{len(HEADER)}}"
    comparison = change.compared.get(rows)
    mark = "?" if comparison is None else "*" if getattr(comparison, p_value) < LEVEL else ""
    difference = "=" if after == before else f"{after - before:+.4f}"
    return f"{text}{difference + mark:<8}"


def _explain(name: str, changes: Sequence[ModelChange], is_same_test: bool) -> list[str]:
    both = [change for change in changes if change.before and change.after]
    lines = []
    for word, titles in (
        ("added", [change.title for change in changes if not change.before]),
        ("gone", [change.title for change in changes if not change.after]),
    ):
        lines += [f"{word}: {', '.join(titles)}"] if titles else []
    if not is_same_test:
        lines.append("The test photos differ: test scores of the two do not compare.")
    if any(change.compared for change in both):
        lines.append("* more than noise: p < 0.05, photo by photo, by McNemar's exact test or a paired bootstrap,")
        lines.append("  after Holm's correction over all models; a change without a mark may be noise.")
    wanted = {HELD_OUT, TEST} if is_same_test else {HELD_OUT}
    if any(wanted - set(change.compared) for change in both):
        lines.append("? not told: other photos, or answers that are not in DVC's cache (`dvc fetch -a` brings them).")
    return [*lines, f"Settings that differ: `dvc params diff {name}`"]


def _shorten(title: str) -> str:
    return title if len(title) <= WIDEST else title[: WIDEST - 1] + "…"
