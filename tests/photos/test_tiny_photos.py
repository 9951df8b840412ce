"""The photos of the load benchmark: the same each time, with near copies that the search finds, and no others."""

import cv2
import numpy as np
import pytest

from benchmarks.photos import WHITE
from benchmarks.tiny_photos import brighten, draw_colours, write_tiny_photos
from stacker.photos.duplicates import group_duplicates
from stacker.photos.fingerprints import read_fingerprints

COUNT, CLASSES = 1000, 20


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos") / "all"
    write_tiny_photos(folder, COUNT, CLASSES)
    return sorted(folder.rglob("*.png"))


def test_the_copies_that_were_drawn_are_the_near_duplicates_that_are_found(photos):
    images = [cv2.imread(str(path)) for path in photos]
    copies = {row for row in range(1, COUNT) if np.array_equal(images[row], brighten(images[row - 1]))}

    prints, unreadable = read_fingerprints(photos, True, WHITE)
    hashes = [print.difference_hash for print in prints]
    groups = group_duplicates([print.content_hash for print in prints], hashes, 2)

    assert not unreadable
    assert len(photos) == COUNT
    assert 10 <= len(copies) <= 35  # one in fifty
    assert {row for row in range(1, COUNT) if groups[row] == groups[row - 1]} == copies
    assert len(np.unique(groups)) == COUNT - len(copies)


def test_equal_seeds_give_equal_photos(photos, tmp_path):
    write_tiny_photos(tmp_path / "again", COUNT // 10, CLASSES)
    write_tiny_photos(tmp_path / "other", COUNT // 10, CLASSES, seed=1)

    first = photos[0].read_bytes()
    assert (tmp_path / "again" / "class_0000" / "00000.png").read_bytes() == first
    assert (tmp_path / "other" / "class_0000" / "00000.png").read_bytes() != first


def test_some_classes_are_near_another_and_most_are_not():
    colours = draw_colours(100, seed=0).reshape(100, -1)

    distances = np.linalg.norm(colours[:, np.newaxis] - colours, axis=2)
    np.fill_diagonal(distances, np.inf)

    assert np.flatnonzero(distances.min(axis=1) < 100).tolist() == list(range(10))
