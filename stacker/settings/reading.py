"""Read `params.yaml`, and say of a wrong setting which it is, what was received and what is valid."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from stacker.artifacts.errors import PipelineError

PARAMS = Path("params.yaml")
# DVC leaves these keys out of its run-cache's signature, at any depth: a change would bring stale outputs back
# (treeverse/dvc#10296).
INVISIBLE_TO_RUN_CACHE = ("size", "nfiles")
MOVED = {"data.fetch": "fetch", "stacking.meta_models": "meta_models"}  # where a setting of earlier files stands today

# What an empty block does not say.
EXAMPLES = {
    "backend": "tensorflow",
    "data": "{images: photos}",
    "members": "{mobilenet_v2: {backbone: MobileNetV2}}",
}

Document = dict[str, Any]
Place = tuple[int | str, ...]
T = TypeVar("T")


class Yaml12Loader(yaml.SafeLoader):
    """PyYAML reads YAML 1.1, in which `1e-05`, as `dvc exp run -S` writes it, is text; in YAML 1.2 it is a number."""


Yaml12Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$"), list("-+.0123456789")
)


def read_document(path: Path = PARAMS) -> Document:
    """The whole of `path`, not checked yet.

    Raises:
        PipelineError: there is no such file, it is no mapping, or a key in it is invisible to DVC.
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
    return document


def read_block(name: str, path: Path = PARAMS) -> Any:
    """One top-level block of `path`, not checked yet.

    Raises:
        PipelineError: it is missing, or `read_document` failed.
    """
    document = read_document(path)
    if name not in document:
        raise PipelineError(f"{path}: {_explain_missing((name,))}")
    return document[name]


def read_labels(block: str) -> list[str]:
    """The labels of a mapping such as `members`, sorted: their order in the file means nothing."""
    return sorted(read_block(block))


def validate(schema: TypeAdapter[T], value: Any, where: str, path: Path = PARAMS) -> T:
    """`value` as `schema` describes it; `where` is its dotted place in `path`, empty for the whole file.

    Raises:
        PipelineError: naming each wrong setting, what was received and what is valid.
    """
    prefix: Place = tuple(where.split(".")) if where else ()
    return validate_at(schema, value, lambda place: prefix + place, path)


def validate_at(schema: TypeAdapter[T], value: Any, locate: Callable[[Place], Place], path: Path = PARAMS) -> T:
    """As `validate`, where `locate` says for a place in `value` where it stands in `path`."""
    try:
        return schema.validate_python(value)
    except ValidationError as error:
        # A wrong setting of a shared block is one mistake, though every member has it.
        lines = list(dict.fromkeys(_describe(problem, value, locate) for problem in error.errors()))
        raise explain_wrong(lines, path) from None


def explain_wrong(lines: Sequence[str], path: Path) -> PipelineError:
    """The error that names wrong settings, a line each."""
    return PipelineError(f"{path} has {len(lines)} wrong setting(s):\n  " + "\n  ".join(lines))


def _find_keys(value: Any, names: tuple[str, ...], prefix: str = "") -> Iterator[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        here = f"{prefix}.{key}" if prefix else str(key)
        if key in names:
            yield here
        yield from _find_keys(child, names, here)


def _describe(problem: ErrorDetails, value: Any, locate: Callable[[Place], Place]) -> str:
    place = locate(_drop_branches(problem["loc"], value, problem["type"] == "missing"))
    where = ".".join(map(str, place)) or "settings"
    if problem["type"] == "missing":
        return _explain_missing(place)
    if where in MOVED:
        return f"{where}: this block has moved: write it as `{MOVED[where]}`, at the top level of the file"
    if problem["type"] == "extra_forbidden":
        return f"{where}: there is no such setting"
    message = problem["msg"].removeprefix("Value error, ")
    received = "" if isinstance(problem["input"], dict) else f"; received {problem['input']!r}"
    return f"{where}: {message}{received}"


def _drop_branches(place: Place, value: Any, is_missing: bool) -> Place:
    """`place` without the branches of the schema that pydantic names in it, such as `constrained-int`.

    Where a setting is missing, the last part of the place is its name.
    """
    kept: Place = ()
    for number, part in enumerate(place):
        if isinstance(value, list):
            kept, value = (*kept, part), value[int(part)]
        elif isinstance(value, dict) and (part in value or (is_missing and number == len(place) - 1)):
            kept, value = (*kept, part), value.get(part)
    return kept


def _explain_missing(place: Place) -> str:
    where = ".".join(map(str, place))
    if len(place) > 1:
        return f"{where}: this setting is missing"
    kind = "setting" if where == "backend" else "block"  # DVC tracks them whole, and stops where one is absent
    example = EXAMPLES.get(where)
    advice = f"{example}`, for example" if example else "{}`, which takes every default"
    return f"{where}: this {kind} is missing: add `{where}: {advice}"
