"""The command line of a stage's script."""

import functools
import io
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import Any, NoReturn, TextIO, cast

import typer

from stacker.artifacts.code_files import CODE, read_versions
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.seconds import keep_seconds
from stacker.artifacts.terminal import CleanStream, escape_controls
from stacker.checks.garbage import collect_seldom, end_quickly
from stacker.checks.native_log import filtered_native_log
from stacker.checks.packages import verify_versions

INTERRUPTED = 130  # as a shell says of what Ctrl-C has ended


def run_stage(main: Callable[..., Any], story: str | None, is_verified: bool = True) -> None:
    """Run a stage's `main` with the arguments of the command line, and say how long it took.

    A `PipelineError` ends it with the message alone, not with a traceback. Any other exception is a defect of ours and
    keeps its traceback. Ctrl-C ends it with a line that says how to go on, and exit code 130. Where the stage may run a
    network, TensorFlow's harmless lines are not shown. How long it took is kept where DVC runs it, for `stacker plan`.

    Args:
        main: takes what Typer reads from the command line.
        story: the script's docstring, which `--help` shows.
        is_verified: see first that the packages installed are those that `data/code/<stage>.txt` names.
    """
    stage = Path(sys.argv[0]).stem
    collect_seldom()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # in a log file too, a line stands where and when it was printed
    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    command.command(help=story)(_timed(main))
    start = time.monotonic() - time.process_time()  # with the imports before: no clock says when Python began
    try:
        versions = read_versions(stage) if is_verified and "--help" not in sys.argv else {}
        verify_versions(versions, CODE / f"{stage}.txt")
        native = filtered_native_log() if "keras" in versions else nullcontext()
        with native, redirect_stdout(cast(TextIO, CleanStream(sys.stdout))):
            command(prog_name=f"python -m stages.{stage}")
    except PipelineError as error:
        sys.exit(escape_controls(f"\nerror: {error}\n"))
    except KeyboardInterrupt as stop:
        _stop(stop)
    except SystemExit as end:  # so does Typer end, well or not
        if end.code == 0:
            keep_seconds(time.monotonic() - start)
        raise
    finally:
        end_quickly()


def _timed(main: Callable[..., Any]) -> Callable[..., Any]:
    """`main`, which says at its end how long it took."""

    @functools.wraps(main)
    def run(*arguments: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            main(*arguments, **options)
        except KeyboardInterrupt as stop:  # Typer would say nothing of what was kept
            _stop(stop)
        print(f"done in {time.monotonic() - started:.1f} s")

    return run


def _stop(stop: KeyboardInterrupt) -> NoReturn:
    said = str(stop) or "`dvc repro` begins this stage anew, and keeps the stages before it"
    print(f"\nstopped: {said}", file=sys.stderr, flush=True)
    sys.exit(INTERRUPTED)
