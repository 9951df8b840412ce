"""The example that goes along with an export: one file that stands alone, and short."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from stacker.using.exporting.example_text import choose_lines, sort_imports, write_example
from stacker.using.exporting.formats import FORMATS

ROOT = Path(__file__).parents[3]
FITS = ("stretch", "crop", "pad")
MOST_LINES = 40


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    for name, one in FORMATS.items():
        for fit in FITS:
            write_example(folder / f"{name}_{fit}.py", one.example, fit)
    return sorted(folder.iterdir())


def test_there_is_one_a_format_and_fit(examples):
    assert len(examples) == 15


def test_an_example_has_at_most_forty_lines_of_code(examples):
    for path in examples:
        text = path.read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]

        assert len(lines) - len(ast.get_docstring(ast.parse(text)).splitlines()) <= MOST_LINES, path.name


def test_an_example_knows_nothing_of_this_library(examples):
    for path in examples:
        text = path.read_text(encoding="utf-8")

        assert "stacker" not in text
        assert "# fit" not in text


def test_an_example_reads_as_ruff_wants_it(examples):
    for command in (["check"], ["format", "--check"]):
        arguments = [*command, "--config", str(ROOT / "pyproject.toml"), "--no-cache", str(examples[0].parent)]
        done = subprocess.run([sys.executable, "-m", "ruff", *arguments], capture_output=True, text=True)

        assert done.returncode == 0, done.stdout


def test_lines_for_another_fit_are_left_out():
    body = "a\nb  # fit: crop\nc  # fit: stretch, pad\nd  # fitting"

    assert choose_lines(body, "crop") == "a\nb\nd  # fitting"
    assert choose_lines(body, "pad") == "a\nc\nd  # fitting"


def test_imports_are_sorted_in_two_blocks():
    lines = {"import numpy as np", "from PIL import Image", "import json", "from pathlib import Path", "import cv2"}

    expected = "import json\nfrom pathlib import Path\n\nimport cv2\nimport numpy as np\nfrom PIL import Image"
    assert sort_imports(lines) == expected
