"""Is a machine fit for a stage? What it lacks is said by name, so that the stage can go to another one."""

import platform
import shutil
from pathlib import Path
from typing import Any

from stacker.checks.packages import list_installed
from stacker.settings.weights import name_weights_file
from stacker.settings.whole import Settings


def describe_machine() -> dict[str, str]:
    """What must be alike on all machines, so that they make the same numbers."""
    return {"Python": ".".join(platform.python_version_tuple()[:2]), **list_installed()}


def make_demands(settings: Settings) -> dict[str, Any]:
    """What a worker's machine must be, whichever the stage; how many `bytes` its inputs take comes to that."""
    weights = [name_weights_file(member.backbone.weights) for member in settings.members.values()]
    return {
        "machine": describe_machine(),
        "amx": _has_amx() if settings.inference.precision == "auto" else None,
        "weights": sorted({name for name in weights if name is not None}),
    }


def find_lack(demands: dict[str, Any]) -> str | None:
    """Why this machine is not fit; None where it is."""
    here = describe_machine()
    unlike = [
        f"{name} {version}, there {here.get(name, 'none')}"
        for name, version in demands["machine"].items()
        if here.get(name) != version
    ]
    if unlike:
        return f"its packages are not the driver's: {'; '.join(unlike)}"
    if demands["amx"] is not None and demands["amx"] != _has_amx():
        return "inference.precision: auto means another precision on its CPU: set float32 or bfloat16"
    missing = [name for name in demands["weights"] if not Path(name).is_file()]
    if missing:
        return f"it lacks the file with weights {missing[0]}: put it there under the same absolute path"
    free = shutil.disk_usage(".").free
    if free < demands["bytes"]:
        return f"its disk has {free / 1e9:.1f} GB free, and the inputs need {demands['bytes'] / 1e9:.1f} GB"
    return None


def _has_amx() -> bool:
    from stacker.inference.choosing import has_amx  # with Keras, which takes seconds that others need not wait

    return has_amx()
