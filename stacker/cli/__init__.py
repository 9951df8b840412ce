"""The console script `stacker`: what a user does beside running the pipeline.

May import: every room.
"""

from stacker.cli import card, explain, export, pipeline, predict  # noqa: F401 - a module of commands registers them
from stacker.cli.app import app, main

__all__ = ["app", "main"]
