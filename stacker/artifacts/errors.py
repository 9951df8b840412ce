"""What the user is told when a stage cannot go on."""


class PipelineError(Exception):
    """A mistake that the user can mend: the message names the setting or file, what was received and the fix."""


class WrongUseError(PipelineError):
    """A command line that asks for what cannot be: `stacker` ends with exit code 2, as for an unknown option."""
