"""Lay a member's own blocks over those that all members share.

Merged in code and not by YAML's merge keys, which `dvc exp run -S` rewrites.
"""

from typing import Any, TypeVar

from pydantic import TypeAdapter

from stacker.artifacts.errors import PipelineError
from stacker.settings.expectations import Place
from stacker.settings.reading import PARAMS, Document, read_document, validate_at
from stacker.settings.sections import expand_name

SHARED = ("backbone", "training")  # blocks that every member takes unless it says otherwise
T = TypeVar("T")


def complete_members(document: Document) -> Document:
    """`document`, every member of which has the shared blocks under its own."""
    members = document.get("members")
    if not isinstance(members, dict):
        return document
    return {**document, "members": {label: complete_member(document, label) for label in members}}


def complete_member(document: Document, label: str) -> Any:
    """The member called `label` of `document`, the shared blocks under its own."""
    member = document["members"][label]
    if not isinstance(member, dict):
        return member
    shared = {block: document[block] for block in SHARED if isinstance(document.get(block), dict)}
    own = {**member}
    if "backbone" in own:
        own["backbone"] = expand_name(own["backbone"])
    return _merge(shared, own)


def validate_member(schema: TypeAdapter[T], label: str, block: str | None = None) -> T:
    """The member called `label`, or one block of it, complete, as `schema` describes it.

    Raises:
        PipelineError: there is no such member, listing those there are; or a setting is wrong, which is named.
    """
    document = read_document()
    members = document.get("members")
    if not isinstance(members, dict) or label not in members:
        known = ", ".join(members) if isinstance(members, dict) else ""
        raise PipelineError(f"no member is called {label!r} in {PARAMS}: choose from {known or '(there is none)'}")
    member = complete_member(document, label)
    value = member.get(block, {}) if block and isinstance(member, dict) else member
    prefix: Place = ("members", label, block) if block else ("members", label)
    return validate_at(schema, value, lambda place: locate_setting(prefix + place, document))


def locate_setting(place: Place, document: Document) -> Place:
    """Where in the file a member's setting stands: with the member, or in the block that all members share."""
    is_shared = place[:1] == ("members",) and len(place) > 3 and place[2] in SHARED
    if not is_shared or place[2:] == ("backbone", "name"):  # each member names its own backbone
        return place
    own, shared = expand_name(document["members"][place[1]].get(place[2], {})), document.get(str(place[2]))
    for part in place[3:]:
        if isinstance(own, dict) and part not in own:
            return place[2:] if isinstance(shared, dict) else place
        own, shared = own[part], shared.get(part) if isinstance(shared, dict) else None
    return place


def _merge(defaults: Document, own: Document) -> Document:
    """Deep merge: a mapping is merged key by key, anything else is replaced."""
    merged = {**defaults}
    for key, value in own.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged
