"""Files with a backbone's weights: found or downloaded, and seen to be the ones that were asked for."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.hdf5_check import UNREADABLE, Refused, count_numbers
from stacker.settings.backbone import Backbone
from stacker.settings.weights import HubWeights, name_weights, name_weights_file, read_hub_weights

HUB_FILE = "model.safetensors"
SUFFIXES = (".h5", ".hdf5", ".safetensors")
HUB_ADVICE = "install the extra `hub`: pip install --require-hashes -r requirements.lock -r locks/hub.lock"


class WeightsFacts(NamedTuple):
    """What a backbone started from.

    Attributes:
        name: "imagenet", "random", the name of a file, or of a commit on the Hub.
        sha256: of the file; None where there is none of ours to look at.
        licence: of the weights; None where it is not known.
    """

    name: str
    sha256: str | None
    licence: str | None


def find_weights_file(settings: Backbone, where: str) -> Path | None:
    """The file that `settings` name, downloaded where it is on the Hub; None for `imagenet` and random weights.

    Args:
        settings: the member's backbone.
        where: the setting, for errors.

    Raises:
        PipelineError: it is not there, is refused, or is another one than its hash says.
    """
    hub, name = read_hub_weights(settings.weights), name_weights_file(settings.weights)
    if hub is None and name is None:
        return None
    path = _download(hub, where) if hub is not None else _look_at(str(name), where)
    wanted = settings.weights_sha256
    if wanted is not None and hash_file(path) != wanted:
        raise PipelineError(
            f"{where}: {settings.weights} is another file than `weights_sha256` says, expected {wanted}, received "
            f"{hash_file(path)}: bring back the file, or set the hash to this one"
        )
    return path


def describe_weights(settings: Backbone, where: str) -> WeightsFacts:
    """What a backbone starts from, for the record; arguments and errors as above."""
    path = find_weights_file(settings, where)
    return WeightsFacts(name_weights(settings.weights), hash_file(path) if path is not None else None, settings.licence)


def hash_file(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits; read once as long as it stays as it is."""
    state = path.stat()
    return _hash(path, state.st_mtime_ns, state.st_size)


@lru_cache
def _hash(path: Path, changed: int, size: int) -> str:  # noqa: ARG001 - another time or size is another file
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _look_at(name: str, where: str) -> Path:
    path = Path(name)
    if not path.is_file():
        raise PipelineError(
            f"{where}: expected `imagenet`, `null` for random weights, or the path of an existing weights file, "
            f"received {name!r}"
        )
    try:
        if not name.endswith(SUFFIXES):  # by another one Keras takes it for an archive
            raise Refused(f"a file of weights ends in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
        if path.suffix != ".safetensors":  # which holds numbers and nothing else
            count_numbers(path)
    except (Refused, *UNREADABLE) as reason:
        raise PipelineError(f"{where}: {name!r} is refused: {reason}. Take it from where you trust it") from None
    return path


def _download(hub: HubWeights, where: str) -> Path:
    """The file with a repository's weights, from the Hub's cache on this machine where it is there."""
    try:
        from huggingface_hub import errors, hf_hub_download
    except ModuleNotFoundError:
        raise PipelineError(f"{where}: hf:{hub.repository} needs the package huggingface_hub: {HUB_ADVICE}") from None
    way_out = (
        f"download {HUB_FILE} of {hub.repository} where there is a network, and set `weights` to its path and "
        "`weights_sha256` to its hash"
    )
    try:
        return Path(hf_hub_download(hub.repository, HUB_FILE, revision=hub.revision))
    except errors.GatedRepoError:
        reason = "it is gated: accept its licence on its page on the Hub, then log in with `hf auth login`"
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError, errors.RemoteEntryNotFoundError) as error:
        reason = f"the Hub has no such repository, commit, or file {HUB_FILE} ({_shorten(error)})"
    except (OSError, errors.EntryNotFoundError) as error:  # no network, a full disk, a server that fails
        reason = f"it could not be downloaded ({_shorten(error)}): {way_out}"
    raise PipelineError(f"{where}: hf:{hub.repository}: {reason}") from None


def _shorten(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
