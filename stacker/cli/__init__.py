"""The console script `stacker`: what a user does beside running the pipeline.

May import: every room.
"""

from stacker.cli import card, demo, explain, export, next_photos, pipeline, predict, repro  # noqa: F401 - each registers its own
from stacker.cli.app import app, main

__all__ = ["app", "main"]
