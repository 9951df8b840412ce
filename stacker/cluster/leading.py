"""Let a crew work to its end, wherever it is led from."""

from collections.abc import Callable
from typing import Any, Protocol

from stacker.artifacts.errors import PipelineError


class StagesFailedError(PipelineError):
    """Some stages failed, each named: a run ends with the exit status of a `dvc repro` in which a stage fails."""


class Led(Protocol):
    """Whoever leads stages to their end: a `Crew`, or one that works for a job of a cluster."""

    done: set[str]
    failed: dict[str, str]
    at_once: int

    @property
    def is_here(self) -> bool:
        """Do its stages and the driver's own share the room of one machine?"""

    @property
    def is_busy(self) -> bool:
        """Is there more to come?"""

    @property
    def is_full(self) -> bool:
        """Is there no room for a stage of the driver's own?"""

    def step(self) -> None:
        """Go a step further."""


def drive(crew: Led, look: Callable[[], None] = lambda: None) -> None:
    """Let the crew work to its end; `look` is called between its steps."""
    while crew.is_busy:
        crew.step()
        look()


def remove_homes(ray: Any, home: str) -> None:
    """Remove the clones and the cache of a job on each machine that is there."""

    def remove(home: str) -> None:
        import shutil
        import tempfile
        from pathlib import Path

        shutil.rmtree(Path(tempfile.gettempdir(), home), ignore_errors=True)

    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    run = ray.remote(num_cpus=0, max_retries=0)(remove)
    sent = [run.options(label_selector={"ray.io/node-id": node}).remote(home) for node in nodes]
    ray.wait(sent, num_returns=len(sent), timeout=30)
