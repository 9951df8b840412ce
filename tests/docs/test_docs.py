"""The pages in docs/ say what the code does."""

import re
import types
import typing
from pathlib import Path

import pytest
import yaml

from stacker.settings import data_schema, schema
from stacker.settings.architectures import ARCHITECTURES
from tools import describe_backbones, draw_dag

ROOT = Path(__file__).parents[2]
SECTIONS = {  # heading of docs/params.md: the class, and where dvc.yaml tracks it
    "data": (data_schema.Data, "data"),
    "data.splits": (data_schema.Splits, "data.splits"),
    "data.fetch.NAME, kind digits": (data_schema.DigitsSource, "data.fetch.${key}"),
    "data.fetch.NAME, kind archive": (data_schema.ArchiveSource, "data.fetch.${key}"),
    "data.fetch.NAME, kind tfds": (data_schema.TfdsSource, "data.fetch.${key}"),
    "backbone": (schema.Backbone, "backbone"),
    "training": (schema.Training, "training"),
    "training.augmentation": (schema.Augmentation, "training.augmentation"),
    "training.fine_tune": (schema.FineTune, "training.fine_tune"),
    "members.LABEL": (schema.Member, "members.${key}"),
    "members.LABEL.head": (schema.Head, "members.${key}.head"),
    "stacking": (schema.Stacking, "stacking"),
    "stacking.meta_models.ensemble": (schema.MetaModel, "stacking.meta_models.ensemble"),
    "inference": (schema.Inference, "inference"),
}


def read_tables(page: str) -> dict[str, dict[str, dict[str, str]]]:
    """By heading, then by the first cell without its backticks: the cells of each line, by column."""
    tables: dict[str, dict[str, dict[str, str]]] = {}
    for block in re.split(r"^#+ ", page, flags=re.MULTILINE)[1:]:
        heading, *lines = block.splitlines()
        rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("|")]
        if rows:
            columns = [cell.strip() for cell in rows[0]]
            table = {row[0].strip("` "): dict(zip(columns, row, strict=True)) for row in rows[2:]}
            tables[heading] = table
    return tables


def list_choices(annotation) -> set[str]:
    """What a setting's type names outright, as YAML writes it: literal values, null, true and false."""
    if annotation is bool:
        return {"true", "false"}
    if annotation is type(None):
        return {"null"}
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return set(typing.get_args(annotation))
    if origin is typing.Annotated:
        return list_choices(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return {choice for part in typing.get_args(annotation) for choice in list_choices(part)}
    return set()


def list_trackers(setting: str) -> list[str]:
    """The stages of dvc.yaml that track a setting, its parent or something below it."""
    document = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    trackers = []
    for name, stage in document["stages"].items():
        tracked = stage.get("do", stage).get("params", [])
        if any(f"{setting}.".startswith(f"{one}.") or f"{one}.".startswith(f"{setting}.") for one in tracked):
            trackers.append(name)
    return trackers


@pytest.fixture(scope="module")
def tables():
    return read_tables((ROOT / "docs/params.md").read_text(encoding="utf-8"))


def test_params_page_has_every_section():
    documented = {section for section, _ in SECTIONS.values()} | {schema.Settings}

    assert documented == set(data_schema.Section.__subclasses__())


def test_params_page_has_no_other_heading(tables):
    assert {*SECTIONS, "params.yaml"} == set(tables)


@pytest.mark.parametrize("heading", SECTIONS)
def test_params_page_lists_the_settings_of_the_schema(tables, heading):
    assert list(SECTIONS[heading][0].model_fields) == list(tables[heading])


def test_params_page_lists_the_blocks_of_the_file(tables):
    assert {*schema.Settings.model_fields, "backbone", "training"} == set(tables["params.yaml"])


@pytest.mark.parametrize("heading", SECTIONS)
def test_params_page_names_every_choice(tables, heading):
    """Literals, null, true and false; ranges are words, and not checked."""
    hints = typing.get_type_hints(SECTIONS[heading][0], include_extras=True)
    for key, row in tables[heading].items():
        named = set(re.findall(r"`([a-z0-9_]+)`", row["valid values"]))
        choices = list_choices(hints[key])

        assert choices <= named, f"{heading}.{key}"


@pytest.mark.parametrize("heading", SECTIONS)
def test_params_page_has_the_defaults(tables, heading):
    section = SECTIONS[heading][0]
    for key, row in tables[heading].items():
        field = section.model_fields[key]
        if section is schema.Member and key != "backbone":
            expected = {}  # an empty block: the shared one, or the head's own defaults
        elif field.is_required():
            assert row["default"] == "-", f"{heading}.{key}"
            continue
        else:
            expected = field.default

        assert yaml.safe_load(row["default"].strip("`")) == expected, f"{heading}.{key}"


@pytest.mark.parametrize("heading", [*SECTIONS, "params.yaml"])
def test_params_page_names_the_stages_that_read_a_setting(tables, heading):
    prefix = f"{SECTIONS[heading][1]}." if heading in SECTIONS else ""
    for key, row in tables[heading].items():
        assert ", ".join(list_trackers(prefix + key)) == row["read by"], f"{heading}.{key}"


def test_backbones_page_has_every_architecture():
    table = read_tables((ROOT / "docs/backbones.md").read_text(encoding="utf-8"))

    assert sorted(ARCHITECTURES) == sorted(row for rows in table.values() for row in rows)


@pytest.mark.parametrize("name", ["MobileNetV3Small", "MobileNetV2", "Xception"])
def test_backbones_page_says_what_keras_says(name):
    row = describe_backbones.format_row(describe_backbones.describe_backbone(name))

    assert f"| {' | '.join(row)} |" in (ROOT / "docs/backbones.md").read_text(encoding="utf-8").splitlines()


def test_backbones_table_replaces_the_old_one_alone():
    page = f"before\n{describe_backbones.BEGIN}\nold\n{describe_backbones.END}\nafter\n"

    once = describe_backbones.replace_table(page, "| new |\n")

    assert once == page.replace("old", "| new |")
    assert describe_backbones.replace_table(once, "| new |\n") == once


def test_backbones_table_needs_its_marks():
    with pytest.raises(ValueError, match="expected the marks"):
        describe_backbones.replace_table("no marks", "| new |\n")


def test_picture_of_the_dag_is_up_to_date():
    """Mend it with `python -m tools.draw_dag`."""
    stages = draw_dag.load_stages(ROOT)
    edges = draw_dag.reduce_edges(draw_dag.find_edges(stages))
    picture = (ROOT / "docs/images/dag.svg").read_text(encoding="utf-8")

    assert draw_dag.describe(edges) in picture.replace("&quot;", '"')


def test_dag_leaves_out_the_shortcuts():
    edges = {("a", "b"), ("b", "c"), ("a", "c")}

    assert draw_dag.reduce_edges(edges) == {("a", "b"), ("b", "c")}


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md")), ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page):
    links = re.findall(r"\[[^\]]*\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    broken = [link for link in links if not (page.parent / link).exists()]

    assert broken == []
