"""What a place in `params.yaml` takes, in the words of who writes it: read off the JSON schema of the settings."""

from collections.abc import Iterable, Iterator
from typing import Any

from stacker.settings.near_names import list_or

Schema = dict[str, Any]
Place = tuple[int | str, ...]

LONGEST_CHOICE = 12  # names that one line can hold; where there are more, the description says what they are
BLOCK = "a block of settings"


class Grammar:
    """The JSON schema of a block or of the whole file, asked place by place."""

    def __init__(self, schema: Schema):
        self._root = schema
        self.is_whole = "members" in schema.get("properties", {})  # of the whole file

    def find_branches(self, place: Place, value: Any) -> list[Schema]:
        """What may stand at `place`, a schema for each kind; of blocks of several kinds the one that `value` is."""
        branches = list(self._unfold(self._root))
        for part in place:
            children = [child for block in choose_kind(branches, value) for child in _list_children(block, part)]
            branches = [branch for child in children for branch in self._unfold(child)]
            value = value.get(part) if isinstance(value, dict) else None
        return branches

    def find_places(self, key: str) -> Iterator[Place]:
        """All places where there is a setting called `key`; labels are written `<label>`."""
        pending: list[tuple[Place, Schema]] = [((), self._root)]
        while pending:
            place, schema = pending.pop()
            for branch in self._unfold(schema):
                children = {**branch.get("properties", {})}
                if key in children:
                    yield (*place, key)
                if isinstance(branch.get("additionalProperties"), dict):
                    children["<label>"] = branch["additionalProperties"]
                pending += [((*place, name), child) for name, child in children.items()]

    def describe(self, branches: Iterable[Schema]) -> str:
        """In words, such as "a whole number of at least 1, or `null`"."""
        choices: list[str] = []
        phrases: list[str] = []
        for branch in branches:
            names = list_choices(branch)
            if len(names) > LONGEST_CHOICE:
                phrases.append(branch["description"])
            elif names:
                choices += names
            elif branch.get("type") != "object" or not any(phrase.startswith(BLOCK) for phrase in phrases):
                phrases.append(self._describe_one(branch))
        null = ["`null`"] if "`null`" in choices else []
        rest = [choice for choice in dict.fromkeys(choices) if choice != "`null`"]
        parts = [*([list_or(rest)] if rest else []), *dict.fromkeys(phrases), *null]
        return ", or ".join(parts) if phrases else list_or([*rest, *null])

    def _describe_one(self, branch: Schema) -> str:
        kind = branch.get("type")
        if kind in ("integer", "number"):
            words = f"a {'whole ' if kind == 'integer' else ''}number{_describe_range(branch)}"
            return f"{words}, {branch['description']}" if "description" in branch else words
        if kind == "array":
            return f"a list{_describe_length(branch)}, each entry {self.describe(self._unfold(branch['items']))}"
        if kind == "object":
            return f"{BLOCK}, such as `{self._give_example(branch)}`"
        return str(branch.get("description", "text"))

    def _give_example(self, block: Schema) -> str:
        """The first setting of a block, or that of a label in it."""
        if isinstance(block.get("additionalProperties"), dict):
            child = next(self._unfold(block["additionalProperties"]))
            return f"{{<label>: {self._give_example(child)}}}"
        name, schema = next(iter(block["properties"].items()))
        stated = [schema[word] for word in ("const", "default") if word in schema]
        branches = list(self._unfold(schema))
        examples = [one for branch in branches for word in ("examples", "enum") for one in branch.get(word, [])]
        return f"{{{name}: {[*stated, *examples][0]}}}"

    def _unfold(self, schema: Schema) -> Iterator[Schema]:
        """The branches of a schema: each kind of value that it takes."""
        if "$ref" in schema:
            schema = self._root["$defs"][schema["$ref"].rpartition("/")[2]]
        inner = schema.get("anyOf") or schema.get("oneOf")
        if inner:
            for one in inner:
                yield from self._unfold(one)
        else:
            yield schema


def choose_kind(branches: list[Schema], value: Any) -> list[Schema]:
    """The kinds of a block that `value` may be, going by its `kind` or `fit`; all of them where it is none."""
    fitting = [branch for branch in branches if not _list_contradictions(branch, value)]
    return fitting or branches


def name_kind(block: Schema) -> str:
    """How the file says that a block is of this kind, such as "fit: adam"; empty where there is one kind alone."""
    constants = [f"{key}: {child['const']}" for key, child in block.get("properties", {}).items() if "const" in child]
    return ", ".join(constants)


def list_choices(branch: Schema) -> list[str]:
    """Values that a schema names outright, as YAML writes them."""
    if branch.get("type") == "null":
        return ["`null`"]
    if branch.get("type") == "boolean":
        return ["`true`", "`false`"]
    names = [branch["const"]] if "const" in branch else branch.get("enum", [])
    return [f"`{name}`" for name in names]


def _list_children(block: Schema, part: int | str) -> Iterator[Schema]:
    if isinstance(part, int) and "items" in block:
        yield block["items"]
    elif part in block.get("properties", {}):
        yield block["properties"][part]
    elif isinstance(block.get("additionalProperties"), dict):
        yield block["additionalProperties"]


def _list_contradictions(block: Schema, value: Any) -> list[str]:
    properties = block.get("properties", {}) if isinstance(value, dict) else {}
    constants = {key: child for key, child in properties.items() if "const" in child}
    return [key for key, child in constants.items() if value.get(key, child.get("default")) != child["const"]]


def _describe_range(number: Schema) -> str:
    is_whole = number["type"] == "integer"
    low, high = number.get("minimum"), number.get("maximum")
    above, below = number.get("exclusiveMinimum"), number.get("exclusiveMaximum")
    if is_whole:  # of whole numbers, "below 10" is "to 9"
        low = above + 1 if above is not None else low
        high = below - 1 if below is not None else high
        above = below = None
    if low is not None and high is not None:
        return f" from {low} to {high}"
    bounds = {"of at least": low, "above": above, "of at most": high, "below": below}
    words = " and ".join(f"{word} {bound}" for word, bound in bounds.items() if bound is not None)
    return f" {words}" if words else ""


def _describe_length(array: Schema) -> str:
    least, most = array.get("minItems"), array.get("maxItems")
    if least == most:
        return f" of {most}" if most is not None else ""
    return f" of at most {most}" if most is not None else f" of at least {least}"
