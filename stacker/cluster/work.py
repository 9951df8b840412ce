"""What there is to do, from DVC's own graph: which stages are done first, which side by side, which by the driver."""

import contextlib
import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import networkx

from stacker.artifacts.results import DETAILS
from stacker.planning.plan import Foreseen, Outcome, foresee_all
from stacker.planning.repository import PIPELINE, open_repository

UNKNOWN_SECONDS = 1.0  # of a stage that was never timed; only the order of the stages rests on it


class Work(NamedTuple):
    """The stages that a run will go through, but for those that DVC leaves alone.

    Attributes:
        order: all stages that DVC goes through, in its order.
        first: one after the other, by the driver, before all others.
        parallel: by workers, side by side where the graph allows it: each with those it waits for.
        own: by the driver, as soon as what they wait for is there: DVC hands their outputs to no other clone.
        inputs: for each of `parallel`, the stages whose outputs it reads.
        ancestors: for each of `parallel`, all stages behind it.
        seconds: how long each took when it last ran here; a guess where that is not known.
    """

    order: list[str]
    first: list[str]
    parallel: dict[str, set[str]]
    own: dict[str, set[str]]
    inputs: dict[str, list[str]]
    ancestors: dict[str, list[str]]
    seconds: dict[str, float]

    @property
    def is_wide(self) -> bool:
        """Is there anything that can be done side by side?"""
        return bool(self.parallel)


def find_work(targets: Collection[str]) -> Work:
    """What `dvc repro` would do now, ordered so that much of it happens at once. Nothing is written.

    Args:
        targets: as `dvc repro` takes them; none for all.

    Raises:
        PipelineError: a setting is wrong, or DVC cannot read the project.
    """
    with open_repository() as repo:
        return arrange(foresee_all(repo, list(targets) or [PIPELINE]))


def arrange(foreseen: Foreseen) -> Work:
    """The work, of what DVC's graph and `stacker plan` say."""
    pairs = list(zip(foreseen.stages, foreseen.steps, strict=True))
    todo = [stage for stage, step in pairs if step and step.outcome is not Outcome.TAKEN_IN]
    behind = {stage: networkx.descendants(foreseen.graph, stage) for stage in todo}  # its arrows go to dependencies
    kept: list[Any] = []  # whose outputs another clone can have
    for stage in todo:
        if _can_travel(stage) and all(other in kept for other in behind[stage].intersection(todo)):
            kept.append(stage)
    if not any(step and step.outcome in (Outcome.RUNS, Outcome.MAY_RUN) for stage, step in pairs if stage in kept):
        kept = []
    first = _find_first(kept, behind)
    parallel = [stage for stage in kept if stage not in first]
    names = {stage: stage.addressing for stage in foreseen.graph}

    def name(stages: Iterable[Any]) -> list[str]:
        return [names[stage] for stage in stages]

    return Work(
        order=name(foreseen.stages),
        first=name(first),
        parallel={names[stage]: set(name(behind[stage].intersection(parallel))) for stage in parallel},
        own={names[stage]: set(name(behind[stage].intersection(parallel))) for stage in todo if stage not in kept},
        inputs={names[stage]: sorted(name(foreseen.graph.successors(stage))) for stage in parallel},
        ancestors={names[stage]: sorted(name(behind[stage])) for stage in parallel},
        seconds={names[stage]: (step and step.seconds) or guess_seconds(names[stage]) for stage, step in pairs},
    )


def order_by_urgency(work: Work) -> list[str]:
    """The parallel stages: those first behind which most time still lies."""
    left: dict[str, float] = {}
    for stage in reversed(list(work.parallel)):
        left[stage] = work.seconds[stage] + max(
            (left[other] for other in left if stage in work.parallel[other]), default=0
        )
    return sorted(work.parallel, key=lambda stage: -left[stage])


def guess_seconds(stage: str) -> float:
    """Of a stage that was never timed here: more where the member's last results, which Git has, name more GFLOP."""
    path = DETAILS / f"{stage.partition('@')[2]}.json"
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError):  # never evaluated, or by an earlier version
        return UNKNOWN_SECONDS + float(json.loads(path.read_text(encoding="utf-8"))["cost"]["gflop"])
    return UNKNOWN_SECONDS


def _can_travel(stage: Any) -> bool:
    """Would DVC's run-cache bring back all outputs in another clone?"""
    return bool(stage.cmd and stage.deps and not stage.frozen) and all(
        out.use_cache and not out.persist for out in stage.outs
    )


def _find_first(kept: list[Any], behind: dict[Any, set[Any]]) -> list[Any]:
    """What all others wait for, and what reads files that only this folder has, with all that lies behind it."""
    first: list[Any] = []
    rest = list(kept)
    while rest:
        ready = [stage for stage in rest if not behind[stage].intersection(rest)]
        if len(ready) > 1:
            break
        first += ready
        rest.remove(ready[0])
    here = {stage for stage in rest if any(_is_only_here(dep, behind[stage]) for dep in stage.deps)}
    here |= {stage for reader in here for stage in behind[reader].intersection(rest)}
    return [stage for stage in kept if stage in first or stage in here]


def _is_only_here(dep: Any, ancestors: set[Any]) -> bool:
    """Is it a file or folder of the user's, that neither Git nor DVC nor a stage brings to another clone?"""
    if dep.fs.protocol != "local" or not dep.def_path:
        return False
    outs = [out for stage in ancestors for out in stage.outs]
    if any(dep.fs.overlaps(out.fs_path, dep.fs_path) for out in outs):
        return False
    return not dep.repo.scm.is_tracked(dep.fs_path)
