"""Why files did not come through: DVC's error counts them, and the reasons are in its log alone."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

LOGGERS = ("dvc", "dvc_data", "dvc_objects")


class Causes(logging.Handler):
    """Keeps what went wrong, of all that DVC logs.

    Attributes:
        found: what each exception says, once, in the order in which they came.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record's exception."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and str(error) not in self.found:
            self.found.append(str(error))

    def describe(self, error: Exception) -> str:
        """What `error` says, and the first cause that was logged before it."""
        return f"{error} ({self.found[0]})" if self.found and self.found[0] != str(error) else str(error)


@contextmanager
def noted_causes() -> Iterator[Causes]:
    """Keep what DVC logs while the block runs."""
    causes = Causes()
    for name in LOGGERS:
        logging.getLogger(name).addHandler(causes)
    try:
        yield causes
    finally:
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(causes)
