"""What the command line asks for."""

from collections.abc import Sequence
from typing import NamedTuple


class Wishes(NamedTuple):
    """What the command line asks for.

    Attributes:
        targets: as `dvc repro` takes them.
        jobs: a number, or "auto".
        cpus: cores that each stage is held to; None for all.
        gpus: of each stage; None for one where there are any.
        options: of `dvc repro`.
        address: of a Ray cluster; None for this machine alone.
        remote: DVC's, through which results travel between machines; None for the default one.
        is_open: may the cluster be one that asks for no token?
    """

    targets: Sequence[str]
    jobs: str
    cpus: int | None
    gpus: float | None
    options: Sequence[str] = ()
    address: str | None = None
    remote: str | None = None
    is_open: bool = False


def is_job_server(address: str) -> bool:
    """Is it the address of a cluster's job server?"""
    return address.startswith(("http://", "https://"))
