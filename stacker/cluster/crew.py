"""Send stages to workers as those that they wait for are done, and follow them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from stacker.cluster.board import Shows, State
from stacker.cluster.share import Limits, Share, keep_peak
from stacker.cluster.source import Source
from stacker.cluster.work import Work, order_by_urgency
from stacker.cluster.worker import work as work_on

LOGS = Path(".dvc/tmp/stacker/logs")
ATTEMPTS = 3  # of a stage whose worker or machine is lost
TICK = 0.2  # seconds


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


class Crew:
    """The parallel stages of a run, on a Ray that is there.

    Attributes:
        entries: of `dvc.lock`, of all stages that are done or were left alone.
        done: the stages whose outputs are where the driver finds them.
        failed: of those that failed, why.
        at_once: how many stages run at once, at most.
    """

    def __init__(
        self,
        ray: Any,
        work: Work,
        source: Source,
        orders: Orders,
        shares: dict[str, Share],
        limits: Limits,
        entries: dict[str, Any],
        board: Shows,
        accept: Callable[[str, dict[str, Any]], None] | None = None,
    ):
        self._ray, self._work, self._orders, self._shares, self._board = ray, work, orders, shares, board
        self._limits, self._accept, self.at_once = limits, accept, limits.at_once
        self._unfit: dict[str, str] = {}
        self._nodes: dict[str, str] = {}
        self._digest, self._archive = source.digest, ray.put(source.archive)
        ray.cloudpickle.register_pickle_by_value(__import__(work_on.__module__, fromlist=["work"]))
        self._run = ray.remote(work_on)
        self._waiting = order_by_urgency(work)
        self._running: dict[Any, str] = {}
        self._attempts = dict.fromkeys(work.parallel, 0)
        self.entries = entries
        self.done: set[str] = set()
        self.failed: dict[str, str] = {}

    @property
    def is_busy(self) -> bool:
        """Is there a stage that runs, or can still run?"""
        return bool(self._running) or any(self._is_open(stage) for stage in self._waiting)

    @property
    def is_full(self) -> bool:
        """Do as many stages run here as may at once? On a cluster the driver's machine has room of its own."""
        return self._orders.demands is None and len(self._running) + len(self._list_ready()) >= self.at_once

    def step(self) -> None:
        """Send what is ready, and hear what happened."""
        for stage in self._list_ready():
            if len(self._running) >= self.at_once:
                break
            self._waiting.remove(stage)
            self._send(stage)
        if not self._running:
            time.sleep(TICK)
            return
        ready, _ = self._ray.wait(list(self._running), timeout=TICK, fetch_local=False)
        for stream in ready:
            self._hear(stream, self._running[stream])

    def _list_ready(self) -> list[str]:
        return [stage for stage in self._waiting if self._work.parallel[stage] <= self.done]

    def _is_open(self, stage: str) -> bool:
        return not self._work.parallel[stage] & self.failed.keys()

    def _send(self, stage: str) -> None:
        share, behind = self._shares[stage], self._work.ancestors[stage]
        entries = {name: self.entries[name] for name in behind if name in self.entries}
        task = {
            "stage": stage,
            "inputs": self._work.inputs[stage],
            "entries": entries,
            "digest": self._digest,
            "cores": share.cpus,
            "gpus": share.gpus,
            **self._orders._asdict(),
        }
        if self._orders.demands is not None:
            task["demands"] = {**self._orders.demands, "bytes": _count_bytes(entries, self._work.inputs[stage])}
        options = {
            "num_cpus": share.cpus or self._limits.cpus,
            "num_gpus": share.gpus,
            "max_retries": 0,
            "scheduling_strategy": self._limits.strategy,
            "label_selector": {"ray.io/node-id": f"!in({', '.join(self._unfit)})"} if self._unfit else None,
        }
        stream = self._run.options(num_returns="streaming", name=stage, **options).remote(task, self._archive)
        self._running[stream] = stage
        self._attempts[stage] += 1
        log = LOGS / f"{stage}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)

    def _hear(self, stream: Any, stage: str) -> None:
        try:
            event = self._ray.get(next(stream))
        except StopIteration:  # after its last word
            return
        except self._ray.exceptions.RayTaskError as error:  # the task's own Python: no other end to expect
            del self._running[stream]
            self._fail(stage, f"could not be started ({str(error.cause or error).strip().splitlines()[-1]})")
            return
        except self._ray.exceptions.RayError as error:
            del self._running[stream]
            self._lose(stage, f"was lost ({type(error).__name__})")
            return
        if "host" in event:
            self._nodes[stage] = event["node"]
            self._board.change(stage, State.RUNNING, self._name_node(event))
        elif "log" in event:
            with (LOGS / f"{stage}.log").open("a", encoding="utf-8") as log:
                log.write(event["log"])
            self._board.hear(stage, event["log"])
        else:
            del self._running[stream]
            self._end(stage, event)

    def _end(self, stage: str, answer: dict[str, Any]) -> None:
        if "unfit" in answer:
            self._turn_away(stage, answer["unfit"])
            return
        if answer["code"] < 0:
            self._lose(stage, f"was killed (signal {-answer['code']})")
            return
        if answer["code"] != 0 or not answer.get("entry"):
            self._fail(stage, f"ended with exit code {answer['code']}")
            return
        if answer.get("dropped"):
            print(f"{stage}: another result was there first, and this one was dropped: the stage is not the same twice")
        if self._accept:
            self._accept(stage, answer["entry"])
        self.entries[stage] = answer["entry"]
        self.done.add(stage)
        keep_peak(stage, answer["peak"])
        said = (LOGS / f"{stage}.log").read_text(encoding="utf-8") if (LOGS / f"{stage}.log").exists() else ""
        self._board.change(stage, State.DONE if f"Running stage '{stage}'" in said else State.RESTORED)

    def _name_node(self, event: dict[str, str]) -> str:
        """The name that the node was given, else the machine's."""
        names = {node["NodeID"]: (node["NodeName"], node["NodeManagerAddress"]) for node in self._ray.nodes()}
        name, address = names.get(event["node"], ("", ""))
        return event["host"] if name in ("", address) else name

    def _turn_away(self, stage: str, why: str) -> None:
        """A node is not fit: no further stage goes there."""
        node = self._board.rows[stage].node
        self._unfit[self._nodes[stage]] = f"{node}: {why}"
        alive = {entry["NodeID"] for entry in self._ray.nodes() if entry["Alive"]}
        if alive <= self._unfit.keys():
            self._fail(stage, f"found no machine that is fit ({'; '.join(self._unfit.values())})")
            return
        self._board.change(stage, State.WAITING, last=f"{node} is not fit: {why}")
        self._waiting.insert(0, stage)

    def _fail(self, stage: str, why: str) -> None:
        node = self._board.rows[stage].node or "no node"
        self.failed[stage] = f"{stage} {why} on {node}; its log is {LOGS / f'{stage}.log'}"
        self._board.change(stage, State.FAILED, last=why)

    def _lose(self, stage: str, why: str) -> None:
        """A process, a worker or a whole machine is gone: another one may have more luck."""
        if self._attempts[stage] >= ATTEMPTS:
            self._fail(stage, f"{why}, {ATTEMPTS} times")
        else:
            self._board.change(stage, State.WAITING, last=f"{why} on {self._board.rows[stage].node}: tried again")
            self._waiting.insert(0, stage)


def _count_bytes(entries: dict[str, Any], stages: list[str]) -> int:
    """What the outputs of stages take on a disk."""
    return sum(out.get("size", 0) for stage in stages for out in entries.get(stage, {}).get("outs", []))
