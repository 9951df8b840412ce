"""What tools write into docs/ is up to date."""

import json
import re
from pathlib import Path

import pytest
import yaml

from tools import rooms, write_schema

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "params.yaml", *sorted((ROOT / "profiles").glob("*.yaml"))]


def test_schema_is_up_to_date():
    """Mend it with `python -m tools.write_schema`."""
    assert (ROOT / write_schema.SCHEMA).read_text(encoding="utf-8") == write_schema.describe_settings()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_first_line_names_the_schema_as_seen_from_the_root(path):
    line = path.read_text(encoding="utf-8").splitlines()[0]

    assert (ROOT / re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", line)[1]).is_file()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_schema_knows_every_block_of_a_file_and_demands_the_others(path):
    schema = json.loads((ROOT / write_schema.SCHEMA).read_text(encoding="utf-8"))

    assert sorted(yaml.safe_load(path.read_text(encoding="utf-8"))) == sorted(schema["required"])
    assert set(schema["required"]) == set(schema["properties"]) - {"resources"}  # no stage tracks it


def test_schema_takes_a_backbone_by_name_or_as_a_block():
    member = json.loads((ROOT / write_schema.SCHEMA).read_text(encoding="utf-8"))["$defs"]["Member"]

    name, block = member["properties"]["backbone"]["anyOf"]
    assert name["type"] == "string"
    assert "Xception" in name["enum"]
    assert block == {"$ref": "#/$defs/Backbone"}


def test_picture_of_the_rooms_is_up_to_date():
    """Mend it with `python -m tools.draw_pictures`."""
    described = rooms.describe_layers(rooms.read_layers(ROOT))

    assert described in (ROOT / "docs/images/rooms.svg").read_text(encoding="utf-8")


def test_every_room_has_a_layer_and_says_what_it_may_import():
    placed = [package for layer in rooms.read_layers(ROOT) for package in layer]
    houses = sorted(path.parent for path in (ROOT / "stacker").glob("*/__init__.py"))

    assert sorted(f"stacker.{house.name}" for house in houses) == sorted(
        package for package in placed if package != "stages"
    )
    assert [house.name for house in houses if "May import: " not in (house / "__init__.py").read_text()] == []
