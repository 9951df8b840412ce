"""What else befalls a project: going back in Git, a lock of another state, results that were lost or meddled with."""

import os
import random
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from e2e.clone import Clone

from .photo_edits import Edit, NotPossibleError


def list_commits(project: Clone) -> list[str]:
    """The states that a walk has committed, by tag, in their order."""
    return project.git("tag", "--list", "--sort=version:refname", "state-*").split()


def check_out(project: Clone) -> None:
    """Bring back what DVC's cache has; that it has not all, where a state was never run, is no matter here."""
    subprocess.run(
        ["dvc", "checkout", "--force", "--allow-missing"],
        cwd=project.path,
        env=project.environment,
        capture_output=True,
    )


def go_back(project: Clone, draws: random.Random) -> str:
    """Git and DVC go back to an earlier state."""
    commit = draws.choice(list_commits(project))
    project.git("checkout", "--quiet", "--detach", "--force", commit)
    check_out(project)
    return f"git checkout {commit}, dvc checkout"


def go_back_in_git(project: Clone, draws: random.Random) -> str:
    """Git alone goes back: what DVC keeps, photos too, stays as it is."""
    commit = draws.choice(list_commits(project))
    project.git("checkout", "--quiet", "--detach", "--force", commit)
    return f"git checkout {commit} alone"


def take_lock(project: Clone, draws: random.Random) -> str:
    """The lock of another state stands beside today's settings; or none."""
    if draws.randrange(3) == 0:
        (project.path / "dvc.lock").unlink()
        return "dvc.lock deleted"
    commit = draws.choice(list_commits(project))
    if "dvc.lock" not in project.git("ls-tree", "--name-only", commit).split():
        raise NotPossibleError
    project.git("checkout", "--quiet", commit, "--", "dvc.lock")
    return f"dvc.lock of {commit}"


def take_settings(project: Clone, draws: random.Random) -> str:
    """The settings of another state stand beside today's lock."""
    commit = draws.choice(list_commits(project))
    project.git("checkout", "--quiet", commit, "--", "params.yaml")
    return f"params.yaml of {commit}"


def list_results(project: Clone) -> list[Path]:
    names = sorted(name for name in project.list_files() if not name.startswith("data/raw/"))
    tracked = set(project.git("ls-files", "data", "models").split())
    results = [project.path / name for name in names if name not in tracked]
    if not results:
        raise NotPossibleError
    return results


def lose_results(project: Clone, draws: random.Random) -> str:
    """All results in one folder are deleted."""
    results = list_results(project)
    folder = draws.choice(sorted({path.relative_to(project.path).parts[:-1] for path in results}))
    for path in results:
        if path.relative_to(project.path).parts[: len(folder)] == folder:
            path.unlink()
    return f"all results in {'/'.join(folder)} deleted"


def meddle(project: Clone, draws: random.Random) -> str:
    """A result is overwritten, as by an editor that writes a new file, or exchanged for its neighbour."""
    results = list_results(project)
    path = draws.choice(results)
    others = [other for other in results if other.suffix == path.suffix and other != path]
    content = draws.choice(others).read_bytes() if others and draws.randrange(2) else b"something else"
    path.unlink()
    path.write_bytes(content)
    return f"{path.relative_to(project.path)} overwritten"


def run_a_part(project: Clone, draws: random.Random) -> str:
    """Only some stages are run, with what lies before them or without."""
    stage = draws.choice(sorted(project.stages()))
    options = ["--single-item"] if draws.randrange(2) else []
    finished = subprocess.run(
        ["dvc", "repro", *options, stage], cwd=project.path, env=project.environment, capture_output=True
    )
    return f"dvc repro {' '.join([*options, stage])} (ended with {finished.returncode})"


def kill_repro(seconds: Callable[[random.Random], float]) -> Edit:
    """A run that is killed with all its processes after so many seconds."""

    def apply(project: Clone, draws: random.Random) -> str:
        after = seconds(draws)
        with subprocess.Popen(
            ["dvc", "repro"],
            cwd=project.path,
            env=project.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                process.wait(after)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            output = process.communicate()[0]
        free_lock(project)
        done = len(re.findall(r"(?m)^done in ", output))  # by the stages; DVC's own lines are lost with it
        return f"kill -9 after {after:.1f} s, when {done} stages were done"

    return apply


def free_lock(project: Clone) -> None:
    """Remove DVC's list of who reads and writes what, where the kill left it empty: DVC writes over it in place.

    Otherwise it says "Unable to read RWLock-file" until someone does so (treeverse/dvc#7615).
    """
    path = project.path / ".dvc/tmp/rwlock"
    if path.is_file() and not path.read_bytes():
        path.unlink()


def leave_checkpoints(project: Clone, draws: random.Random) -> str:
    """What a kill could leave: nothing of it may count."""
    folder = project.path / ".checkpoints/a/0123456789abcdef"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "final.npz").write_bytes(b"nothing")
    partial = project.path / "models/members/.partial-a-12345678"
    partial.mkdir(parents=True, exist_ok=True)
    (partial / "a.h5").write_bytes(b"half")
    shutil.rmtree(project.path / ".dvc/tmp/stacker", ignore_errors=True)
    return "a checkpoint and a partial file left behind"


EDITS: dict[str, list[Edit]] = {
    "git and dvc checkout": [go_back],
    "git checkout alone": [go_back_in_git],
    "lock or settings of another state": [take_lock, take_settings],
    "results lost, overwritten, half run": [lose_results, meddle, run_a_part, leave_checkpoints],
}
KILL = "kill -9"
