"""Send stages to workers as those that they wait for are done, and follow them."""

import time
from collections.abc import Callable
from typing import Any

from stacker.cluster.board import Shows, State
from stacker.cluster.logs import add_to_log, begin_log, has_run, locate_log
from stacker.cluster.machines import Machines
from stacker.cluster.share import Limits, Share, keep_peak
from stacker.cluster.source import Source
from stacker.cluster.task import Orders, make_task
from stacker.cluster.work import Work, order_by_urgency
from stacker.cluster.worker import work as work_on

ATTEMPTS = 3  # of a stage whose worker or machine is lost
TICK = 0.2  # seconds


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
        self._machines = Machines(ray)
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
    def is_here(self) -> bool:
        """Do its stages and the driver's own share the room of one machine?"""
        return self._orders.demands is None

    @property
    def is_full(self) -> bool:
        """Do as many stages run here as may at once? On a cluster the driver's machine has room of its own."""
        return self.is_here and len(self._running) + len(self._list_ready()) >= self.at_once

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
        share = self._shares[stage]
        task = make_task(stage, self._work, share, self._orders, self._digest, self.entries)
        options = {
            "num_cpus": share.cpus or self._limits.cpus,
            "num_gpus": share.gpus,
            "max_retries": 0,
            "scheduling_strategy": self._limits.strategy,
            "label_selector": self._machines.selector,
        }
        stream = self._run.options(num_returns="streaming", name=stage, **options).remote(task, self._archive)
        self._running[stream] = stage
        self._attempts[stage] += 1
        begin_log(stage)

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
            self._board.change(stage, State.RUNNING, self._machines.name(event["node"], event["host"]))
        elif "log" in event:
            add_to_log(stage, event["log"])
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
        self._board.change(stage, State.DONE if has_run(stage) else State.RESTORED)

    def _turn_away(self, stage: str, why: str) -> None:
        """A node is not fit: no further stage goes there."""
        node = self._board.rows[stage].node
        self._machines.unfit[self._nodes[stage]] = f"{node}: {why}"
        if not self._machines.is_any_left:
            self._fail(stage, f"found no machine that is fit ({'; '.join(self._machines.unfit.values())})")
            return
        self._board.change(stage, State.WAITING, last=f"{node} is not fit: {why}")
        self._waiting.insert(0, stage)

    def _fail(self, stage: str, why: str) -> None:
        node = self._board.rows[stage].node or "no node"
        self.failed[stage] = f"{stage} {why} on {node}; its log is {locate_log(stage)}"
        self._board.change(stage, State.FAILED, last=why)

    def _lose(self, stage: str, why: str) -> None:
        """A process, a worker or a whole machine is gone: another one may have more luck."""
        if self._attempts[stage] >= ATTEMPTS:
            self._fail(stage, f"{why}, {ATTEMPTS} times")
        else:
            self._board.change(stage, State.WAITING, last=f"{why} on {self._board.rows[stage].node}: tried again")
            self._waiting.insert(0, stage)
