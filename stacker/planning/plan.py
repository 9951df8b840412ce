"""Go through the stages in DVC's own order, and say of each what `dvc repro` would do with it, and why."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from dvc.repo.reproduce import collect_stages, get_active_graph, plan_repro

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.seconds import read_seconds
from stacker.checks.photos_folder import check_photos_folder
from stacker.planning.new_code import NewCode, writes_code
from stacker.planning.reasons import list_reasons, read_status
from stacker.planning.repository import PIPELINE, list_gone_stages, open_repository
from stacker.planning.results import Input, Results
from stacker.planning.run_cache import find_restored
from stacker.settings.whole import load_settings


class Outcome(StrEnum):
    """What becomes of a stage."""

    RUNS = "runs"
    MAY_RUN = "may run"  # DVC leaves it as it is where what it waits for comes out as before
    RESTORED = "from the run-cache"
    TAKEN_IN = "taken in"  # not a stage that runs: photos that DVC tracks, say, as they are now


class Step(NamedTuple):
    """A stage that `dvc repro` would not leave alone.

    Attributes:
        stage: its name.
        outcome: what becomes of it.
        reasons: why, a line each.
        waits_for: the stages whose result it depends on, where that is not known yet; of several in a row the last.
        seconds: how long it took when it last ran here; None where that is not known.
    """

    stage: str
    outcome: Outcome
    reasons: list[str]
    waits_for: list[str]
    seconds: float | None


class Plan(NamedTuple):
    """What `dvc repro` would do now.

    Attributes:
        steps: the stages that it would not leave alone, in its order.
        unchanged: how many it would leave alone.
        gone: stages of dvc.lock that are no stages any more, while files of theirs are still here.
    """

    steps: list[Step]
    unchanged: int
    gone: list[str]


class Foreseen(NamedTuple):
    """What was found out of the stages that `dvc repro` would go through.

    Attributes:
        stages: DVC's, in its order.
        steps: for each what becomes of it; None where DVC leaves it alone.
        graph: DVC's: from a stage to those that it depends on.
    """

    stages: list[Any]
    steps: list[Step | None]
    graph: Any


def make_plan() -> Plan:
    """What `dvc repro` would do now, in the folder that this runs in. Nothing in it is written.

    Raises:
        PipelineError: a setting is wrong, or DVC cannot read the project, or is at work in it.
    """
    with open_repository() as repo:
        stages, steps, _ = foresee_all(repo, [PIPELINE])
        left_alone = [stage for stage, step in zip(stages, steps, strict=True) if step is None and stage.cmd]
        return Plan([step for step in steps if step], len(left_alone), list_gone_stages(repo, stages))


def foresee_all(repo: Any, targets: Sequence[str]) -> Foreseen:
    """What becomes of each stage that `dvc repro` would go through.

    Args:
        repo: DVC's, of this folder.
        targets: as `dvc repro` takes them.

    Raises:
        PipelineError: a setting is wrong, or a tracked file is missing.
    """
    settings = load_settings()
    check_photos_folder(settings.data.images, list(settings.fetch))
    graph = get_active_graph(repo.index.graph)
    code, results = NewCode(settings), Results()
    stages = plan_repro(graph, collect_stages(repo, targets))
    return Foreseen(stages, [foresee(stage, results, code) for stage in stages], graph)


def foresee(stage: Any, results: Results, code: NewCode) -> Step | None:
    """What becomes of one stage, given the `results` of those before it, to which its own are added.

    Returns:
        None where DVC leaves it alone.
    """
    status = read_status(stage)
    inputs = [results.find(dep, str(dep) in status.deps) for dep in stage.deps]
    reasons = list_reasons(stage, status, inputs, code)
    open_stages = [] if stage.frozen else list(dict.fromkeys(name for given in inputs for name in given.open_stages))
    waits_for = results.drop_far(open_stages)
    if not (reasons or waits_for):
        return None
    outcome = _decide(stage, bool(reasons), waits_for, inputs, results)
    if writes_code(stage):
        for out in stage.outs:
            results.settle(out.fs_path, code.build_content(out))
    return Step(stage.addressing, outcome, reasons, waits_for, read_seconds(stage.addressing))


def _decide(stage: Any, has_reasons: bool, waits_for: list[str], inputs: list[Input], results: Results) -> Outcome:
    if stage.frozen or not stage.cmd:
        _check_presence(stage)
        return Outcome.TAKEN_IN
    if waits_for:
        results.leave_open(stage, waits_for)
        return Outcome.RUNS if has_reasons else Outcome.MAY_RUN
    is_as_recorded = not stage.changed_stage() and all(
        dep.hash_info == given.hash_info for dep, given in zip(stage.deps, inputs, strict=True)
    )
    restored = find_restored(stage, inputs, is_as_recorded)
    if restored is None:
        results.leave_open(stage, [])
        return Outcome.RUNS
    for out in restored:
        results.settle(out.fs_path, out.get_obj())
    return Outcome.RESTORED


def _check_presence(stage: Any) -> None:
    """A stage that runs nothing: DVC takes its outputs as they are, and stops where one is missing."""
    missing = [str(out) for out in stage.outs if not out.exists]
    if missing:
        raise PipelineError(
            f"{', '.join(missing)}: tracked by {stage.addressing}, and not here: `dvc checkout` or `dvc pull` brings "
            "it back; `dvc repro` would stop"
        )
