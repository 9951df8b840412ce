"""Duplicates that lie where they should not: under two classes, or in two splits."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from stacker.artifacts.manifest import Photo


class Group(NamedTuple):
    """Photos that are duplicates of one another, two or more.

    Attributes:
        photos: in the order of the manifest.
        is_exact: are all of them equal files?
    """

    photos: list[Photo]
    is_exact: bool


class Groups(NamedTuple):
    """All groups of duplicates, and those that are torn.

    Attributes:
        groups: how many there are.
        photos: how many photos are in them.
        across_classes: those with photos of more than one class.
        across_splits: those with photos in more than one split.
    """

    groups: int
    photos: int
    across_classes: list[Group]
    across_splits: list[Group]


def find_torn(photos: Iterable[Photo]) -> Groups:
    """Look through the groups that `prepare` found; equal files first, then the largest, then by path."""
    members: dict[int, list[Photo]] = defaultdict(list)
    for photo in photos:
        members[photo.group].append(photo)
    groups = [
        Group(together, len({photo.content_hash for photo in together}) == 1)
        for together in members.values()
        if len(together) > 1
    ]
    groups.sort(key=lambda group: (not group.is_exact, -len(group.photos), group.photos[0].path))
    return Groups(
        len(groups),
        sum(len(group.photos) for group in groups),
        [group for group in groups if len({photo.label for photo in group.photos}) > 1],
        [group for group in groups if len({photo.split for photo in group.photos}) > 1],
    )
