import cv2
import numpy as np
import pytest
from real_photos import list_real_photos

from stacker.photos.difference_hash import compute_difference_hash, says_enough
from stacker.photos.fingerprints import read_fingerprints

WHITE = (255, 255, 255)
AREA = cv2.INTER_AREA
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 90]


def hash_whole(grey: np.ndarray) -> int:
    return compute_difference_hash(grey, grey.shape)


def test_a_bit_asks_whether_a_cell_is_brighter_than_its_right_neighbour():
    falling = np.tile(np.arange(90, 0, -10, dtype=np.uint8), (8, 1))
    one = np.full((8, 9), 100, np.uint8)
    one[1, 3] = 104  # brighter than its right neighbour: the fourth bit of the second row

    assert hash_whole(falling) == 2**64 - 1
    assert hash_whole(falling[:, ::-1].copy()) == 0
    assert hash_whole(one) == 1 << (63 - 8 - 3)


def test_a_step_of_one_grey_level_is_noise():
    grey = np.full((8, 9), 100, np.uint8)
    grey[0, 0], grey[1, 0] = 101, 102

    assert hash_whole(grey) == 1 << (63 - 8)


def test_cells_share_the_pixels_that_their_edges_cut():
    # Two pixels a cell and a quarter: the cut one counts for both of its cells, by its shares.
    wide = np.tile(np.repeat([200, 100, 50], [6, 6, 6]).astype(np.uint8), (18, 1))
    whole = np.kron(wide, np.ones((4, 4), np.uint8))

    assert hash_whole(wide) == hash_whole(whole)


def test_pixels_beyond_the_extent_do_not_count():
    picture = np.random.default_rng(0).integers(0, 256, (32, 36), np.uint8)
    reduced = cv2.copyMakeBorder(picture, 0, 1, 0, 1, cv2.BORDER_CONSTANT, value=255)

    assert compute_difference_hash(reduced, (32.0, 36.0)) == hash_whole(picture)
    assert compute_difference_hash(reduced, (33.0, 37.0)) != hash_whole(picture)


@pytest.mark.parametrize(
    ("rows", "enough"),
    [
        ([0] * 8, False),
        ([0xFF] * 8, False),
        ([0xF0] * 8, False),  # 8 changes, one a row
        ([0xF0] * 4 + [0x0F] * 4, True),  # and 8 between the fourth and the fifth row
        ([0xF0] * 4 + [0x0E] * 4, True),
        ([0xF0] * 4 + [0x07] * 4, False),  # 8 and 7
        ([0xAA] * 8, True),
        ([1, 0, 0, 0, 0, 0, 0, 0x80], False),  # the end of a row is no neighbour of the next one's beginning
    ],
)
def test_a_pattern_says_enough_when_it_changes_often(rows, enough):
    assert says_enough(int.from_bytes(bytes(rows), "big")) is enough


COPIES = {
    "jpeg": lambda image: cv2.imencode(".jpg", image, JPEG),
    "half.jpeg": lambda image: cv2.imencode(".jpg", cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=AREA), JPEG),
    "224.jpeg": lambda image: cv2.imencode(".jpg", cv2.resize(image, (224, 224), interpolation=AREA), JPEG),
    "0.8.jpeg": lambda image: cv2.imencode(".jpg", cv2.resize(image, None, fx=0.8, fy=0.8, interpolation=AREA), JPEG),
    "png": lambda image: cv2.imencode(".png", image),
    "half.png": lambda image: cv2.imencode(".png", cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=AREA)),
    "webp": lambda image: cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, 80]),
}


@pytest.mark.assets
@pytest.mark.parametrize("kind", COPIES)
def test_copies_of_real_photos_are_found(tmp_path, kind):
    photos = list_real_photos(100)
    copies = [tmp_path / f"{number}.{kind}" for number in range(len(photos))]
    for photo, copy in zip(photos, copies, strict=True):
        copy.write_bytes(COPIES[kind](cv2.imread(str(photo)))[1].tobytes())

    before, after = (read_fingerprints(paths, perceptual=True, background=WHITE)[0] for paths in (photos, copies))
    pairs = [(a.difference_hash, b.difference_hash) for a, b in zip(before, after, strict=True)]

    found = [None not in pair and (pair[0] ^ pair[1]).bit_count() <= 2 for pair in pairs]
    assert np.mean(found) >= 0.95


@pytest.mark.assets
@pytest.mark.parametrize("side", [16, 28, 64])
def test_crops_of_different_photos_are_not_joined(side):
    """Many are soft gradients, whose bits are anybody's: without `says_enough` hundreds of pairs are within 2 bits."""
    generator = np.random.default_rng(0)
    hashes = []
    for photo in list_real_photos(500):
        grey = cv2.imread(str(photo), cv2.IMREAD_GRAYSCALE)
        top, left = (generator.integers(max(1, length - side)) for length in grey.shape)
        hashes.append(hash_whole(np.ascontiguousarray(grey[top : top + side, left : left + side])))

    kept = np.array([bits for bits in hashes if says_enough(bits)], np.uint64)
    near = np.bitwise_count(kept[:, np.newaxis] ^ kept) <= 2
    assert len(kept) > 400
    assert near.sum() == len(kept)  # each with itself


@pytest.mark.assets
def test_of_all_real_photos_only_the_two_that_are_one_picture_are_joined():
    photos = list_real_photos(3000)
    prints, _ = read_fingerprints(photos, perceptual=True, background=WHITE)
    hashes = np.array([print_.difference_hash for print_ in prints], np.uint64)  # a None would be refused

    pairs = [
        {photos[row].name, photos[other].name}
        for row in range(len(hashes))
        for other in row + 1 + np.flatnonzero(np.bitwise_count(hashes[row + 1 :] ^ hashes[row]) <= 2)
    ]

    assert pairs == [{"dog.180.jpg", "dog.74.jpg"}]
