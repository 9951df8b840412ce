"""How many stages run at once, and what each takes of a machine."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from stacker.artifacts.errors import PipelineError, WrongUseError
from stacker.settings.resources import Resources

PEAKS = Path(".dvc/tmp/stacker/memory")  # a small file a stage: what its largest process took when it last ran here
USUAL_PEAK = 1.5 * 1024**3  # bytes, where no stage has run yet: TensorFlow, OpenVINO and a network


class Share(NamedTuple):
    """What a stage takes.

    Attributes:
        cpus: cores that it is held to; None for as many as it likes, which the system shares out.
        gpus: that nobody else uses meanwhile; a fraction is shared.
    """

    cpus: int | None
    gpus: float


class Limits(NamedTuple):
    """How Ray spreads the stages.

    Attributes:
        at_once: how many run at once, on all machines.
        cpus: that Ray counts for a stage that is held to none.
        strategy: Ray's.
    """

    at_once: int
    cpus: int = 0
    strategy: str = "DEFAULT"


def count_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_jobs(jobs: str, cpus: int | None, width: int) -> int:
    """How many stages run at once on this machine.

    Args:
        jobs: a number, or "auto": one a core, as stages spend most of their time on one, where memory has room for it.
        cpus: cores that each stage is held to, if so.
        width: how many stages there are.

    Raises:
        WrongUseError: it is neither.
    """
    if re.fullmatch(r"[1-9]\d{0,3}", jobs):
        return int(jobs)
    if jobs != "auto":
        raise WrongUseError(f"--jobs: expected a number from 1 on, or auto; received {jobs}")
    room = int(psutil.virtual_memory().available / largest_peak())
    return max(1, min(count_cores() // (cpus or 1), room, width))


def choose_limits(jobs: str, cores: Sequence[float], width: int) -> Limits:
    """How Ray spreads the stages over several machines.

    Args:
        jobs: how many stages run at once; "auto" for as many as there is room for.
        cores: of each machine.
        width: how many stages there are.

    Raises:
        WrongUseError: `jobs` is neither a number nor "auto".
    """
    some = [count for count in cores if count >= 1]  # a head that runs no stages says that it has none
    cpus = max(1, int(min(sum(some) // max(width, 1), *some))) if some else 1  # few stages have more cores each
    room = sum(int(count // cpus) for count in some)
    return Limits(max(1, room) if jobs == "auto" else choose_jobs(jobs, None, width), cpus, "SPREAD")


def choose_share(stage: str, own: Mapping[str, Resources], cpus: int | None, gpus: float) -> Share:
    """What a stage takes: the block `resources` of its member, else what the command line says."""
    block = own.get(stage.partition("@")[2], Resources())
    return Share(cpus if block.cpus is None else block.cpus, gpus if block.gpus is None else block.gpus)


def check_shares(shares: Mapping[str, Share], machines: Iterable[tuple[float, float]]) -> None:
    """Can each stage run at all?

    Args:
        shares: by stage.
        machines: cores and GPUs of each.

    Raises:
        PipelineError: it asks for more than any machine has.
    """
    known = list(machines)
    for stage, share in shares.items():
        if not any((share.cpus or 0) <= cores and share.gpus <= gpus for cores, gpus in known):
            has = ", ".join(sorted({f"{cores:g} cores and {gpus:g} GPUs" for cores, gpus in known}))
            raise PipelineError(
                f"{stage} asks for {share.cpus or 0} cores and {share.gpus:g} GPUs, and no machine has that ({has}): "
                "lower `resources` in params.yaml, --cpus-per-stage or --gpus-per-stage"
            )


def keep_peak(stage: str, peak: int) -> None:
    """Keep how much memory the largest process of a stage took, in bytes, where DVC ran one."""
    if peak:
        PEAKS.mkdir(parents=True, exist_ok=True)
        (PEAKS / stage).write_text(f"{peak}\n", encoding="ascii")


def largest_peak() -> float:
    """What the largest process of a stage took, of those that ran here, in bytes."""
    texts = [path.read_text(encoding="ascii").strip() for path in PEAKS.glob("*")] if PEAKS.is_dir() else []
    return float(max((int(text) for text in texts if text.isdigit()), default=0)) or USUAL_PEAK
