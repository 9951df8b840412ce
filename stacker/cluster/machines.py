"""The machines of a Ray cluster: their names, and which of them are fit."""

from typing import Any


class Machines:
    """Those that are there, and those that were turned away.

    Attributes:
        unfit: of those turned away, by Ray's number of the node: name and reason.
    """

    def __init__(self, ray: Any):
        self._ray = ray
        self.unfit: dict[str, str] = {}

    def name(self, node: str, host: str) -> str:
        """The name that a node was given, else `host`, the machine's."""
        names = {entry["NodeID"]: (entry["NodeName"], entry["NodeManagerAddress"]) for entry in self._ray.nodes()}
        name, address = names.get(node, ("", ""))
        return host if name in ("", address) else name

    @property
    def selector(self) -> dict[str, str] | None:
        """Ray's, which keeps a task from those that are not fit."""
        return {"ray.io/node-id": f"!in({', '.join(self.unfit)})"} if self.unfit else None

    @property
    def is_any_left(self) -> bool:
        """Is there a node that was not turned away?"""
        return not {entry["NodeID"] for entry in self._ray.nodes() if entry["Alive"]} <= self.unfit.keys()
