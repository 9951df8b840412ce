"""What the audit found, as markdown for the person who looks after the photos: pure functions."""

from collections.abc import Iterator, Sequence

from stacker.photos.odd_photos import Odd
from stacker.photos.torn_groups import Group
from stacker.pictures.tables import build_table, escape_name, escape_text
from stacker.scoring.audit import MOST_LISTED, Audit, Suspect
from stacker.scoring.class_issues import FEWEST

MOST_SHOWN = 50  # photos or groups of a kind
MOST_OF_GROUP = 5  # photos of a group
MOST_OF_JUDGED = 0.4  # labels that are less likely than another: of more, the judge is poor rather than the labels
MEANINGS = {  # what the value of an odd photo is
    "dark": "99 of 100 pixels are no brighter than this share of white",
    "bright": "all but 5 of 100 pixels are brighter than this share of white",
    "blank": "entropy of the greys, bits a pixel",
    "blurred": "variance of the Laplacian by that of the greys, less than a sixteenth of the median photo's",
    "extreme shape": "short side by long side of the file",
}


def write_audit(audit: Audit) -> str:
    """The whole report."""
    parts = [
        "# Audit",
        _introduce(audit),
        "## Labels that are probably wrong",
        *_describe_labels(audit),
        "## Duplicates",
        *_describe_duplicates(audit),
        "## Odd photos",
        *_describe_odd(audit),
        "## Classes",
        *_describe_classes(audit),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def count_finds(audit: Audit) -> list[str]:
    """What was found, a few words a kind."""
    odd = {int(row) for found in audit.odd.values() if not found.is_usual for row in found.rows}
    return [
        f"{_count(audit.sure, 'label')} probably wrong, {audit.in_doubt:,} in doubt",
        f"{_count(len(audit.groups.across_classes), 'group')} of duplicates under two classes, "
        f"{len(audit.groups.across_splits):,} in two splits",
        f"{_count(len(odd), 'odd photo')}",
        f"{len(audit.thin):,} of {_count(audit.classes, 'class', 'classes')} thin",
    ]


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _introduce(audit: Audit) -> str:
    return (
        f"{_count(sum(audit.photos.values()), 'photo')}: {'; '.join(count_finds(audit))}. Tables show "
        f"the first {MOST_SHOWN} of a kind, `metrics/audit.json` the first {MOST_LISTED:,}, the picture "
        "`plots/audit.png` some of each. Paths are those below `data.images`. Nothing is "
        "changed by this: look at a photo, then move, mend or delete its file, and run `dvc repro`."
    )


def _describe_labels(audit: Audit) -> Iterator[str]:
    train, validation = audit.judged["train"], audit.judged["validation"]
    sources = {
        "oof": f"all {train:,} of the train split, each by models fitted without it",
        "holdout": f"the {train:,} of the train split that were kept from the members; the other "
        f"{audit.photos['train'] - train:,} were learnt and cannot be judged",
        "train": "none of the train split, which the members have learnt whole (`stacking.fit_on: train`)",
    }
    watched = ", where early stopping has looked too" if audit.is_watched else ""
    yield (
        f"Judged by the mean of what {_count(audit.members, 'member')} say of photos that they had not learnt: "
        f"{sources[audit.fit_on]}; and the {validation:,} of the validation split{watched}. Answers to test photos are "
        "for the evaluation alone, and are not used. A label is *probably wrong* where another class is more probable, "
        "and as probable as it is, on the average, for photos that are labelled so (confident learning: Northcutt et "
        "al., 2021); it is *in doubt* where another class is more probable. A photo that is hard makes a find too, and "
        "so do classes that look alike."
    )
    found, judged = audit.sure + audit.in_doubt, train + validation
    if found > MOST_OF_JUDGED * judged:
        yield (
            f"**These say more of the members than of the labels**: they take {found:,} of {judged:,} photos "
            f"({found / judged:.0%}) for another class, and most of these mistakes are their own."
        )
    if not audit.suspects:
        yield "None: no photo is taken for another class."
    sure = [suspect for suspect in audit.suspects if suspect.is_sure]
    doubtful = [suspect for suspect in audit.suspects if not suspect.is_sure]
    if sure:
        yield _tabulate_suspects(sure, audit.members)
    if doubtful:
        yield f"In doubt, {audit.in_doubt:,}:" if sure else f"None is probably wrong. In doubt, {audit.in_doubt:,}:"
        yield _tabulate_suspects(doubtful, audit.members)


def _tabulate_suspects(suspects: Sequence[Suspect], members: int) -> str:
    rows = [
        (
            escape_text(suspect.photo.path),
            suspect.photo.split,
            f"{escape_name(suspect.photo.label)} ({suspect.label_probability:.4f})",
            f"{escape_name(suspect.suggested)} ({suspect.suggested_probability:.4f})",
            f"{suspect.votes} of {members}",
        )
        for suspect in suspects[:MOST_SHOWN]
    ]
    return build_table(("photo", "split", "label (probability)", "seems to be", "members that say so"), rows)


def _describe_duplicates(audit: Audit) -> Iterator[str]:
    yield (
        f"`prepare` found {_count(audit.groups.groups, 'group')} of duplicates, {audit.groups.photos:,} photos in all: "
        "equal files, and, where `data.near_duplicates` is set, photos that look the same. In one class and one split "
        "they do no harm."
    )
    torn = {
        "under two classes: at least one of the labels is wrong": audit.groups.across_classes,
        "in two splits: scores on them are too good, and your own folders put them there": audit.groups.across_splits,
    }
    for what, groups in torn.items():
        if groups:
            yield f"{_count(len(groups), 'group')} {what}."
            header = ("photos", "equal files", "where")
            yield build_table(header, [_list_group(group) for group in groups[:MOST_SHOWN]])


def _list_group(group: Group) -> tuple[str, str, str]:
    shown = [f"{escape_text(photo.path)} ({photo.split})" for photo in group.photos[:MOST_OF_GROUP]]
    if len(group.photos) > MOST_OF_GROUP:
        shown.append(f"{len(group.photos) - MOST_OF_GROUP:,} more")
    return f"{len(group.photos):,}", "yes" if group.is_exact else "no", "; ".join(shown)


def _describe_odd(audit: Audit) -> Iterator[str]:
    yield "All splits were looked at, as prepared; labels and answers play no part."
    usual = [f"{name} ({len(odd.rows):,})" for name, odd in audit.odd.items() if odd.is_usual]
    if usual:
        yield f"So many photos are like this that it says what the set is like, and none is listed: {', '.join(usual)}."
    found = {name: odd for name, odd in audit.odd.items() if len(odd.rows) and not odd.is_usual}
    if not found:
        yield "None."
    for name, odd in found.items():
        yield f"**{name}**, {len(odd.rows):,}. In parentheses: {MEANINGS[name]}."
        yield "\n".join(_list_odd(odd, audit))


def _list_odd(odd: Odd, audit: Audit) -> Iterator[str]:
    for row, value in zip(odd.rows[:MOST_SHOWN], odd.values[:MOST_SHOWN], strict=True):
        photo = audit.pictured[row]
        yield f"- {escape_text(photo.path)} ({value:.3g}), {photo.split}"


def _describe_classes(audit: Audit) -> Iterator[str]:
    if audit.thin:
        yield (
            f"Thin: fewer than {FEWEST} photos to learn from, or less than a fifth of what the median class has; "
            "copies count once."
        )
        rows = [(escape_name(thin.name), thin.photos, thin.groups) for thin in audit.thin[:MOST_SHOWN]]
        yield build_table(("class", "train photos", "without copies"), rows)
    if audit.confused:
        yield (
            "Confused: at least 5 photos, and 5 % of a class's, that were not learnt are taken for another. Where "
            "labels are right, more photos of the two, or one class in place of two, will help."
        )
        rows_of_pairs = [
            (escape_name(pair.name), escape_name(pair.taken_for), pair.photos, f"{pair.share:.1%}")
            for pair in audit.confused[:MOST_SHOWN]
        ]
        yield build_table(("class", "taken for", "photos", "of the class"), rows_of_pairs)
    if not audit.thin and not audit.confused:
        yield "No class is thin, and no two are often confused."
