"""Look through an HDF5 file before Keras reads it: plain arrays that lie in this file, and nothing else.

HDF5 can do much that no saved network needs, and whoever reads a file from elsewhere meets it: datasets whose bytes are
taken from any other file (external storage, CVE-2026-1669; virtual datasets, CVE-2026-12480; links), a shape of
terabytes in a file of kilobytes, compressed or never written, and groups nested so deep that HDF5's own walk through
them ends the process. Only what is never opened cannot do harm: a link is known by its kind before it is followed, and
a dataset's layout is asked for before its shape, which for a virtual one may open other files.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
from h5py import h5d, h5g, h5l, h5o, h5t

NETWORK = "model_config"  # the attribute in which Keras describes it
MOST_DEPTH = 64  # groups in groups; Keras makes one for each network in a network
MOST_ENTRIES = 1_000_000  # twenty members of the largest backbone have a tenth
PLAIN = (h5d.CONTIGUOUS, h5d.COMPACT)
NUMBERS = (h5t.INTEGER, h5t.FLOAT)
UNREADABLE = (OSError, RuntimeError, KeyError, ValueError)  # h5py has all of these for a damaged file


class Refused(Exception):  # noqa: N818 - it says what happens to the file
    """Why a file is not read further."""


def count_numbers(path: Path) -> int:
    """How many numbers the datasets of a file hold.

    Args:
        path: of an HDF5 file.

    Raises:
        Refused: it holds something else than groups, and datasets of numbers that lie in the file as plain bytes.
        OSError, RuntimeError, KeyError, ValueError: it is damaged, or no HDF5 file.
    """
    room = path.stat().st_size
    numbers = 0
    with h5py.File(path, "r") as file:
        for name, dataset in _list_datasets(file.id):
            count, width = _measure(name, dataset)
            numbers += count
            room -= count * width
            if room < 0:
                raise Refused(f"its datasets claim more bytes than the file has, {name!r} among them")
    return numbers


def read_network(path: Path) -> str:
    """How a file describes its network, as JSON.

    Raises:
        Refused: it describes none, or not in one text.
        OSError, RuntimeError, KeyError, ValueError: it is damaged, or no HDF5 file.
    """
    with h5py.File(path, "r") as file:
        is_one = NETWORK in file.attrs and file.attrs.get_id(NETWORK).shape == ()
        text = file.attrs[NETWORK] if is_one else None
    if not isinstance(text, str):
        raise Refused(f"it holds no network: its `{NETWORK}` is missing, or no text")
    return text


def _list_datasets(root: Any) -> Iterator[tuple[str, Any]]:
    """All datasets with their names. With a stack of our own: HDF5's visitor recurses, and can be made to crash."""
    groups, seen = [("", root, 0)], 0
    while groups:
        name, group, depth = groups.pop()
        for entry in _list_entries(name, group):
            seen += 1
            if seen > MOST_ENTRIES:
                raise Refused(f"it has more than {MOST_ENTRIES:,} groups and datasets")
            child, path = h5o.open(group, entry), f"{name}/{_show(entry)}"
            if isinstance(child, h5d.DatasetID):
                yield path, child
            elif not isinstance(child, h5g.GroupID):
                raise Refused(f"{path!r} is neither group nor dataset")
            elif depth == MOST_DEPTH:
                raise Refused(f"groups are nested more than {MOST_DEPTH} deep")
            else:
                groups.append((path, child, depth + 1))


def _list_entries(name: str, group: Any) -> list[bytes]:
    found: list[tuple[bytes, Any]] = []
    group.links.iterate(lambda entry, info: found.append((entry, info.type)), info=True)
    for entry, kind in found:
        if kind != h5l.TYPE_HARD:
            raise Refused(f"{f'{name}/{_show(entry)}'!r} is a link")
    return [entry for entry, _ in found]


def _measure(name: str, dataset: Any) -> tuple[int, int]:
    """How many numbers a dataset says that it has, and how many bytes each."""
    if dataset.get_offset() is None:  # it has a place in the file if it is plain and not empty
        check_layout(name, dataset.get_create_plist())
    kind = dataset.get_type()
    if kind.get_class() not in NUMBERS:
        raise Refused(f"{name!r} holds no numbers")
    return math.prod(dataset.shape or ()), kind.get_size()


def check_layout(name: str, created: Any) -> None:
    """See that a dataset lies in its file as plain bytes.

    Args:
        name: of the dataset, for the message.
        created: its creation properties (`get_create_plist`), which say so without opening another file.

    Raises:
        Refused: it does not.
    """
    if created.get_external_count():
        raise Refused(f"the bytes of {name!r} lie in another file")
    layout = created.get_layout()
    if layout == h5d.VIRTUAL:
        raise Refused(f"{name!r} is a virtual dataset: its numbers lie in other files")
    if layout not in PLAIN:
        raise Refused(f"{name!r} is compressed or cut in chunks (`h5repack -l CONTI -f NONE` makes it plain)")


def _show(entry: bytes) -> str:
    return entry.decode("utf-8", "backslashreplace")
