"""The rooms of the library in their order, as pyproject.toml rules it: a room imports from those below it alone."""

import importlib
import re
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from tools.boxes import Box, Layout, draw_box

LAYOUT = Layout(column=2.4, row=1.02, width=2.2, height=0.84)
COLOURS = {  # by what a room deals with; others are grey
    "photos": "#dbe9f6",
    "splits": "#dbe9f6",
    "backbones": "#fdebd0",
    "inference": "#fdebd0",
    "training": "#fdebd0",
    "ensembles": "#e8daef",
    "scoring": "#d5f0dd",
    "pictures": "#d5f0dd",
}


def read_layers(root: Path) -> list[list[str]]:
    """The packages of each layer, from top to bottom, as the contract for import-linter lists them."""
    document = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = document["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [re.split(r"\s*[|:]\s*", layer) for layer in layers]


def build_box(package: str) -> Box:
    """A box for a package, with the first sentence of its docstring."""
    words = (importlib.import_module(package).__doc__ or "").replace("\n", " ").replace("`", "")
    sentence = words.partition(". ")[0].rstrip(". ")
    name = package.rpartition(".")[2]
    lines = textwrap.wrap(sentence, 38, max_lines=4, placeholder=" ...")
    return Box(f"{name}/", lines, COLOURS.get(name, "#f2f2f2"))


def draw_layers(layers: list[list[str]], picture: Path) -> None:
    """Draw a row of boxes for each layer, and one arrow for the direction of all imports."""
    widest = max(len(layer) for layer in layers)
    width, height = widest * LAYOUT.column + 0.9, len(layers) * LAYOUT.row + 0.15
    with mpl.rc_context({"svg.hashsalt": "rooms", "svg.fonttype": "path"}):
        figure = Figure(figsize=(width, height), facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1), xlim=(-0.9, width - 0.9), ylim=(-height, 0))
        axes.axis("off")
        style: dict[str, Any] = {"arrowstyle": "-|>", "color": "#777777", "linewidth": 1.5}
        axes.annotate("", (-0.3, 0.25 - height), (-0.3, -0.25), arrowprops=style)
        axes.text(-0.55, -height / 2, "imports go down", rotation=90, ha="center", va="center", fontsize=9)
        for row, layer in enumerate(layers):
            left = (widest - len(layer)) / 2
            for number, package in enumerate(layer):
                place = ((left + number + 0.5) * LAYOUT.column, -(row + 0.5) * LAYOUT.row - 0.08)
                draw_box(axes, build_box(package), place, LAYOUT)
        metadata = {"Description": describe_layers(layers)} | ({"Date": None} if picture.suffix == ".svg" else {})
        figure.savefig(picture, metadata=metadata, dpi=130)


def describe_layers(layers: list[list[str]]) -> str:
    """The layers as text, written into the picture, so that a test sees whether it is out of date."""
    return "; ".join(", ".join(layer) for layer in layers)
