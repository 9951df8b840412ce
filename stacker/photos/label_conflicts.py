"""The same photo under two classes: one of the two labels is wrong."""

from collections import defaultdict
from collections.abc import Hashable, Sequence

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.long_lists import show_list
from stacker.photos.listing import ImageFile


def handle_conflicts(
    files: Sequence[ImageFile], content_hashes: Sequence[str], classes: Sequence[str], handling: str
) -> None:
    """Refuse, or print, equal files under different classes.

    Args:
        files: all images.
        content_hashes: one a file.
        classes: the class names, in the order of the labels.
        handling: the setting `data.label_conflicts`, "error" or "report".

    Raises:
        PipelineError: naming the files, if it is "error".
    """
    conflicts = find_conflicts([file.label for file in files], content_hashes)
    if not conflicts:
        return
    lines = [
        " and ".join(f"{files[row].path.as_posix()} ({classes[files[row].label]})" for row in rows)
        for rows in conflicts
    ]
    text = f"{len(lines):,} photo(s) stand under more than one class, byte for byte"
    listed = show_list(lines, "label_conflicts.txt")
    if handling == "error":
        raise PipelineError(
            f"{text}: one of the labels is wrong. Remove the wrong copies, or set data.label_conflicts: report to keep "
            f"all:{listed}"
        )
    print(f"warning: {text}:{listed}")


def report_near_conflicts(files: Sequence[ImageFile], groups: Sequence[int], content_hashes: Sequence[str]) -> None:
    """Print how many groups of near duplicates hold more than one class; a chain of them may, so it is no error."""
    equal = {content_hashes[rows[0]] for rows in find_conflicts([file.label for file in files], content_hashes)}
    conflicts = [
        rows
        for rows in find_conflicts([file.label for file in files], groups)
        if not any(content_hashes[row] in equal for row in rows)  # told by `handle_conflicts`
    ]
    if conflicts:
        examples = ", ".join(files[row].path.as_posix() for row in conflicts[0][:4])
        print(
            f"warning: {len(conflicts):,} group(s) of near duplicates hold more than one class, such as {examples}: a "
            "label may be wrong; the column `group` of manifest.csv lists all"
        )


def find_conflicts(labels: Sequence[int], keys: Sequence[Hashable]) -> list[list[int]]:
    """The rows of every key that has more than one label, in the order of their first rows."""
    rows: dict[Hashable, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        rows[key].append(row)
    return [found for found in rows.values() if len({labels[row] for row in found}) > 1]
