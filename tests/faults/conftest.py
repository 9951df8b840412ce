"""The project that most faults are done to, run once."""

import pytest
from e2e.clone import Clone

from .project import clone_small_project
from .state import Reference, run_undisturbed


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> tuple[Clone, Reference]:
    """A project that has run, and what it then held: whoever disturbs it brings it back there."""
    clone = clone_small_project(tmp_path_factory.mktemp("small"))
    reference = run_undisturbed(clone)
    clone.commit("has run")
    return clone, reference
