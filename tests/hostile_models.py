"""Real `.h5` files that would do harm: a saved model, changed by hand as somebody could who passes it on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

WEIGHTS = "model_weights/conv/conv/kernel"  # of `helpers.build_small_member`
SHAPE = (3, 3, 3, 4)


def replace_weights(path: Path, name: str = WEIGHTS, **options: Any) -> None:
    """Put another dataset, of `h5py.Group.create_dataset`'s options, in the place of a layer's weights."""
    with h5py.File(path, "r+") as file:
        del file[name]
        file.create_dataset(name, **options)


def take_weights_from_elsewhere(path: Path, name: str = WEIGHTS) -> None:
    """External storage: the weights are the bytes of another file, such as one with passwords."""
    secret = path.with_name("secret.bin")
    secret.write_bytes(np.arange(np.prod(SHAPE), dtype=np.float32).tobytes())
    replace_weights(path, name, shape=SHAPE, dtype="f4", external=[(str(secret), 0, secret.stat().st_size)])


def make_virtual(path: Path, name: str = WEIGHTS) -> None:
    with h5py.File(path.with_name("other.h5"), "w") as file:
        file["weights"] = np.ones(SHAPE, np.float32)
    layout = h5py.VirtualLayout(SHAPE, "f4")
    layout[:] = h5py.VirtualSource(path.with_name("other.h5"), "weights", SHAPE)
    with h5py.File(path, "r+") as file:
        del file[name]
        file.create_virtual_dataset(name, layout)


def link(path: Path, target: Any, name: str = WEIGHTS) -> None:
    with h5py.File(path.with_name("other.h5"), "w") as file:
        file["weights"] = np.ones(SHAPE, np.float32)
    with h5py.File(path, "r+") as file:
        file["weights"] = np.ones(SHAPE, np.float32)
        del file[name]
        file[name] = target


def link_softly(path: Path, name: str = WEIGHTS) -> None:
    link(path, h5py.SoftLink("/weights"), name)


def link_to_another_file(path: Path, name: str = WEIGHTS) -> None:
    link(path, h5py.ExternalLink(str(path.with_name("other.h5")), "weights"), name)


def claim_a_terabyte(path: Path, name: str = WEIGHTS) -> None:
    """A dataset that was never written takes no room in the file, whatever its size."""
    replace_weights(path, name, shape=(10**12,), dtype=np.uint8)


def compress_zeros(path: Path, name: str = WEIGHTS) -> None:
    """64 MB in 64 kB: Keras is only wary from 4 GiB on."""
    replace_weights(path, name, data=np.zeros(2**24, np.float32), compression="gzip", chunks=(2**20,))


def nest_groups(path: Path, name: str = WEIGHTS) -> None:
    """HDF5's own walk through 20,000 of them ends the process."""
    with h5py.File(path, "r+") as file:
        file.create_group("/".join("a" * 100))


def name_a_type(path: Path, name: str = WEIGHTS) -> None:
    with h5py.File(path, "r+") as file:
        file["type"] = np.dtype("f4")


def hold_text(path: Path, name: str = WEIGHTS) -> None:
    replace_weights(path, name, data="text of variable length")


HOSTILE_FILES: dict[Callable[..., None], str] = {
    take_weights_from_elsewhere: r"the bytes of '/.*' lie in another file",
    make_virtual: r"'/.*' is a virtual dataset",
    link_softly: r"'/.*' is a link",
    link_to_another_file: r"'/.*' is a link",
    claim_a_terabyte: r"its datasets claim more bytes than the file has, '/.*' among them",
    compress_zeros: r"'/.*' is compressed or cut in chunks",
    nest_groups: r"groups are nested more than 64 deep",
    name_a_type: r"'/type' is neither group nor dataset",
    hold_text: r"'/.*' holds no numbers",
}


def edit_network(path: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    """Change the description of the network: `edit` gets its JSON, and may give other JSON in its place."""
    with h5py.File(path, "r+") as file:
        network = json.loads(file.attrs["model_config"])
        file.attrs["model_config"] = json.dumps(edit(network) or network)


def put_layer(network: dict[str, Any], kind: str, name: str = "pool", **config: Any) -> None:
    """Make the layer called `name` one of another kind."""
    layer = next(layer for layer in network["config"]["layers"] if layer["config"]["name"] == name)
    layer |= {"class_name": kind, "config": {"name": name, **config}}


def put_lambda(path: Path, name: str = "pool") -> None:
    code = {"class_name": "__lambda__", "config": {"code": "4wA=", "defaults": None, "closure": None}}
    edit_network(path, lambda network: put_layer(network, "Lambda", name, function=code))
