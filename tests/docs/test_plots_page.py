"""The page of `dvc plots`, and the templates beside it, against the data that they draw."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from golden import BINARY, LABELS

from stacker.pictures.plot_tables import write_plot_tables
from stacker.scoring.standings import Model

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / ".dvc/plots/page.html").read_text(encoding="utf-8")
TEMPLATE = (ROOT / "tools/plots_page.html").read_text(encoding="utf-8")
PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
PLOTS = {name: plot for entry in PIPELINE["plots"] for name, plot in entry.items()}
HISTORY = {column: ["1"] for column in ("epoch", "accuracy", "loss", "val_accuracy", "val_loss", "kept")}
MADE_UP = {"rev", "panel", "revisions", "is_right"}  # by DVC, and by a template itself


def test_the_page_is_what_its_template_says_with_the_scripts_in_it():
    """Mend it with `uv run tools/bundle_plots_page.py`."""
    before, after = TEMPLATE.split("{bundle}")

    assert PAGE.startswith(before)
    assert PAGE.endswith(after)
    assert "window.vegaEmbed=" in PAGE[len(before) : -len(after)]


def test_the_page_takes_nothing_from_elsewhere_and_has_a_place_for_the_plots():
    config = (ROOT / ".dvc/config").read_text(encoding="utf-8")

    assert "html_template = plots/page.html" in config
    assert re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", TEMPLATE) == []
    assert TEMPLATE.count("{plot_divs}") == 1
    assert "{scripts}" not in TEMPLATE  # DVC would put a server's there


def test_the_page_has_a_heading_for_every_plot():
    pictures = [next(iter(entry)) for stage in ("compare", "audit") for entry in PIPELINE["stages"][stage]["plots"]]
    names = {re.sub(r"[^A-Za-z0-9-]", "_", name) for name in (*pictures, *PLOTS)}

    listed = re.findall(r'"([\w-]+)"', PAGE[PAGE.index("const SECTIONS") :].partition("];\n    const plots")[0])

    assert names <= set(listed)


@pytest.mark.parametrize("name", PLOTS)
def test_a_template_asks_for_columns_that_the_table_has(name, workspace):
    plot = PLOTS[name]
    ((table, y),) = plot["y"].items()
    model = Model("member", "first", BINARY, BINARY)
    write_plot_tables([model], np.array(LABELS), ["cat", "dog"], {"first": HISTORY})
    columns = set(Path(table).read_text(encoding="utf-8").splitlines()[0].split(","))
    template = (ROOT / ".dvc/plots" / f"{plot['template']}.json").read_text(encoding="utf-8")
    filled = template.replace("<DVC_METRIC_X>", plot["x"]).replace("<DVC_METRIC_Y>", y)

    json.loads(filled)
    fields = set(re.findall(r'"field": "(\w+)"', filled)) | set(re.findall(r"datum\.(\w+)", filled))
    assert fields - MADE_UP - columns == set()
    assert {plot["x"], y} <= fields
