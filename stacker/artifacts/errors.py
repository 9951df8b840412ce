"""What the user is told when a stage cannot go on."""


class PipelineError(Exception):
    """A mistake that the user can mend: the message names the setting or file, what was received and the fix."""
