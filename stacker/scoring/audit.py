"""All that the audit found of the photos, and the same as JSON: pure functions."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from stacker.artifacts.manifest import Photo
from stacker.photos.odd_photos import Odd
from stacker.photos.torn_groups import Group, Groups
from stacker.scoring.class_issues import Confused, Thin
from stacker.scoring.label_issues import LabelIssues
from stacker.scoring.unlearnt_rows import Unlearnt

MOST_LISTED = 1000  # photos or groups of a kind, in the JSON, which Git keeps: those first that matter most


class Suspect(NamedTuple):
    """A photo whose label deserves a second look.

    Attributes:
        photo: which.
        suggested: the class that it seems to be of.
        label_probability: of its label, the mean of the members'.
        suggested_probability: of `suggested`.
        votes: how many members predict `suggested`.
        is_sure: is the label probably wrong? Else it is only less likely than another.
    """

    photo: Photo
    suggested: str
    label_probability: float
    suggested_probability: float
    votes: int
    is_sure: bool


class Audit(NamedTuple):
    """All that the audit found.

    Attributes:
        fit_on: where the answers to the train split come from: "oof", "holdout", or "train", where there are none.
        judged: how many photos were answered without having been learnt, by split.
        photos: how many photos each split has.
        members: how many members answered.
        is_watched: has early stopping looked at the validation split?
        sure: how many labels are probably wrong.
        in_doubt: how many are less likely than another.
        suspects: these photos, worst first, at most `MOST_LISTED`.
        groups: of duplicates.
        odd: by what is odd, rows of `pictured`.
        pictured: all photos, in the order in which they were measured.
        thin: classes with few photos.
        confused: classes that are taken for one another.
        classes: how many there are.
    """

    fit_on: str
    judged: Mapping[str, int]
    photos: Mapping[str, int]
    members: int
    is_watched: bool
    sure: int
    in_doubt: int
    suspects: Sequence[Suspect]
    groups: Groups
    odd: Mapping[str, Odd]
    pictured: Sequence[Photo]
    thin: Sequence[Thin]
    confused: Sequence[Confused]
    classes: int


def list_suspects(
    issues: LabelIssues, unlearnt: Unlearnt, photos: Sequence[Photo], classes: Sequence[str]
) -> list[Suspect]:
    """The worst of the photos whose labels deserve a second look.

    Args:
        issues: rows of `unlearnt`.
        unlearnt: what the members say.
        photos: of its rows.
        classes: the k class names.
    """
    return [
        Suspect(
            photos[row],
            classes[guess],
            float(unlearnt.probabilities[row, unlearnt.labels[row]]),
            float(unlearnt.probabilities[row, guess]),
            int((unlearnt.guesses[:, row] == guess).sum()),
            place < issues.sure,
        )
        for place, (row, guess) in enumerate(
            zip(issues.rows[:MOST_LISTED], issues.suggested[:MOST_LISTED], strict=True)
        )
    ]


def describe_audit(audit: Audit) -> dict[str, Any]:
    """The audit as JSON: counts of everything, and by path at most `MOST_LISTED` photos of each kind."""
    return {
        "photos": dict(audit.photos),
        "judged": {
            "rows": audit.fit_on,
            **audit.judged,
            "members": audit.members,
            "watched_by_early_stopping": audit.is_watched,
        },
        "labels": {
            "probably_wrong": audit.sure,
            "in_doubt": audit.in_doubt,
            "photos": {suspect.photo.path: _describe_suspect(suspect) for suspect in audit.suspects},
        },
        "duplicates": {
            "groups": audit.groups.groups,
            "photos": audit.groups.photos,
            "across_classes": _describe_groups(audit.groups.across_classes),
            "across_splits": _describe_groups(audit.groups.across_splits),
        },
        "odd": {name: _describe_odd(odd, audit.pictured) for name, odd in audit.odd.items()},
        "classes": {
            "thin": {thin.name: {"photos": thin.photos, "different": thin.groups} for thin in audit.thin},
            "confused": [
                {"class": pair.name, "taken_for": pair.taken_for, "photos": pair.photos, "share": round(pair.share, 6)}
                for pair in audit.confused[:MOST_LISTED]
            ],
        },
    }


def _describe_suspect(suspect: Suspect) -> dict[str, Any]:
    return {
        "split": suspect.photo.split,
        "label": suspect.photo.label,
        "suggested": suspect.suggested,
        "label_probability": suspect.label_probability,
        "suggested_probability": suspect.suggested_probability,
        "votes": suspect.votes,
        "probably_wrong": suspect.is_sure,
    }


def _describe_groups(groups: Sequence[Group]) -> dict[str, Any]:
    return {
        "groups": len(groups),
        "listed": [
            {
                "equal_files": group.is_exact,
                "photos": {
                    photo.path: {"class": photo.label, "split": photo.split} for photo in group.photos[:MOST_LISTED]
                },
            }
            for group in groups[:MOST_LISTED]
        ],
    }


def _describe_odd(odd: Odd, pictured: Sequence[Photo]) -> dict[str, Any]:
    listed = [] if odd.is_usual else list(zip(odd.rows[:MOST_LISTED], odd.values[:MOST_LISTED], strict=True))
    return {
        "photos": len(odd.rows),
        "usual": odd.is_usual,
        "listed": {pictured[row].path: float(f"{value:.4g}") for row, value in listed},
    }
