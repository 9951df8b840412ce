"""Read `params.yaml`, and say of a wrong setting which it is, what was received and what is valid."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from stacker.artifacts.errors import PipelineError
from stacker.settings.expectations import Grammar, Place
from stacker.settings.explaining import explain_missing_block, explain_problems
from stacker.settings.pitfalls import show_value
from stacker.settings.yaml_text import parse_yaml

PARAMS = Path("params.yaml")
# DVC leaves these keys out of its run-cache's signature, at any depth: a change would bring stale outputs back
# (treeverse/dvc#10296).
INVISIBLE_TO_RUN_CACHE = ("size", "nfiles")

Document = dict[str, Any]
T = TypeVar("T")


def read_document(path: Path = PARAMS) -> Document:
    """The whole of `path`, not checked yet.

    Raises:
        PipelineError: there is no such file, it is no mapping, or a key in it is invisible to DVC.
    """
    document = parse_yaml(path)
    if not isinstance(document, dict):
        raise PipelineError(
            f"{path}: expected settings, such as `backend: tensorflow`, a line each; received {show_value(document)}"
        )
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
        raise PipelineError(f"{path}: {name}: {explain_missing_block(name)}")
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
        lines = explain_problems(error.errors(), Grammar(schema.json_schema()), value, locate)
        raise explain_wrong(lines, path) from None


def explain_wrong(lines: Sequence[str], path: Path) -> PipelineError:
    """The error that names wrong settings, a line each."""
    count = "1 wrong setting" if len(lines) == 1 else f"{len(lines)} wrong settings"
    return PipelineError(f"{count} in {path}:\n  " + "\n  ".join(lines))


def _find_keys(value: Any, names: tuple[str, ...], prefix: str = "") -> Iterator[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        here = f"{prefix}.{key}" if prefix else str(key)
        if key in names:
            yield here
        yield from _find_keys(child, names, here)
