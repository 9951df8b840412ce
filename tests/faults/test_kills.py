"""The whole process group of `dvc repro` killed at random moments of every stage; then `dvc repro` again.

The moments are drawn: `FAULTS_SEED` says from which seed. Each run goes on with what the one before left, as a user's
would, until it is killed in the next stage.
"""

import random
import re
import signal

import pytest
from e2e.clone import Clone

from .disturbing import Kill, Started, kill_in
from .ledger import SEED, note
from .project import clone_cross_validated_project, clone_stubbed_project, forget
from .state import Reference, find_differences, run_undisturbed, wait_for_processes

pytestmark = pytest.mark.thorough

SIGNALS = (signal.SIGKILL, signal.SIGTERM)
ROUNDS = 3
STUBBED_ROUNDS = 2
# What DVC says where a kill left a file empty, or with a part of its content: it writes both in their place.
TORN = {
    "dvc.lock": r"'(\./)?dvc\.lock' (is invalid|validation failed)",
    ".dvc/tmp/rwlock": r"Unable to read RWLock-file '\.dvc/tmp/rwlock'",
}
MARGIN = 1.1  # a little beyond a stage's end, so that what DVC does at a stage's border is hit too


def disturb_every_stage(clone: Clone, reference: Reference, stages: list[str], draws: random.Random) -> list[Kill]:
    """Run the pipeline, killed once in each of `stages`, to its end."""
    kills: list[Kill] = []
    for number, stage in enumerate(stages):
        seconds = draws.uniform(0, MARGIN * reference.seconds[stage])
        how = SIGNALS[(number + draws.randrange(2)) % 2]
        kill, is_torn = None, True
        while is_torn:
            started = Started(clone, "dvc", "repro")
            kill = kill_in(started, stage, seconds, how)
            is_torn = not kill and mend_torn_file(clone, started.output, kills)
        assert "is busy" not in started.output
        assert "Unable to acquire lock" not in started.output
        assert wait_for_processes(clone) == [], started.output
        kills += [kill] if kill else []
    while (last := Started(clone, "dvc", "repro")).finish():
        assert mend_torn_file(clone, last.output, kills), last.output
    assert wait_for_processes(clone) == []
    return kills


def mend_torn_file(clone: Clone, output: str, kills: list[Kill]) -> bool:
    """If the last kill hit DVC while it wrote a file of its own, do as docs/reliability.md says: delete the file."""
    for name, said in TORN.items():
        if re.search(said, output):
            assert "Traceback" not in output
            (clone.path / name).unlink()
            note(f"of these: `{name}` cut short, deleted as below", kills[-1].stage, True)
            return True
    return False


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
    stages = sorted(draws.sample(list(reference.outs), 2), key=list(reference.outs).index)
    judge(clone, reference, disturb_every_stage(clone, reference, stages, draws))


@pytest.mark.faults
def test_dvc_killed_at_its_own_work_ends_as_one_that_was_not(stubbed):
    clone, reference = stubbed
    for number in range(STUBBED_ROUNDS):
        forget(clone)
        draws = random.Random(f"{SEED} stubbed {number}")  # noqa: S311
        judge(clone, reference, disturb_every_stage(clone, reference, list(reference.outs), draws))
