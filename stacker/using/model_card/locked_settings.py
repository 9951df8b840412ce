"""The settings that the stages ran with, from `dvc.lock`: what params.yaml says may have been edited since."""

from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import TypeAdapter

from stacker.artifacts.leftovers import DVC_LOCK
from stacker.settings.backend import Backend
from stacker.settings.data import Data
from stacker.settings.members import Member
from stacker.settings.merging import SHARED, complete_member
from stacker.settings.reading import validate
from stacker.settings.stacking import Stacking


class LockedSettings(NamedTuple):
    """What is known of a run; None, or no entry, where `dvc.lock` does not tell.

    Attributes:
        data: how photos were prepared and split.
        members: by label.
        stacking: what the meta-models learnt from.
        backend: what Keras ran on.
    """

    data: Data | None
    members: dict[str, Member]
    stacking: Stacking | None
    backend: Backend | None


def load_locked_settings(labels: list[str], path: Path = DVC_LOCK) -> LockedSettings:
    """What `dvc.lock` tells of the last run.

    Args:
        labels: the members that are asked about.
        path: the lock file.

    Raises:
        PipelineError: it holds settings that are none today.
    """
    stages = _read_stages(path)
    prepared = _take_params(stages, "prepare").get("data")
    data = None if prepared is None else validate(TypeAdapter(Data), prepared, "data", path)
    members, stacking = {}, None
    backend: Backend | None = None
    for label in labels:
        params = _take_params(stages, f"train@{label}")
        if f"members.{label}" not in params:
            continue
        document = {block: params.get(block) for block in SHARED} | {"members": {label: params[f"members.{label}"]}}
        member = complete_member(document, label)
        members[label] = validate(TypeAdapter(Member), member, f"members.{label}", path)
        stacking = validate(TypeAdapter(Stacking), params.get("stacking", {}), "stacking", path)
        if "backend" in params:
            backend = validate(TypeAdapter(Backend), params["backend"], "backend", path)
    return LockedSettings(data, members, stacking, backend)


def _read_stages(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    lock = yaml.load(path.read_text(encoding="utf-8"), loader) or {}  # noqa: S506 - both loaders are safe ones
    return dict(lock.get("stages", {}))


def _take_params(stages: dict[str, Any], stage: str) -> dict[str, Any]:
    return dict(stages.get(stage, {}).get("params", {}).get("params.yaml", {}))
