"""The block `resources`: what the stages of a member, or of an ensemble, take of a machine that `stacker repro` uses.

No stage but `check` tracks it: it changes no result.
"""

from typing import Annotated

from pydantic import Field

from stacker.settings.sections import Count, Section


class Resources(Section):
    """Of each stage that works on this member or ensemble alone; what is null follows the command line."""

    cpus: Count | None = None
    gpus: Annotated[float, Field(ge=0)] | None = None
