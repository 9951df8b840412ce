"""Why DVC will run a stage: settings, code, inputs and outputs that are not as dvc.lock has them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from dvc.dependency import ParamsDependency
from dvc_data.hashfile.tree import Tree

from stacker.planning.differences import list_differences
from stacker.planning.new_code import NewCode, is_code, writes_code
from stacker.planning.results import Input

NEW = "new: dvc.lock does not have it"
MISSING = "{} is missing, and no stage writes it: `dvc repro` will stop here"
OTHERS = {"changed command": "its command in dvc.yaml changed", "always changed": "DVC runs it always"}
OUTPUTS = {  # DVC's word for it, and ours
    "deleted": "is missing",
    "modified": "is not as the stage left it",
    "not in cache": "is not in DVC's cache (`dvc pull` brings what was pushed)",
}


class Status(NamedTuple):
    """What DVC itself says of a stage as the workspace is now.

    Attributes:
        deps: the dependencies that differ, by DVC's name for them.
        outs: the outputs that differ, with DVC's word for how.
        others: what concerns the stage itself, such as "changed command".
    """

    deps: set[str]
    outs: dict[str, str]
    others: list[str]


def read_status(stage: Any) -> Status:
    """Ask DVC."""
    entries = stage.status().get(stage.addressing, [])
    mappings = {kind: changed for entry in entries if isinstance(entry, dict) for kind, changed in entry.items()}
    return Status(
        set(mappings.get("changed deps", {})),
        mappings.get("changed outs", {}),
        [entry for entry in entries if isinstance(entry, str)],
    )


def list_reasons(stage: Any, status: Status, inputs: list[Input], code: NewCode) -> list[str]:
    """Why the stage runs for certain, a line each; none where nothing is known to differ."""
    pairs = [] if stage.frozen else list(zip(stage.deps, inputs, strict=True))
    changed = [(dep, given) for dep, given in pairs if not given.open_stages and given.hash_info != dep.hash_info]
    if not any(entry.hash_info for entry in [*stage.deps, *stage.outs]):
        return [NEW, *(MISSING.format(dep) for dep, given in changed if given.hash_info is None)]
    return [
        *(OTHERS.get(word, word) for word in status.others),
        *(line for dep, _ in changed if isinstance(dep, ParamsDependency) for line in _describe_settings(dep)),
        *_describe_files(stage, [pair for pair in changed if not isinstance(pair[0], ParamsDependency)], code),
        *(f"{path} {OUTPUTS.get(word, word) if stage.cmd else 'changed'}" for path, word in status.outs.items()),
    ]


def _describe_settings(dep: Any) -> Iterator[str]:
    return list_differences(dep.hash_info.value or {}, dep.read_params())


def _describe_files(stage: Any, changed: list[tuple[Any, Input]], code: NewCode) -> Iterator[str]:
    if changed and writes_code(stage):
        yield f"changed: {', '.join(str(dep) for dep, _ in changed)}"
        yield from (line for out in stage.outs for line in code.describe_output(out))
        return
    for dep, given in changed:
        if is_code(dep):
            yield from code.describe_dependency(dep)
        elif given.hash_info is None:
            yield MISSING.format(dep)
        else:
            yield f"{dep} changed{_count_changes(dep, given)}"


def _count_changes(dep: Any, given: Input) -> str:
    """Of a folder, such as " (1 file added)", where both versions are known; else nothing."""
    before = dep.get_obj() if dep.hash_info.isdir and dep.is_in_repo else None  # of others the cache has nothing
    if not (isinstance(before, Tree) and isinstance(given.content, Tree)):
        return ""
    old, new = ({key: hash_info for key, _, hash_info in tree} for tree in (before, given.content))
    counts = {
        "added": len(new.keys() - old.keys()),
        "changed": sum(old[key] != new[key] for key in old.keys() & new.keys()),
        "removed": len(old.keys() - new.keys()),
    }
    return f" (files: {', '.join(f'{count} {word}' for word, count in counts.items() if count)})"
