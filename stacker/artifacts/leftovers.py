"""What members and ensembles of earlier settings left behind goes; what is not the pipeline's is named and stays.

DVC hashes a folder that a stage depends on whole. The file of a member that was swapped out would enter that hash, and
a fresh clone, which never had it, would disagree with `dvc.lock`.
"""

import json
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from stacker.artifacts.checkpoints import remove_checkpoints_of_others
from stacker.artifacts.curves import CURVES
from stacker.artifacts.features import FEATURES, PROVENANCE
from stacker.artifacts.model_paths import MEMBERS, MODELS
from stacker.artifacts.predictions import ENSEMBLE_PREDICTIONS, LEAVE_ONE_OUT, MEMBER_PREDICTIONS, PREDICTIONS
from stacker.artifacts.results import DETAILS, METRICS, PLOTS

DVC_LOCK = Path("dvc.lock")


class Place(NamedTuple):
    """A folder with a file, or a folder, for each of some labels.

    Attributes:
        folder: where.
        suffix: of the files; empty for folders.
        labels: those that params.yaml has.
        is_hashed: whether a stage depends on the folder as a whole, so that a file more matters.
    """

    folder: Path
    suffix: str
    labels: Collection[str]
    is_hashed: bool


def sweep_inputs_of_stack(members: Collection[str], ensembles: Collection[str]) -> None:
    """Delete from the folders that `stack` depends on what members of earlier settings left there."""
    _sweep(
        [
            Place(MEMBER_PREDICTIONS, ".npz", members, True),
            *_list_nameless(members, ensembles),
            Place(MEMBERS, ".h5", members, True),
        ]
    )


def sweep_inputs_of_fuse(members: Collection[str], ensembles: Collection[str]) -> None:
    """Delete from the folder that `fuse` depends on what members of earlier settings left there."""
    _sweep([*_list_nameless(members, ensembles), Place(FEATURES, "", members, True)])


def sweep_all(members: Collection[str], ensembles: Collection[str]) -> None:
    """Delete all that members and ensembles of earlier settings left behind."""
    remove_checkpoints_of_others(members)
    _sweep(
        [
            Place(PREDICTIONS, ".npz", (), False),  # where earlier versions of the pipeline wrote them
            Place(MEMBER_PREDICTIONS, ".npz", members, True),
            Place(ENSEMBLE_PREDICTIONS, ".npz", ensembles, True),
            Place(LEAVE_ONE_OUT, ".npz", ensembles, True),
            *_list_nameless(members, ensembles),
            Place(PLOTS / "confusion", ".csv", (), False),  # of earlier versions, likewise
            Place(PLOTS / "roc", ".csv", (), False),
            # at last what labels are known by: the next sweep goes on where one was killed
            Place(MODELS, ".h5", ensembles, False),
            Place(MEMBERS, ".h5", members, True),
            Place(FEATURES, "", members, True),
        ]
    )


def _list_nameless(members: Collection[str], ensembles: Collection[str]) -> list[Place]:
    """Where files lie that do not say whose they are: they go with the first of those that do, or none would know."""
    both = [*members, *ensembles]
    return [
        Place(CURVES, ".csv", both, True),
        Place(METRICS, ".json", both, False),
        Place(DETAILS, ".json", both, False),
    ]


def _sweep(places: list[Place]) -> None:
    strays = [(place, path) for place in places for path in _list_strays(place)]
    if not strays:
        return
    known = _find_known_labels()
    for place, path in strays:
        if path.stem in known and path.suffix == place.suffix:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            print(f"removed {path}: earlier settings left it behind")
        elif place.is_hashed:
            print(
                f"{path} is not the pipeline's: it stays, but as {place.folder} is compared whole, a fresh clone "
                "without it would run more stages: keep it elsewhere"
            )


def _list_strays(place: Place) -> list[Path]:
    if not place.folder.is_dir():
        return []
    names = {f"{label}{place.suffix}" for label in place.labels}
    entries = [path for path in sorted(place.folder.iterdir()) if not path.name.startswith(".")]
    return [path for path in entries if path.name not in names and (place.is_hashed or path.suffix == place.suffix)]


def _find_known_labels() -> set[str]:
    """The labels of members and ensembles whose files the pipeline once wrote here.

    `dvc.lock` names them; where another branch's lock knew them, a model bears its label as its name, and a member's
    folder of features says what made it.
    """
    known = set(_list_locked_labels())
    known |= {path.parent.name for path in FEATURES.glob(f"*/{PROVENANCE}")}
    return known | {path.stem for folder in (MODELS, MEMBERS) for path in folder.glob("*.h5") if _bears_name(path)}


def _list_locked_labels() -> Iterator[str]:
    if not DVC_LOCK.is_file():
        return
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    lock = yaml.load(DVC_LOCK.read_text(encoding="utf-8"), loader) or {}  # noqa: S506 - both loaders are safe ones
    folders = {FEATURES, MEMBERS, MODELS, MEMBER_PREDICTIONS, ENSEMBLE_PREDICTIONS}
    for stage in lock.get("stages", {}).values():
        for output in stage.get("outs", []):
            path = Path(output["path"])
            if path.parent in folders:
                yield path.stem


def _bears_name(path: Path) -> bool:
    """Is the Keras model in an `.h5` file called as the file?"""
    from stacker.artifacts.hdf5_check import UNREADABLE, Refused, read_network  # h5py, only where there is a stray

    try:
        network = json.loads(read_network(path))
    except (Refused, *UNREADABLE, RecursionError):  # none of ours
        return False
    return isinstance(network, dict) and _find_name(network.get("config")) == path.stem


def _find_name(config: object) -> object:
    return config.get("name") if isinstance(config, dict) else None
