"""A crew that is led from within a cluster, by a Ray job, which goes on while nobody follows it."""

import contextlib
import io
import json
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from stacker.artifacts.errors import PipelineError
from stacker.cluster.board import Board, State
from stacker.cluster.job import ORDER, SIGN, SOURCE
from stacker.cluster.logs import add_to_log, begin_log
from stacker.cluster.order import Order, write_order

SUBMITTED = Path(".dvc/tmp/stacker/submitted.json")  # the job that may still be there
POLL_SECONDS = 1.0
PATIENCE = 10.0  # seconds for a cluster to answer


class Submitted:
    """As `Crew`, where the stages are led by a job of a cluster.

    Attributes:
        entries, done, failed: as those of `Crew`.
        at_once: how many stages it does at once, once it has ended.
    """

    def __init__(
        self, client: Any, job: str, order: Order, board: Board, accept: Callable[[str, dict[str, Any]], None]
    ):
        self._client, self._job, self._board, self._accept = client, job, board, accept
        self._read = 0
        self.entries, self.done, self.failed = order.entries, set[str](), dict[str, str]()
        self.is_busy, self.is_here, self.is_full, self.at_once = True, False, False, 1
        for stage in order.work.parallel:
            begin_log(stage)

    def step(self) -> None:
        """Hear what is new.

        Raises:
            PipelineError: the job ended before its work did.
        """
        status = self._client.get_job_status(self._job)
        text = self._client.get_job_logs(self._job)
        whole = text[: text.rfind("\n") + 1]
        for line in whole[self._read :].splitlines():
            if line.startswith(SIGN):
                self._hear(*json.loads(line.removeprefix(SIGN)))
        self._read = len(whole)
        if self.is_busy and status.is_terminal():
            info = self._client.get_job_info(self._job)
            raise PipelineError(f"the job {self._job} ended as {status}: {info.message}\n{whole[-2000:]}")
        if self.is_busy:
            time.sleep(POLL_SECONDS)

    def _hear(self, what: str, *event: Any) -> None:
        if what in ("change", "hear") and event[0] not in self._board.rows:
            return  # of an earlier time: it is here by now
        if what == "change":
            self._board.change(event[0], State(event[1]), *event[2:])
        elif what == "hear":
            add_to_log(*event)
            self._board.hear(*event)
        elif what == "entry":
            stage, entry = event
            self._accept(stage, entry)
            self.entries[stage] = entry
            self.done.add(stage)
        elif what == "failed":
            self.failed[event[0]] = event[1]
        elif what == "error":
            raise PipelineError(event[0])
        else:
            self.is_busy, self.at_once = False, event[0]


def connect(address: str, is_open: bool) -> Any:
    """A client of the cluster's job server.

    Raises:
        PipelineError: there is none, or it takes jobs of anyone.
    """
    from ray.exceptions import RayError
    from ray.job_submission import JobSubmissionClient

    try:
        answer = requests.get(f"{address.rstrip('/')}/api/jobs/", timeout=PATIENCE)
        if answer.ok and not is_open:
            raise PipelineError(
                f"{address} takes jobs of anyone who reaches it, without a token: start the cluster with "
                "RAY_AUTH_MODE=token on each machine (docs/scaling.md); or, where nobody else reaches it, say "
                "--open-cluster"
            )
        return JobSubmissionClient(address)
    except (requests.RequestException, ConnectionError, RuntimeError, RayError) as error:
        raise PipelineError(f"--address {address}: no Ray cluster takes jobs of ours there: {error}") from None


def submit(client: Any, order: Order, archive: bytes) -> str:
    """The job for an order: one that was submitted before, if it still runs or has ended well, else a new one."""
    asked = {"source": order.digest, "home": order.orders.home, "stages": sorted(order.work.parallel)}
    if SUBMITTED.exists():
        before = json.loads(SUBMITTED.read_text(encoding="utf-8"))
        with contextlib.suppress(RuntimeError):  # the cluster does not know it
            status = client.get_job_status(before["job"])
            if _serves(before, asked) and (not status.is_terminal() or status == "SUCCEEDED"):
                return str(before["job"])
            if not status.is_terminal():
                client.stop_job(before["job"])
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            members = [member for member in files if member.name.startswith("stacker/")]
            files.extractall(folder, members, filter="data")
        (Path(folder) / ORDER).write_text(write_order(order), encoding="utf-8")
        (Path(folder) / SOURCE).write_bytes(archive)
        job = client.submit_job(entrypoint="python -m stacker.cluster.job", runtime_env={"working_dir": folder})
    SUBMITTED.parent.mkdir(parents=True, exist_ok=True)
    SUBMITTED.write_text(json.dumps({"job": job, **asked}), encoding="utf-8")
    return str(job)


def _serves(before: dict[str, Any], asked: dict[str, Any]) -> bool:
    """Does an earlier job do all that is asked for? It may do more: some of it may be here by now."""
    is_same = all(before[key] == asked[key] for key in ("source", "home"))
    return is_same and set(asked["stages"]) <= set(before["stages"])
