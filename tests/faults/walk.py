"""A random walk over edits of a project: after each run nothing may be stale.

The project is a real repository of Git and DVC, its stages are the real ones. After each `dvc repro` all results must
be those of a clone of the same state that was run from nothing, byte for byte: states are told apart by a hash of the
user's files, taken without DVC. The same seed gives the same edits, but for what a kill leaves.
"""

import json
import random
from collections import Counter
from concurrent.futures import Future
from typing import NamedTuple

from e2e.clone import Clone

from . import code_edits, history_edits, photo_edits, setting_edits
from .fresh_runs import FreshRuns
from .photo_edits import Edit, NotPossibleError
from .walked_project import Outcome, hash_state, read_failure, read_outcome

NOTHING_TO_DO = "Nothing to do: all "
MOST_TRIES = 50
BACK = "back to"  # the last state that could be run
# Of a label that is no longer in the settings: no stage reads these files, and none learns that a label has gone;
# `stacker plan` names them.
SPARED = "metrics/cross_validation/"
KINDS: dict[str, list[Edit]] = {
    **setting_edits.EDITS,
    **photo_edits.EDITS,
    **code_edits.EDITS,
    **history_edits.EDITS,
    history_edits.KILL: [history_edits.kill_repro(lambda draws: draws.uniform(1, 12))],
}


class Step(NamedTuple):
    """A run after one edit or several, and what was found at once.

    Attributes:
        edits: in words.
        state: hash of the user's files.
        outcome: what the run left.
        fresh: what the same state gives when it is run from nothing.
        problems: what was wrong beside the results.
    """

    edits: list[str]
    state: str
    outcome: Outcome
    fresh: Future[Outcome]
    problems: list[str]


class Walk:
    """Draws edits, makes them, and runs `dvc repro` after each, or after a few."""

    def __init__(self, project: Clone, fresh_runs: FreshRuns, seed: int):
        """Begin at `project`, which is not run yet, or is run and committed."""
        self.project = project
        self.fresh_runs = fresh_runs
        self.draws = random.Random(seed)  # noqa: S311 - no secret
        self.deck: list[str] = []
        self.made: Counter[str] = Counter()
        self.steps: list[Step] = []
        self.last_run = ""  # the tag of the last state that was run

    def go(self, count: int, share_run: float = 0.85) -> None:
        """Make so many edits, of all kinds equally often; it ends early where something is stale.

        Args:
            count: of the edits.
            share_run: after this share of them `dvc repro` runs at once, after the others it waits for the next.
        """
        waiting: list[str] = []
        for number in range(count):
            kind, said = self.make_edit()
            self.made[kind] += 1
            waiting.append(f"{kind}: {said}")
            print(f"{number + 1}. {waiting[-1]}", flush=True)
            is_run = number == count - 1 or (kind != history_edits.KILL and self.draws.random() < share_run)
            if is_run:
                self.run(waiting)
                waiting = []
            self.commit(said, is_run)
            if self.judge(is_waiting=False):
                break

    def commit(self, said: str, is_run: bool) -> None:
        """Commit the state, as one that later edits may go back to."""
        self.project.commit(said)
        tag = f"state-{len(self.project.git('tag').split())}"
        self.project.git("tag", tag)
        if is_run:
            self.last_run = tag

    def make_edit(self) -> tuple[str, str]:
        """Make the next edit of the deck, in which each kind is once."""
        if not self.deck:
            self.deck = self.draws.sample(list(KINDS), len(KINDS))
        kind = self.deck.pop()
        for _ in range(MOST_TRIES):
            try:
                return kind, self.draws.choice(KINDS[kind])(self.project, self.draws)
            except NotPossibleError:
                continue
        return self.make_edit()

    def run(self, edits: list[str]) -> None:
        """Run all that has to, and look at what can be seen at once."""
        state, fresh = self.fresh_runs.ask(self.project)
        try:
            self.project.repro()
        except AssertionError as error:
            self.steps.append(Step(edits, state, read_failure(str(error)), fresh, []))
            if not (edits and edits[0].startswith(BACK)):
                self.undo()
            return
        problems = list(self.find_problems(state))
        self.steps.append(Step(edits, state, read_outcome(self.project), fresh, problems))

    def find_problems(self, state: str) -> list[str]:
        """What is wrong after a run, whatever its results."""
        status = json.loads(self.project.dvc("status", "--json"))
        plan = self.project.run("python", "-m", "stacker", "plan")
        return [
            *([f"dvc status: {status}"] if status else []),
            *([] if plan.startswith(NOTHING_TO_DO) else [f"stacker plan: {plan}"]),
            *([] if hash_state(self.project) == state else ["`dvc repro` changed the user's files"]),
        ]

    def undo(self) -> None:
        """Leave a state that cannot be run, as its user would: back to the last one that was."""
        self.project.git("checkout", "--quiet", "--detach", "--force", self.last_run)
        self.project.git("clean", "--quiet", "--force", "-d")
        history_edits.check_out(self.project)
        failed = self.steps[-1].outcome.error
        self.run([f"{BACK} {self.last_run}"])
        assert not self.steps[-1].outcome.error, f"no way back after {failed}"

    def judge(self, is_waiting: bool = True) -> list[str]:
        """What is wrong after the runs, a line each; `is_waiting` for the runs from nothing that are not done."""
        return [
            f"run {number}, after {'; '.join(step.edits) or 'nothing'}: {problem}"
            for number, step in enumerate(self.steps)
            if is_waiting or step.fresh.done()
            for problem in [*step.problems, *compare(step.outcome, step.fresh.result())]
        ]

    def describe(self) -> str:
        """How far it went, in figures."""
        kinds = ", ".join(f"{kind} {count}" for kind, count in self.made.items())
        refused = sum(bool(step.outcome.error) for step in self.steps)
        results = {json.dumps(step.outcome) for step in self.steps}
        return (
            f"{sum(self.made.values())} edits ({kinds}); {len(self.steps)} runs, {refused} refused as from nothing; "
            f"{len({step.state for step in self.steps})} states, {len(results)} different results"
        )


def compare(outcome: Outcome, fresh: Outcome) -> list[str]:
    """How what a run left differs from what the state gives from nothing."""
    if outcome.error or fresh.error:
        return [] if outcome.error == fresh.error else [f"failed with {outcome.error!r}, from nothing {fresh.error!r}"]
    names = outcome.files.keys() | fresh.files.keys()
    files = sorted(
        name
        for name in names
        if outcome.files.get(name) != fresh.files.get(name)
        and not (name.startswith(SPARED) and name not in fresh.files)
    )
    words = {(True, False): "left over", (False, True): "missing", (True, True): "stale"}
    found = [f"{words[name in outcome.files, name in fresh.files]}: {name}" for name in files]
    stages = [stage for stage, entry in fresh.lock.items() if outcome.lock.get(stage) != entry]
    return found + [f"dvc.lock has another {stage}" for stage in stages]
