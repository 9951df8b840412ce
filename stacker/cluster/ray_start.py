"""Ray itself: asked for, started on this machine, and ended."""

import importlib.util
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stacker.artifacts.errors import PipelineError
from stacker.cluster.watchdog import watched

VARIABLES = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is reported to anyone
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # a stage without GPUs of its own sees them as under `dvc repro`
}
LOCAL = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # all ports of a local cluster on 127.0.0.1, on Linux too
    "RAY_AUTH_MODE": "token",
    "SPT_NOENV": "1",  # else Ray's processes write their titles over the environment by which the watchdog knows them
}
STORE = 128 * 1024**2  # bytes of shared memory: what travels is the project's code


def require_ray() -> None:
    """See that Ray is there, which takes half a second to import.

    Raises:
        PipelineError: the extra is not installed, saying how to install it.
    """
    if importlib.util.find_spec("ray") is None:
        raise PipelineError(
            "stacker repro needs the extra `cluster`, which is not installed (ray): run "
            "`pip install --require-hashes -r requirements.lock -r locks/cluster.lock`; `dvc repro` does the same, one "
            "stage at a time"
        )


def import_ray(is_local: bool) -> Any:
    """Ray, imported where it is needed. It reads its variables when it is imported, so that they are set before.

    Args:
        is_local: is it to run on this machine alone?
    """
    for name, value in (VARIABLES | LOCAL if is_local else VARIABLES).items():
        os.environ.setdefault(name, value)
    import ray

    return ray


@contextmanager
def watched_folder() -> Iterator[Path]:
    """A folder for sockets, which need a short path; it goes with the block, and with it all that was started in it."""
    folder = Path(tempfile.mkdtemp(prefix="stacker-ray-", dir="/tmp"))  # noqa: S108 - nobody else may enter it
    with watched(folder):
        yield folder


@contextmanager
def local_ray(cores: int, folder: Path) -> Iterator[Any]:
    """Ray on this machine, out of reach of others, for as long as the block lasts.

    Args:
        cores: of the machine.
        folder: for its sockets and logs, from `watched_folder`.
    """
    ray = import_ray(is_local=True)
    try:
        ray.init(
            address="local",
            num_cpus=cores,
            include_dashboard=False,
            object_store_memory=STORE,
            configure_logging=False,
            log_to_driver=False,
            _temp_dir=str(folder),
        )
        yield ray
    finally:
        with _patient():
            ray.shutdown()


@contextmanager
def joined_ray(address: str, is_open: bool) -> Iterator[Any]:
    """A Ray cluster that this machine is part of, for as long as the block lasts.

    Args:
        address: "auto", or host and port of its head.
        is_open: may it be one that asks nobody for a token?

    Raises:
        PipelineError: there is none, or whoever reaches its ports may run code on it.
    """
    ray = import_ray(is_local=False)
    try:
        ray.init(address=address, configure_logging=False, log_to_driver=False)
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        raise PipelineError(f"--address {address}: there is no Ray cluster to join ({error})") from None
    try:
        check_token(is_open)
        yield ray
    finally:
        with _patient():
            ray.shutdown()


def check_token(is_open: bool) -> None:
    """Does Ray ask for a token?

    Raises:
        PipelineError: it does not, and was not said to be open.
    """
    raylet: Any = importlib.import_module("ray._raylet")
    if not is_open and raylet.get_authentication_mode() != raylet.AuthenticationMode.TOKEN:
        raise PipelineError(
            "this Ray cluster asks nobody for a token: whoever reaches its ports may run code on it. Start it with "
            "RAY_AUTH_MODE=token on each machine, and set that here too (docs/scaling.md); or, where nobody else "
            "reaches it, say --open-cluster"
        )


@contextmanager
def _patient() -> Iterator[None]:
    """A second Ctrl-C does not stop what ends the workers."""
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)
