"""The text of `params.yaml` as YAML: a mistake in it is named by its line, with what to do."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from stacker.artifacts.errors import PipelineError


class Yaml12Loader(yaml.SafeLoader):
    """PyYAML reads YAML 1.1, in which `1e-05`, as `dvc exp run -S` writes it, is text; in YAML 1.2 it is a number."""


Yaml12Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$"), list("-+.0123456789")
)
# Nor has YAML 1.2 dates: `2024-01-31` is the name of a folder.
Yaml12Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in Yaml12Loader.yaml_implicit_resolvers.items()
}

# What PyYAML's words mean to who wrote the line; the first that fits.
MEANINGS = {
    r"'\\t'": "it is indented by a tab, and YAML takes spaces only",
    r"found character '(.)'": r"text that begins with `\1` needs quotes",
    r"while scanning a quoted scalar": "the quote is not closed",
    r"while parsing a flow mapping": "the `{` is not closed, or a comma is missing behind it",
    r"while parsing a flow sequence": "the `[` is not closed, or a comma is missing behind it",
    r"mapping values are not allowed": "no `: ` may stand here: indent the line as those around it, put text in quotes",
    r"expected <block end>": "it is not indented as those around it",
    r"could not find expected ':'": "a `: ` is missing",
    r"scanning an alias|undefined alias": "text that begins with `*` needs quotes",
    r"unhashable key": "a key is a word, and no list or block: text with brackets needs quotes",
    r"expected a single document": "`---` begins a second document, and a file of settings is one",
}
# The mistake is where these began.
BEGINS_WRONG = ("while scanning a quoted scalar", "while scanning a simple key", "while parsing a flow")


def parse_yaml(path: Path) -> Any:
    """What the file at `path` holds.

    Raises:
        PipelineError: there is no such file, it is no YAML, or a key stands twice in a block.
    """
    try:
        loader = Yaml12Loader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        repeated = list(_find_repeated(node, set()))
        value = loader.construct_document(node) if node else None
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: copy one from profiles/, or run from the project's root") from None
    except IsADirectoryError:
        raise PipelineError(f"{path} is a folder: name the file with the settings") from None
    except UnicodeDecodeError:
        raise PipelineError(f"{path} is not written in UTF-8: save it as such") from None
    except yaml.MarkedYAMLError as error:
        raise PipelineError(f"{path} is not valid YAML, {_explain(error)}") from None
    except (yaml.YAMLError, ValueError) as error:  # the latter of an explicit tag: `!!int ten`
        raise PipelineError(f"{path} is not valid YAML: {str(error).splitlines()[0]}") from None
    if repeated:
        raise PipelineError(f"{path}, {'; '.join(repeated)}: the last one would win; keep one of them")
    return value


def _explain(error: yaml.MarkedYAMLError) -> str:
    words = " ".join(part for part in (error.context, error.problem) if part)
    mark = error.context_mark if words.startswith(BEGINS_WRONG) else error.problem_mark
    for pattern, meaning in MEANINGS.items():
        found = re.search(pattern, words)
        if found:
            words = found.expand(meaning)
            break
    return f"line {mark.line + 1}: {words}\n{mark.get_snippet(indent=2)}" if mark else words


def _find_repeated(node: yaml.Node | None, seen: set[int]) -> Iterator[str]:
    """Keys that stand twice in one block: PyYAML takes the last without a word, and DVC refuses the file."""
    if id(node) in seen or not isinstance(node, yaml.CollectionNode):  # an anchor that holds itself has no end
        return
    seen.add(id(node))
    lines: dict[str, int] = {}
    for entry in node.value:
        key, child = entry if isinstance(entry, tuple) else (None, entry)
        if isinstance(key, yaml.ScalarNode):
            line = key.start_mark.line + 1
            if key.value in lines:
                yield f"line {line}: `{key.value}` stands in line {lines[key.value]} already"
            lines.setdefault(key.value, line)
        yield from _find_repeated(child, seen)
