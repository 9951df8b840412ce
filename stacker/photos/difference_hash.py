"""64 bits that change little when a picture is resized or saved again.

Source: N. Krawetz, "Kind of Like That" (2013), the dHash.
"""

import cv2
import numpy as np

ROWS, COLUMNS = 8, 9
NOT_LAST_OF_ROW, NOT_LAST_ROW = 0x7F7F7F7F7F7F7F7F, 0x00FFFFFFFFFFFFFF  # bits that have a neighbour 1 and 8 bits up
LEAST_STEP = 1.0  # grey levels: what is smaller is noise of JPEG, and would set bits at random in flat places
# px: the short side of the reduced copy that a large JPEG is decoded to. Half of it loses one or two copies more in a
# hundred of the tutorial's photos; without any reduction, none more is found, and reading takes twice as long.
LEAST_SIDE = 96
# Of photos, none has fewer than 16 changes between neighbouring bits. Flat pictures have none, and gradients few: of
# 3,000 crops of 28 px from as many photos, 1,583 pairs are within 2 bits, and none is once these are left out.
LEAST_CHANGES = 16
SMALLEST_SIDE = 16  # px: of smaller pictures, even such with enough changes meet by chance


def compute_difference_hash(grey: np.ndarray, extent: tuple[float, float]) -> int:
    """64 bits: is each cell of an 8x9 grid brighter, by more than one grey level, than its right neighbour?

    Cells are exact means over their area, pixels cut by an edge counted by their share: rounded means, or a grid that
    is off by half a pixel, lose a few copies in a hundred.

    Args:
        grey: uint8, (height, width), 0-255.
        extent: height and width of the picture in pixels of `grey`: its last ones may reach over the edge.
    """
    down, across = ROWS / extent[0], COLUMNS / extent[1]  # not a size: the extent may end inside a pixel
    cells = cv2.resize(grey.astype(np.float32), None, fx=across, fy=down, interpolation=cv2.INTER_AREA)
    return int.from_bytes(np.packbits(cells[:, :-1] - cells[:, 1:] > LEAST_STEP).tobytes(), "big")


def says_enough(difference_hash: int) -> bool:
    """Do its bits change often enough to be a picture's own? Those of a flat one, or of a gradient, are anybody's."""
    beside = (difference_hash ^ (difference_hash >> 1)) & NOT_LAST_OF_ROW
    below = (difference_hash ^ (difference_hash >> 8)) & NOT_LAST_ROW
    return beside.bit_count() + below.bit_count() >= LEAST_CHANGES
