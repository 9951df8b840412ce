"""The pages in docs/ say what the code does."""

import re
import types
import typing
from pathlib import Path

import pytest
import yaml

from stacker.settings.architectures import ARCHITECTURES
from stacker.settings.backbone import Backbone, SharedBackbone
from stacker.settings.cross_validation import CrossValidation
from stacker.settings.data import Data, Splits
from stacker.settings.fetch import ArchiveSource, DigitsSource, TfdsSource
from stacker.settings.inference import Inference
from stacker.settings.members import Head, Member
from stacker.settings.meta_models import AdamMetaModel, EnsembleCheck, PenalisedMetaModel
from stacker.settings.resources import Resources
from stacker.settings.sections import Section
from stacker.settings.stacking import Stacking
from stacker.settings.training import Augmentation, FineTune, Training
from stacker.settings.vision_transformers import VISION_TRANSFORMERS
from stacker.settings.whole import Settings
from tools import boxes, dag, describe_backbones, describe_transformers
from tools.generated_part import END, replace_part

ROOT = Path(__file__).parents[2]
SECTIONS = {  # heading of docs/params.md: the class, and where dvc.yaml tracks it
    "data": (Data, "data"),
    "data.splits": (Splits, "data.splits"),
    "fetch.NAME, kind digits": (DigitsSource, "fetch.${key}"),
    "fetch.NAME, kind archive": (ArchiveSource, "fetch.${key}"),
    "fetch.NAME, kind tfds": (TfdsSource, "fetch.${key}"),
    "backbone": (SharedBackbone, "backbone"),
    "training": (Training, "training"),
    "training.augmentation": (Augmentation, "training.augmentation"),
    "training.fine_tune": (FineTune, "training.fine_tune"),
    "members.LABEL": (Member, "members.${key}"),
    "members.LABEL.backbone": (Backbone, "members.${key}.backbone"),
    "members.LABEL.head": (Head, "members.${key}.head"),
    "stacking": (Stacking, "stacking"),
    "meta_models.LABEL, fit penalised": (PenalisedMetaModel, "meta_models.${key}"),
    "meta_models.LABEL, fit adam": (AdamMetaModel, "meta_models.${key}"),
    "ensemble_check": (EnsembleCheck, "ensemble_check"),
    "inference": (Inference, "inference"),
    "cross_validation.LABEL": (CrossValidation, "cross_validation.${key}"),
    "resources.LABEL": (Resources, "resources.${key}"),
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
    """The stages of dvc.yaml that track a setting, its parent or something below it.

    `check` tracks the whole file, by its name with no key below it: it is not told of every setting.
    """
    document = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    trackers = []
    for name, stage in document["stages"].items():
        tracked = [one for one in stage.get("do", stage).get("params", []) if isinstance(one, str)]
        if any(f"{setting}.".startswith(f"{one}.") or f"{one}.".startswith(f"{setting}.") for one in tracked):
            trackers.append(name)
    return trackers


def list_settings(section: type[Section]) -> list[str]:
    """The keys of a section; those that a member's backbone shares with all are under the heading `backbone`."""
    return [key for key in section.model_fields if section is not Backbone or key not in SharedBackbone.model_fields]


def list_sections(section: type[Section]) -> set[type[Section]]:
    below = section.__subclasses__()
    return set(below).union(*(list_sections(one) for one in below))


@pytest.fixture(scope="module")
def tables():
    return read_tables((ROOT / "docs/params.md").read_text(encoding="utf-8"))


def test_params_page_has_every_section():
    documented = {section for section, _ in SECTIONS.values()} | {Settings}

    assert documented == list_sections(Section)


def test_params_page_has_no_other_heading(tables):
    assert {*SECTIONS, "params.yaml"} == set(tables)


@pytest.mark.parametrize("heading", SECTIONS)
def test_params_page_lists_the_settings_of_the_schema(tables, heading):
    assert list_settings(SECTIONS[heading][0]) == list(tables[heading])


def test_params_page_lists_the_blocks_of_the_file(tables):
    assert list(Settings.model_fields) == list(tables["params.yaml"])


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
        if isinstance(field.default, Section):
            expected = {}  # an empty block, which takes every default
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
        assert (", ".join(list_trackers(prefix + key)) or "-") == row["read by"], f"{heading}.{key}"


def test_backbones_page_has_every_architecture():
    table = read_tables((ROOT / "docs/backbones.md").read_text(encoding="utf-8"))

    assert sorted([*ARCHITECTURES, *VISION_TRANSFORMERS]) == sorted(row for rows in table.values() for row in rows)


@pytest.mark.parametrize("name", ["MobileNetV3Small", "MobileNetV2", "Xception"])
def test_backbones_page_says_what_keras_says(name):
    row = describe_backbones.format_row(describe_backbones.describe_backbone(name))

    assert f"| {' | '.join(row)} |" in (ROOT / "docs/backbones.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", ["DeiTTiny16", "DINOv2Small14"])
def test_backbones_page_says_what_a_vision_transformer_is(name):
    row = describe_transformers.format_row(name)

    assert f"| {' | '.join(row)} |" in (ROOT / "docs/backbones.md").read_text(encoding="utf-8").splitlines()


def test_backbones_table_replaces_the_old_one_alone():
    page = f"before\n{describe_backbones.BEGIN}\nold\n{END}\nafter\n"

    once = replace_part(page, describe_backbones.BEGIN, "| new |\n")

    assert once == page.replace("old", "| new |")
    assert replace_part(once, describe_backbones.BEGIN, "| new |\n") == once


def test_backbones_table_needs_its_marks():
    with pytest.raises(ValueError, match="expected the marks"):
        replace_part("no marks", describe_backbones.BEGIN, "| new |\n")


def test_picture_of_the_dag_is_up_to_date():
    """Mend it with `python -m tools.draw_pictures`."""
    stages = dag.load_stages(ROOT)
    edges = boxes.reduce_edges(dag.find_edges(stages))
    picture = (ROOT / "docs/images/dag.svg").read_text(encoding="utf-8")

    assert boxes.describe(edges) in picture.replace("&quot;", '"')


def test_dag_leaves_out_the_shortcuts():
    edges = {("a", "b"), ("b", "c"), ("a", "c")}

    assert boxes.reduce_edges(edges) == {("a", "b"), ("b", "c")}


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md")), ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page):
    links = re.findall(r"\[[^\]]*\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    broken = [link for link in links if not (page.parent / link).exists()]

    assert broken == []
