"""What a stage says when it cannot go on."""

import sys
from collections.abc import Callable


class PipelineError(Exception):
    """A mistake that the user can mend: the message names the setting or file, what was received and the fix."""


def read_argument(name: str) -> str:
    """The one argument that a stage's command line takes.

    Raises:
        PipelineError: there is none, or more than one.
    """
    if len(sys.argv) != 2:
        raise PipelineError(f"one argument is needed, <{name}>; received {sys.argv[1:] or 'none'}")
    return sys.argv[1]


def run_stage(main: Callable[[], None]) -> None:
    """Run a stage's `main`; a `PipelineError` ends it with the message alone, not with a traceback.

    Any other exception is a defect of ours and keeps its traceback.
    """
    try:
        main()
    except PipelineError as error:
        sys.exit(f"\nerror: {error}\n")
