"""The console script `stacker`: what a user does beside running the pipeline.

May import: every room.
"""

from stacker.cli import export as _export  # noqa: F401
from stacker.cli import pipeline as _pipeline  # noqa: F401 - a module of commands registers them
from stacker.cli import predict as _predict  # noqa: F401
from stacker.cli.app import app, main

__all__ = ["app", "main"]
