"""Read `params.yaml`, lay each member over the shared blocks, and check all of it before any work starts."""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from stages.errors import PipelineError
from stages.schema import Member, Settings, expand_name

PARAMS = Path("params.yaml")
SHARED = ("backbone", "training")  # blocks that every member takes unless it says otherwise
# DVC leaves these keys out of its run-cache's signature, at any depth: a change would bring stale outputs back
# (treeverse/dvc#10296).
INVISIBLE_TO_RUN_CACHE = ("size", "nfiles")


class Yaml12Loader(yaml.SafeLoader):
    """PyYAML reads YAML 1.1, in which `1e-05`, as `dvc exp run -S` writes it, is text; in YAML 1.2 it is a number."""


Yaml12Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$"), list("-+.0123456789")
)


def load_settings(path: Path = PARAMS) -> Settings:
    """Read and check the whole of `path`.

    Returns:
        The settings; every member is complete, its own values merged over the shared blocks.

    Raises:
        PipelineError: naming each wrong setting, what was received and what is valid.
    """
    try:
        document = Yaml12Loader(path.read_text(encoding="utf-8")).get_single_data()
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: copy one from profiles/, or run from the project's root") from None
    except yaml.YAMLError as error:
        raise PipelineError(f"{path} is not valid YAML: {error}") from None
    if not isinstance(document, dict):
        raise PipelineError(f"{path}: expected a mapping of settings, received {type(document).__name__}")
    invisible = list(_find_keys(document, INVISIBLE_TO_RUN_CACHE))
    if invisible:
        raise PipelineError(
            f"{path}: {', '.join(invisible)}: a key named `size` or `nfiles` is invisible to DVC's run-cache, which "
            "would bring stale results back; choose another name"
        )
    try:
        return Settings.model_validate(complete_members(document))
    except ValidationError as error:
        # A wrong setting of a shared block is one mistake, though every member has it.
        lines = list(dict.fromkeys(_describe(problem, document) for problem in error.errors()))
        raise PipelineError(f"{path} has {len(lines)} wrong setting(s):\n  " + "\n  ".join(lines)) from None


def load_member(label: str, path: Path = PARAMS) -> tuple[Member, Settings]:
    """The member called `label`, and all settings.

    Raises:
        PipelineError: where there is no such member, listing those there are.
    """
    settings = load_settings(path)
    if label not in settings.members:
        raise PipelineError(f"no member is called {label!r} in {path}: choose from {', '.join(settings.members)}")
    return settings.members[label], settings


def complete_members(document: dict[str, Any]) -> dict[str, Any]:
    """Lay every member's own settings over the shared blocks, which go from the result."""
    members = document.get("members")
    if not isinstance(members, dict):
        return document
    shared = {block: document[block] for block in SHARED if isinstance(document.get(block), dict)}
    complete = {label: _complete_member(shared, member) for label, member in members.items()}
    rest = {key: value for key, value in document.items() if key not in shared}
    return {**rest, "members": complete}


def _complete_member(shared: dict[str, Any], member: Any) -> Any:
    if not isinstance(member, dict):
        return member
    own = {**member}
    if "backbone" in own:
        own["backbone"] = expand_name(own["backbone"])
    return _merge(shared, own)


def _merge(defaults: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Deep merge: a mapping is merged key by key, anything else is replaced."""
    merged = {**defaults}
    for key, value in own.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _find_keys(value: Any, names: tuple[str, ...], prefix: str = "") -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        here = f"{prefix}.{key}" if prefix else str(key)
        if key in names:
            yield here
        yield from _find_keys(child, names, here)


def _describe(problem: Any, document: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in _locate(problem["loc"], document)) or "settings"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "missing":
        return f"{where}: this setting is missing"
    if problem["type"] == "extra_forbidden":
        return f"{where}: there is no such setting"
    received = "" if isinstance(problem["input"], dict) else f"; received {problem['input']!r}"
    return f"{where}: {message}{received}"


def _locate(location: tuple[Any, ...], document: dict[str, Any]) -> tuple[Any, ...]:
    """Where in the file a member's setting stands: with the member, or in the block that all members share."""
    location = tuple(part for part in location if part != "[key]")
    is_shared = location[:1] == ("members",) and len(location) > 3 and location[2] in SHARED
    if not is_shared or location[2:] == ("backbone", "name"):  # each member names its own backbone
        return location
    own = expand_name(document["members"][location[1]].get(location[2]))
    for part in location[3:]:
        if not isinstance(own, dict) or part not in own:
            return location[2:]
        own = own[part]
    return location
