"""Duplicates under two classes or in two splits."""

from stacker.artifacts.manifest import Photo
from stacker.photos.torn_groups import find_torn


def make_photo(path: str, label: str, split: str, group: int, content: str = "x") -> Photo:
    return Photo(path, label, split, 10, 10, content, group)


def test_groups_are_sorted_by_what_they_tear():
    alone = make_photo("a/alone.png", "a", "train", 0)
    twins = [make_photo(f"a/twin_{n}.png", "a", "train", 1) for n in range(2)]
    classes = [make_photo("b/1.png", "b", "test", 2, "one"), make_photo("a/1.png", "a", "test", 2, "two")]
    both = [make_photo(f"{label}/2.png", label, split, 3) for label, split in (("a", "train"), ("b", "test"))]
    splits = [make_photo("a/3.png", "a", split, 4, content) for split, content in (("train", "y"), ("test", "z"))]

    torn = find_torn([alone, *twins, *classes, *both, *splits])

    assert (torn.groups, torn.photos) == (4, 8)
    assert [group.photos for group in torn.across_classes] == [both, classes]  # equal files first
    assert [group.photos for group in torn.across_splits] == [both, splits]
    assert [group.is_exact for group in torn.across_classes] == [True, False]


def test_the_largest_of_like_groups_comes_first():
    small = [make_photo(f"{label}/1.png", label, "train", 0, label) for label in ("a", "b")]
    large = [make_photo(f"{label}/2.png", label, "train", 1, label) for label in ("a", "b", "c")]

    assert [group.photos for group in find_torn([*small, *large]).across_classes] == [large, small]
