"""`stacker repro --address` on a real Ray cluster of two nodes; the stages are stood in for."""

import pytest
from e2e.clone import Clone

from .nodes import two_nodes
from .project import clone_slow_project, forget, list_changes, read_outputs, run_undisturbed, start

pytest.importorskip("ray")
pytestmark = [pytest.mark.extra, pytest.mark.faults]


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Clone, dict[str, str]]:
    """A project with a remote, and what `dvc repro` makes of it."""
    clone = clone_slow_project(tmp_path_factory.mktemp("two_nodes"))
    clone.dvc("remote", "add", "--default", "shared", str(clone.path.parent / "remote"))
    clone.commit("a remote")
    return clone, run_undisturbed(clone).outputs


@pytest.fixture
def project(finished) -> tuple[Clone, dict[str, str]]:
    """The same where nothing has run."""
    clone, outputs = finished
    forget(clone)
    return clone, outputs


@pytest.fixture
def cluster(project, tmp_path):
    clone, _ = project
    with two_nodes(tmp_path, clone) as nodes:
        yield nodes


def test_both_nodes_work_and_all_is_as_after_dvc_repro(project, cluster):
    clone, outputs = project
    run = start(clone, "--address", cluster[0])
    assert run.finish() == 0, run.output
    assert read_outputs(clone) == outputs
    assert all(f" on {name} " in run.output for name in ("one", "two")), run.output
    assert not list((clone.path.parent / "remote/stacker-jobs").glob("*"))
    assert not list(cluster[1].folder.glob("tmp/stacker-jobs/*"))
    assert set(list_changes(run.output, "done")) >= {"embed@a", "train@b", "stack@ensemble"}
