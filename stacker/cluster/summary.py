"""What a run came to: which chain of stages took longest, and how busy the machines were."""

from collections.abc import Mapping

from stacker.cluster.board import HERE, Row


def find_critical_path(rows: Mapping[str, Row], behind: Mapping[str, set[str]]) -> list[str]:
    """The stages that the run could not have ended without, one after the other: who was waited for last, each time.

    Args:
        rows: by stage.
        behind: for each stage those that it waits for, directly or not.
    """
    ended = {stage: row.ended for stage, row in rows.items() if row.ended is not None and row.began is not None}
    path: list[str] = []
    left = set(ended)
    while left:
        last = max(left, key=lambda stage: (ended[stage], stage))
        path.insert(0, last)
        left = behind.get(last, set()) & ended.keys()
    return path


def describe_run(
    rows: Mapping[str, Row],
    behind: Mapping[str, set[str]],
    slots: int,
    wall: float,
    peak: int | None,
    is_here: bool = True,
) -> str:
    """The lines at the end of a run.

    Args:
        rows: by stage.
        behind: for each stage those that it waits for, directly or not.
        slots: how many stages could run at once, those of the driver's own included where all is here, else on the
            cluster.
        wall: seconds of the run.
        peak: the memory of the largest process of a stage, in bytes; None where it is not known.
        is_here: did all run on this machine?
    """
    path = find_critical_path(rows, behind)
    chain = " -> ".join(f"{stage} ({rows[stage].seconds or 0:.0f} s)" for stage in path)
    work = sum(row.seconds or 0 for row in rows.values())
    sent = work if is_here else sum(row.seconds or 0 for row in rows.values() if row.node != HERE)
    room = f"{slots} at once" if is_here else f"{slots} at once on the cluster"
    lines = [
        f"critical path: {chain}",
        f"{work:.0f} s of stages in {wall:.0f} s: {room} were busy {sent / wall / slots:.0%} of the time",
    ]
    if peak:
        lines.append(f"the largest process of a stage took {peak / 1024**3:.1f} GiB of memory")
    return "\n".join(lines)
