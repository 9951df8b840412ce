"""From an image file to what the network takes."""

import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
CONTRACT = json.loads((HERE / "contract.json").read_text(encoding="utf-8"))


def prepare(path: Path) -> np.ndarray:
    want, side, alpha = CONTRACT["preparation"], CONTRACT["preparation"]["side"], np.asarray(255, np.uint32)
    with Image.open(path) as photo:
        (width, height), is_jpeg = photo.size, photo.format in ("JPEG", "MPO")
        is_turned = is_jpeg and photo.getexif().get(0x0112, 1) != 1
        if photo.has_transparency_data and not photo.mode.startswith("I"):
            alpha = np.asarray(ImageOps.exif_transpose(photo).convert("RGBA"), np.uint32)[..., 3:]
    most = min(width, height) / (want["jpeg_margin"] * side)  # fit: stretch, crop
    most = max(width, height) / (want["jpeg_margin"] * side)  # fit: pad
    grid = max(f for f in want["jpeg_factors"] if f == 1 or (f <= most and not (is_turned and (width | height) % f)))
    factor, step = (grid, 1) if is_jpeg else (1, grid)  # fit: crop
    factor = grid if is_jpeg else 1  # fit: stretch, pad
    how = cv2.IMREAD_COLOR if factor == 1 else getattr(cv2, f"IMREAD_REDUCED_COLOR_{factor}")
    image = np.asarray(cv2.imdecode(np.fromfile(path, np.uint8), how | cv2.IMREAD_ANYDEPTH))
    bits = 8 if image.dtype == np.uint8 else want["bit_depth"] or max(8, int(image.max()).bit_length())
    image = np.rint(image * (255 / (2**bits - 1))).clip(0, 255).astype(np.uint8)
    image = ((image * alpha + np.uint32(want["background"][::-1]) * (255 - alpha) + 127) // 255).astype(np.uint8)
    tall, wide = image.shape[:2] if factor == 1 or is_turned else (height / factor, width / factor)
    top, left = (int((length - min(tall, wide)) / 2) // step * step for length in (tall, wide))  # fit: crop
    tall = wide = min(tall, wide)  # fit: crop
    image = image[top : top + int(np.ceil(tall)), left : left + int(np.ceil(wide))]  # fit: crop
    rows, columns = (max(1, round(length * (side / max(tall, wide)))) for length in (tall, wide))  # fit: pad
    fx, fy, grow = min(1, side / wide), min(1, side / tall), getattr(cv2, want["grows_by"])  # fit: stretch, crop
    fx, fy, grow = min(1, columns / wide), min(1, rows / tall), getattr(cv2, want["grows_by"])  # fit: pad
    image = cv2.resize(image, None, fx=fx, fy=fy, interpolation=cv2.INTER_AREA)
    image = cv2.resize(image[:side, :side], (side, side), interpolation=grow)  # fit: stretch, crop
    image = cv2.resize(image[:rows, :columns], (columns, rows), interpolation=grow)  # fit: pad
    top, left = (side - rows) // 2, (side - columns) // 2  # fit: pad
    image = np.pad(image, ((top, side - rows - top), (left, side - columns - left), (0, 0)))  # fit: pad
    return image[..., ::-1].astype(CONTRACT["dtype"])
