"""What a state gives when it is run from nothing: each state once, whichever way a walk comes to it."""

import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from e2e.clone import Clone

from .walked_project import PHOTOS, Outcome, copy_state, hash_state, read_failure, read_outcome


class FreshRuns:
    """Runs beside the walk, one after the other, each in a clone of its own with an empty cache."""

    def __init__(self, folder: Path, programs: Path):
        """Keep the clones in `folder`; `programs` has the `python` and the `dvc` that they run."""
        self.folder = folder
        self.programs = programs
        self.known: dict[str, Future[Outcome]] = {}
        self.pool = ThreadPoolExecutor(1)

    def ask(self, project: Clone) -> tuple[str, Future[Outcome]]:
        """The hash of the state of `project`, and what it gives when it is run from nothing."""
        state = hash_state(project)
        if state not in self.known:
            path = self.folder / state[:12] / "project"
            copy = copy_state(project, path)
            (path.parent / "bin").symlink_to(self.programs)
            self.known[state] = self.pool.submit(self._run, copy)
        return state, self.known[state]

    def _run(self, copy: Clone) -> Outcome:
        copy.dvc("add", PHOTOS)
        try:
            copy.repro()
        except AssertionError as error:
            outcome = read_failure(str(error))
        else:
            outcome = read_outcome(copy)
        shutil.rmtree(copy.path / ".dvc/cache")
        return outcome
