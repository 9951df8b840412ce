"""All that a crew on a cluster needs to know, as it travels to where the crew is led from."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from stacker.cluster.board import Shows
from stacker.cluster.crew import Crew
from stacker.cluster.share import check_shares, choose_limits, choose_share
from stacker.cluster.source import Source
from stacker.cluster.task import Orders
from stacker.cluster.work import Work
from stacker.settings.resources import Resources


class Order(NamedTuple):
    """What there is to do, where from and how.

    Attributes:
        work: the stages.
        entries: of `dvc.lock`, before.
        orders: what each worker is told.
        resources: the block of `params.yaml`.
        jobs: how many stages run at once, or "auto".
        cpus: cores that each stage is held to; None for as many as it likes.
        gpus: of each stage; None for one where there are any.
        digest: of the source.
    """

    work: Work
    entries: dict[str, Any]
    orders: Orders
    resources: dict[str, Resources]
    jobs: str
    cpus: int | None
    gpus: float | None
    digest: str


def gather_crew(
    ray: Any, order: Order, archive: bytes, board: Shows, accept: Callable[[str, dict[str, Any]], None]
) -> Crew:
    """The crew for an order, on the cluster that `ray` has joined.

    Raises:
        PipelineError: a stage asks for more than any machine has.
    """
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    machines = [(node.get("CPU", 0.0), node.get("GPU", 0.0)) for node in nodes]
    gpus = order.gpus if order.gpus is not None else float(sum(count for _, count in machines) >= 1)
    shares = {stage: choose_share(stage, order.resources, order.cpus, gpus) for stage in order.work.parallel}
    check_shares(shares, machines)
    limits = choose_limits(order.jobs, [cores for cores, _ in machines], len(order.work.parallel))
    source = Source(archive, order.digest)
    return Crew(ray, order.work, source, order.orders, shares, limits, order.entries, board, accept)


def write_order(order: Order) -> str:
    """The order as JSON."""
    return json.dumps(
        {
            **order._asdict(),
            "work": {**order.work._asdict(), "parallel": _list(order.work.parallel), "own": _list(order.work.own)},
            "orders": order.orders._asdict(),
            "resources": {label: block.model_dump() for label, block in order.resources.items()},
        },
        sort_keys=True,
    )


def read_order(text: str) -> Order:
    """What `write_order` wrote."""
    found = json.loads(text)
    work = found["work"]
    sets = {name: {stage: set(behind) for stage, behind in work[name].items()} for name in ("parallel", "own")}
    return Order(
        **{
            **found,
            "work": Work(**{**work, **sets}),
            "orders": Orders(**found["orders"]),
            "resources": {label: Resources(**block) for label, block in found["resources"].items()},
        }
    )


def _list(sets: dict[str, set[str]]) -> dict[str, list[str]]:
    return {stage: sorted(behind) for stage, behind in sets.items()}
