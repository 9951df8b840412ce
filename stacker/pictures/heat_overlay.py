"""A heat map laid over its photo."""

import matplotlib
import numpy as np
from PIL import Image

COLOURS = "inferno"  # from black over red to yellow: its lightness rises with the heat, also to the colour-blind
MOST = 0.8  # how much of the hottest place's colour comes from the heat; the rest is the photo
GREY = (0.299, 0.587, 0.114)  # what red, green and blue add to how light a pixel looks (ITU-R BT.601)


def lay_heat_map(image: np.ndarray, heat_map: np.ndarray) -> np.ndarray:
    """Lay a heat map over a photo, which turns grey so that all colour is heat: a place without any stays grey.

    Args:
        image: uint8, (height, width, 3), RGB, 0-255.
        heat_map: float32, (h, w), 0 to 1: places of any number over the same square.

    Returns:
        Uint8, (height, width, 3), RGB, 0-255.
    """
    height, width = image.shape[:2]
    stretched = Image.fromarray(heat_map.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC)
    heat = np.asarray(stretched).clip(0, 1)  # a cubic overshoots by up to a tenth; linear, peaks would be crosses
    grey = (image @ np.array(GREY))[..., np.newaxis]
    colours = matplotlib.colormaps[COLOURS](heat)[..., :3] * 255
    share = MOST * heat[..., np.newaxis] ** 0.75  # by heat alone, what is half hot would hardly show
    mixed: np.ndarray = np.rint(grey * (1 - share) + colours * share).astype(np.uint8)
    return mixed
