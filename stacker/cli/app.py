"""The command line `stacker` itself: what all its commands share.

Results go to standard output, messages to standard error. The exit code is 0 where all went right, 1 where something
could not be done, 2 for a wrong command line.
"""

import io
import sys
from contextlib import redirect_stdout
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, TextIO, cast

import typer

from stacker.artifacts.errors import PipelineError, WrongUseError
from stacker.artifacts.terminal import CleanStream, escape_controls
from stacker.checks.garbage import collect_seldom, end_quickly

DISTRIBUTION = "stacking-pipeline"

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


def main() -> None:
    """Run the command that the command line names; a mistake that the user can mend ends it without a traceback."""
    collect_seldom()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # a file's name need not be UTF-8: out as it came in
    try:
        with redirect_stdout(cast(TextIO, CleanStream(sys.stdout))):
            app(prog_name="stacker")
    except PipelineError as error:
        print(escape_controls(f"\nerror: {error}\n"), file=sys.stderr)
        sys.exit(2 if isinstance(error, WrongUseError) else 1)
    finally:
        end_quickly()


def show_version(is_wanted: bool) -> None:
    if not is_wanted:
        return
    try:
        print(f"stacker {version(DISTRIBUTION)}")
    except PackageNotFoundError:
        raise PipelineError("stacker is not installed: run `make .venv/installed`, or `pip install -e .`") from None
    raise typer.Exit


@app.callback()
def describe(
    _: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Stacking ensembles of image classifiers. The pipeline itself is run by `dvc repro`."""
