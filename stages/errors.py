"""What a stage says when it cannot go on."""

import sys
from collections.abc import Callable


class PipelineError(Exception):
    """A mistake that the user can mend: the message names the setting or file, what was received and the fix."""


def run_stage(main: Callable[[], None]) -> None:
    """Run a stage's `main`; a `PipelineError` ends it with the message alone, not with a traceback.

    Any other exception is a defect of ours and keeps its traceback.
    """
    try:
        main()
    except PipelineError as error:
        sys.exit(f"\nerror: {error}\n")
