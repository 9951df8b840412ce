"""Stages of this machine split off from one Python that has imported Keras, instead of a Python that starts for each.

Their own code is imported by each from its clone. What is split off is as a fresh process would be: the packages are
the same, and no network was made yet.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stacker.checks.backend import VARIABLE
from stacker.cluster import warm_client
from stacker.cluster.share import Share
from stacker.settings.whole import Settings

PACKAGES = ("pydantic", "typer", "h5py", "sklearn.linear_model", "keras", "openvino")


def may_be_warm(shares: Iterable[Share]) -> bool:
    """Does no stage have cores or GPUs of its own, of which packages take note when they are imported?"""
    return all(share.cpus is None and not share.gpus for share in shares)


@contextmanager
def warm_python(settings: Settings, shares: Iterable[Share], folder: Path) -> Iterator[Path | None]:
    """A stand-in for `python`, in a folder of its own; whatever it began ends with the block, or with this process.

    Args:
        settings: of the project.
        shares: of the stages, as far as they are known before Ray has counted the GPUs.
        folder: that only the user may enter, with a short absolute path, as sockets need.

    Yields:
        None where a process that is split off might not compute as a fresh one does: JAX and PyTorch start threads when
        they are imported. Likewise where a stage has cores or GPUs of its own, or where the stages' `python` is not the
        one that this runs on.
    """
    is_plain = sys.platform == "linux" and settings.backend == "tensorflow" and _is_python_ours()
    if not is_plain or not may_be_warm(shares):
        yield None
        return
    address, stand_in = folder / "python", folder / "bin/python"
    stand_in.parent.mkdir(parents=True)
    words = [sys.executable, "-IS", warm_client.__file__, str(address), sys.executable]
    stand_in.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
    stand_in.chmod(0o700)
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "stacker.cluster.warm_server", str(address), *PACKAGES],
        env={**os.environ, VARIABLE: "tensorflow"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            yield stand_in
        finally:
            server.kill()


def _is_python_ours() -> bool:
    python = shutil.which("python")
    return python is not None and Path(python).parent.resolve() == Path(sys.executable).parent.resolve()
