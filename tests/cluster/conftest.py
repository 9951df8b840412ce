"""A project for `stacker repro`, and what `dvc repro` makes of it."""

import pytest
from e2e.clone import Clone

from .project import clone_slow_project, forget, run_undisturbed


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Clone, dict[str, str]]:
    """A project with a remote, whose stages are stood in for, and what `dvc repro` makes of it."""
    clone = clone_slow_project(tmp_path_factory.mktemp("side_by_side"))
    clone.dvc("remote", "add", "--default", "shared", str(clone.path.parent / "remote"))
    clone.commit("a remote")
    return clone, run_undisturbed(clone).outputs


@pytest.fixture
def project(finished) -> tuple[Clone, dict[str, str]]:
    """The same where nothing has run."""
    clone, outputs = finished
    forget(clone)
    (clone.path.parent / "fail").unlink(missing_ok=True)
    return clone, outputs
