"""What to say of a key that no setting has: what it may have been meant to be, or that there is no such thing."""

from collections.abc import Sequence

from stacker.settings.expectations import Grammar, Place, Schema, choose_kind, name_kind
from stacker.settings.near_names import find_near, list_or
from stacker.settings.unsupported import find_unsupported

MOVED = {"data.fetch": "fetch", "stacking.meta_models": "meta_models"}  # where a setting of earlier files stands today


def explain_unknown(where: Place, branches: list[Schema], block: object, grammar: Grammar) -> str:
    """Why there is no setting at `where` in the file, and which one may be meant.

    Args:
        where: its place, the key last.
        branches: the kinds of block that its block may be.
        block: what stands there.
        grammar: of all that was read.
    """
    key, dotted = str(where[-1]), ".".join(map(str, where))
    kinds = choose_kind(branches, block)
    known = list(dict.fromkeys(name for kind in kinds for name in kind.get("properties", {})))
    others = [name_kind(branch) for branch in branches if key in branch.get("properties", {})]
    elsewhere = find_elsewhere(where, grammar)
    near = find_near(key, known)
    if dotted in MOVED:
        return f"this block has moved: write it as `{MOVED[dotted]}`, at the top level of the file"
    if others:
        return f"this setting goes with {list_or(f'`{other}`' for other in others)} alone: remove it, or write that too"
    if key.partition(":")[0] in known:
        return "a space is missing behind the colon"
    if elsewhere:
        return f"there is no such setting here: it stands at `{elsewhere}`"
    if near:
        return f"there is no such setting: did you mean `{near[0]}`?"
    unsupported = find_unsupported(key)
    return unsupported or f"there is no such setting: choose from {', '.join(known)}"


def is_mistyped(missing: Place, unknown: Sequence[Place]) -> bool:
    """Whether one of the unknown keys beside a missing setting is that setting with a slip of the pen."""
    beside = [str(place[-1]) for place in unknown if place[:-1] == missing[:-1]]
    return any(find_near(str(missing[-1]), beside))


def find_elsewhere(where: Place, grammar: Grammar) -> str:
    """The dotted place nearest to `where` that has a setting of its name; empty if there is none, or none is known."""
    if not grammar.is_whole:
        return ""
    places = sorted(grammar.find_places(str(where[-1])), key=lambda place: (-_count_shared(place, where), len(place)))
    if not places:
        return ""
    shared = _count_shared(places[0], where)
    return ".".join(map(str, where[:shared] + places[0][shared:]))


def _count_shared(place: Place, where: Place) -> int:
    count = 0
    for one, other in zip(place, where, strict=False):
        if one not in (other, "<label>"):
            break
        count += 1
    return count
