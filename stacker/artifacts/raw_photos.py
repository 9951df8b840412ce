"""Where fetched photos are, a folder a dataset, in it a folder a class."""

from pathlib import Path

RAW = Path("data/raw")
