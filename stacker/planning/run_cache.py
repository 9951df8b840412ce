"""Would DVC take a stage from its run-cache? Asked of DVC's own, with the inputs that the stage will have."""

import copy
from collections.abc import Sequence
from typing import Any

from dvc.stage.cache import _can_hash
from dvc.stage.serialize import to_single_stage_lockfile

from stacker.planning.results import Input


def find_restored(stage: Any, inputs: Sequence[Input], is_as_recorded: bool) -> list[Any] | None:
    """The outputs that DVC's `StageCache.restore` would bring back, or None where the stage would run.

    `restore` itself reads its inputs in the workspace, where those that come from the run-cache are not yet.

    Args:
        stage: DVC's.
        inputs: of all its dependencies, in their order, none of them open.
        is_as_recorded: are the command and all inputs those of dvc.lock?
    """
    probe = copy.copy(stage)
    probe.deps = [_pin(dep, given) for dep, given in zip(stage.deps, inputs, strict=True)]
    if not _can_hash(probe):
        return None
    cache = stage.repo.stage_cache
    has_outputs = is_as_recorded and all(out.hash_info for out in stage.outs)
    entry = to_single_stage_lockfile(probe) if has_outputs else cache._load(probe)
    if entry is None:
        return None
    restored = cache._create_stage(entry, wdir=stage.wdir)
    return list(restored.outs) if restored.outs_cached() else None


def _pin(dep: Any, given: Input) -> Any:
    """`dep` as if it were in the workspace already."""
    pinned = copy.copy(dep)
    pinned.hash_info, pinned.meta = given.hash_info, given.meta
    pinned.get_hash = lambda: given.hash_info
    return pinned
