"""What DVC runs: one script a stage, named as the stage, each a short story."""

import gc
import importlib.util
import sys
from types import TracebackType


def explain_environment(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Instead of the traceback of a package that is not there: DVC started a `python` that is not the environment's.

    Likewise of a Ctrl-C while packages are still imported; later ones are `run_stage`'s.
    """
    if issubclass(kind, KeyboardInterrupt):
        print("\nstopped before it began: `dvc repro` runs this stage", file=sys.stderr)
        sys.exit(130)
    name = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if name and importlib.util.find_spec(name) is None:
        print(
            f"\nerror: {sys.executable} has no package `{name}`: the environment is not active. Run `source "
            ".venv/bin/activate` first, or `make repro` in place of `dvc repro`\n",
            file=sys.stderr,
        )
    else:
        sys.__excepthook__(kind, error, traceback)


if sys.argv[0] == "-m":  # Python is about to run a stage, and looks for its script
    sys.excepthook = explain_environment
    gc.set_threshold(
        100_000, 20, 100
    )  # what imports and networks make lives on: to look for garbage takes a tenth of it
