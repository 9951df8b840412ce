"""Projects that faults are done to, run once."""

import pytest
from e2e.clone import Clone

from .project import clone_small_project, clone_stubbed_project
from .state import Reference, run_undisturbed

SECONDS = 4


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> tuple[Clone, Reference]:
    """A project that has run, and what it then held: whoever disturbs it brings it back there."""
    clone = clone_small_project(tmp_path_factory.mktemp("small"))
    reference = run_undisturbed(clone)
    clone.commit("has run")
    return clone, reference


@pytest.fixture(scope="session")
def slow(tmp_path_factory) -> tuple[Clone, Reference]:
    """The same of stages stood in for, where each `train` takes seconds: time for something to happen meanwhile."""
    clone = clone_stubbed_project(tmp_path_factory.mktemp("slow"))
    shim = clone.path.parent / "bin/python"
    first, _, rest = shim.read_text(encoding="utf-8").partition("\n")
    shim.write_text(f'{first}\ncase "$2" in stages.train) sleep {SECONDS} ;; esac\n{rest}', encoding="utf-8")
    reference = run_undisturbed(clone)
    clone.commit("has run")
    return clone, reference
