"""What a worker is told of a stage."""

from typing import Any, NamedTuple

from stacker.cluster.share import Share
from stacker.cluster.work import Work


class Orders(NamedTuple):
    """What every task is told alike; see `stacker.cluster.worker.work`.

    Attributes:
        home: the folder for clones.
        links: of files that Git does not track.
        settings: of DVC in a clone.
        environment: of the stages; None for that of the node.
        demands: on a machine; None where the stages run on the driver's.
    """

    home: str
    links: dict[str, str]
    settings: str
    environment: dict[str, str] | None
    demands: dict[str, Any] | None = None


def make_task(
    stage: str, work: Work, share: Share, orders: Orders, digest: str, known: dict[str, Any]
) -> dict[str, Any]:
    """The task of a stage, as `stacker.cluster.worker.work` takes it.

    Args:
        stage: its name.
        work: that it is part of.
        share: of a machine.
        orders: for all tasks.
        digest: of the source.
        known: entries of `dvc.lock`, of all stages behind it at least.
    """
    inputs = work.inputs[stage]
    entries = {name: known[name] for name in work.ancestors[stage] if name in known}
    task: dict[str, Any] = {"stage": stage, "inputs": inputs, "entries": entries, "digest": digest}
    task |= {"cores": share.cpus, "gpus": share.gpus, **orders._asdict()}
    if orders.demands is not None:
        task["demands"] = {**orders.demands, "bytes": _count_bytes(entries, inputs)}
    return task


def _count_bytes(entries: dict[str, Any], stages: list[str]) -> int:
    """What the outputs of stages take on a disk."""
    return sum(out.get("size", 0) for stage in stages for out in entries.get(stage, {}).get("outs", []))
