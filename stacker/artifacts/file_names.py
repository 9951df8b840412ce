"""File names that are no UTF-8, as old archives and disks have them: neither DVC nor a CSV file can hold one."""

import os
from collections.abc import Iterable
from pathlib import Path

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.long_lists import show_list


def is_utf8(name: str) -> bool:
    """Can the name be written down? Python puts a lone surrogate in the place of each byte that is no UTF-8."""
    return name.isprintable() or not any("\ud800" <= character <= "\udfff" for character in name)


def show_name(name: str) -> str:
    r"""The name, with what is no UTF-8 as `\udce9` for the byte E9."""
    return name.encode("utf-8", "backslashreplace").decode()


def refuse_odd_names(folder: Path) -> None:
    """See that every name below `folder` is UTF-8; what links to folders lead to is not looked at.

    Raises:
        PipelineError: naming those that are not.
    """
    found = (Path(where, name) for where, *names in os.walk(folder) for name in (*names[0], *names[1]))
    refuse_odd_paths(path for path in found if not is_utf8(path.name))


def refuse_odd_paths(paths: Iterable[Path]) -> None:
    """As `refuse_odd_names`, of paths that are known not to be UTF-8; none is fine."""
    odd = sorted(show_name(str(path)) for path in paths)
    if odd:
        raise PipelineError(
            f"{len(odd):,} file name(s) are no UTF-8, which neither DVC nor a list of the photos can hold. Rename "
            "them, or convert all, such as with `convmv -f latin1 -t utf8 -r --notest <folder>`; each byte that is "
            f"wrong is shown as \\udc and two digits:{show_list(odd, 'file_names.txt')}"
        )
