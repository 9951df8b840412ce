"""What differs between the code that stages last ran and today's: modules and packages, in a few lines."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from stacker.artifacts.code_files import MODULE

MOST_MODULES = 6  # by name, in a line


class CodeChanges(NamedTuple):
    """What differs between two versions of a `data/code/<stage>.txt`, or of several.

    Attributes:
        changed: modules whose code is another.
        dropped: modules that are not imported any more.
        imported: modules that were not imported before.
        packages: a line each, with the versions before and after.
    """

    changed: set[str]
    dropped: set[str]
    imported: set[str]
    packages: set[str]


def find_code_changes(old: str, new: str) -> CodeChanges:
    """Compare the texts of two code files."""
    before, after = _read(old), _read(new)
    names = before.keys() | after.keys()
    modules = {key for key in names if key[0] == MODULE}
    differing = {key for key in modules & before.keys() & after.keys() if before[key] != after[key]}
    return CodeChanges(
        changed={name for _, name in differing},
        dropped={name for _, name in modules - after.keys()},
        imported={name for _, name in modules - before.keys()},
        packages={
            f"{' '.join(key)}: {before.get(key, 'none')} -> {after.get(key, 'none')}"
            for key in names - modules
            if before.get(key) != after.get(key)
        },
    )


def merge_code_changes(changes: Iterable[CodeChanges]) -> CodeChanges:
    """All changes of several code files."""
    merged = CodeChanges(set(), set(), set(), set())
    for one in changes:
        for together, part in zip(merged, one, strict=True):
            together.update(part)
    return merged


def describe_code_changes(changes: CodeChanges) -> Iterator[str]:
    """A line a kind of change of modules, and a line a package."""
    kinds = {
        "code changed": changes.changed,
        "no longer imported": changes.dropped,
        "newly imported": changes.imported,
    }
    yield from (f"{kind}: {_list_names(names)}" for kind, names in kinds.items() if names)
    yield from sorted(changes.packages)


def _list_names(names: set[str]) -> str:
    first, more = sorted(names)[:MOST_MODULES], len(names) - MOST_MODULES
    return ", ".join(first) + (f" and {more} more" if more > 0 else "")


def _read(text: str) -> dict[tuple[str, str], str]:
    """By kind and name, the hash or the versions."""
    words = [line.split(maxsplit=2) for line in text.splitlines()]
    return {(kind, name): rest for kind, name, rest in words}
