"""Import Keras without what it takes along: every stage that runs a network pays for it once."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from stacker.checks.native_log import filtered_native_log

NEEDLESS = ("matplotlib", "sklearn")  # Keras imports them where it finds them, for galleries and wrappers: a second


def import_keras() -> None:
    """Import Keras, on the backend chosen, without packages that it takes along only because they are installed.

    Whoever needs these imports them as ever, before or afterwards. What Keras does not find are its wrappers for
    scikit-learn and its galleries of pictures.
    """
    with hidden(NEEDLESS):
        import keras  # noqa: F401 - for whoever imports it next


@contextmanager
def keras_at_hand() -> Iterator[None]:
    """Keras is imported, and of what TensorFlow writes meanwhile the harmless lines are not shown."""
    with filtered_native_log():
        import_keras()
        yield


@contextmanager
def hidden(packages: Iterable[str]) -> Iterator[None]:
    """While this lasts, an import of one of `packages` fails, unless it was imported before.

    That is what None in `sys.modules` means (Python's reference, "The module cache").
    """
    unseen = [package for package in packages if package not in sys.modules]
    sys.modules.update(dict.fromkeys(unseen))  # type: ignore[arg-type] # typeshed knows modules alone
    try:
        yield
    finally:
        for package in unseen:
            del sys.modules[package]
