"""The whole process group of `dvc repro` killed at random moments of every stage; then `dvc repro` again.

The moments are drawn: `FAULTS_SEED` says from which seed. Each run goes on with what the one before left, as a user's
would, until it is killed in the next stage.
"""

import random
import signal

import pytest
from e2e.clone import Clone

from .disturbing import Kill, Started, kill_in
from .ledger import SEED, note
from .project import clone_cross_validated_project, clone_stubbed_project, forget
from .state import Reference, find_differences, run_undisturbed, wait_for_processes

SIGNALS = (signal.SIGKILL, signal.SIGTERM)
ROUNDS = 3
STUBBED_ROUNDS = 2
MARGIN = 1.1  # a little beyond a stage's end, so that what DVC does at a stage's border is hit too


def disturb_every_stage(clone: Clone, reference: Reference, stages: list[str], draws: random.Random) -> list[Kill]:
    """Run the pipeline, killed once in each of `stages`, to its end."""
    kills = []
    for number, stage in enumerate(stages):
        started = Started(clone, "dvc", "repro")
        seconds = draws.uniform(0, MARGIN * reference.seconds[stage])
        kill = kill_in(started, stage, seconds, SIGNALS[(number + draws.randrange(2)) % 2])
        assert "is busy" not in started.output
        assert "Unable to acquire lock" not in started.output
        assert wait_for_processes(clone) == [], started.output
        kills += [kill] if kill else []
    clone.repro()
    assert wait_for_processes(clone) == []
    return kills


def judge(clone: Clone, reference: Reference, kills: list[Kill]) -> None:
    """Note each kill, and see that all is as if there had been none."""
    differences = find_differences(clone, reference)
    for kill in kills:
        is_well = not any(out in difference for difference in differences for out in reference.outs[kill.stage])
        note(f"{kill.how.name} of the whole group", kill.stage, is_well)
    assert differences == [], f"FAULTS_SEED={SEED}: {[tuple(kill) for kill in kills]}"
    assert clone.dvc("status", "--quiet") == ""


@pytest.mark.faults
@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_run_that_was_killed_in_every_stage_ends_as_one_that_was_not(small, number):
    clone, reference = small
    forget(clone)
    kills = disturb_every_stage(clone, reference, list(reference.outs), random.Random(f"{SEED} {number}"))  # noqa: S311
    judge(clone, reference, kills)
    assert len(kills) >= len(reference.outs) - 2  # a kill may come too late for the last stage


@pytest.mark.faults
def test_a_cross_validation_that_was_killed_ends_as_one_that_was_not(tmp_path):
    clone = clone_cross_validated_project(tmp_path)
    reference = run_undisturbed(clone)
    (stage,) = [name for name in reference.outs if name.startswith("cross_validate")]
    forget(clone)
    judge(clone, reference, disturb_every_stage(clone, reference, [stage] * 4, random.Random(f"{SEED} outer")))  # noqa: S311


@pytest.fixture
def stubbed(tmp_path) -> tuple[Clone, Reference]:
    clone = clone_stubbed_project(tmp_path)
    reference = run_undisturbed(clone)
    return clone, reference


def test_a_run_of_stages_stood_in_for_that_was_killed_ends_as_one_that_was_not(stubbed):
    """DVC's own work is most of the time here: its locks, its cache and dvc.lock are what a kill hits."""
    clone, reference = stubbed
    forget(clone)
    draws = random.Random(f"{SEED} stubbed")  # noqa: S311
    stages = sorted(draws.sample(list(reference.outs), 3), key=list(reference.outs).index)
    judge(clone, reference, disturb_every_stage(clone, reference, stages, draws))


@pytest.mark.faults
def test_dvc_killed_at_its_own_work_ends_as_one_that_was_not(stubbed):
    clone, reference = stubbed
    for number in range(STUBBED_ROUNDS):
        forget(clone)
        draws = random.Random(f"{SEED} stubbed {number}")  # noqa: S311
        judge(clone, reference, disturb_every_stage(clone, reference, list(reference.outs), draws))
