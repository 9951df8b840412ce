"""How the differences of an export are judged, and what becomes of an example that fails."""

import math

import pytest

from stacker.artifacts.errors import PipelineError
from stacker.using.exporting.running import Measured, judge, run_example

GOOD = Measured(from_files=9e-4, network=9e-5, novelty=9e-4, milliseconds=3.0)


def test_small_differences_pass():
    judge(GOOD)


@pytest.mark.parametrize("wrong", [None, math.nan])
@pytest.mark.parametrize(
    ("field", "least", "message"),
    [
        ("from_files", 1.1e-3, "a probability differs by .* from the file on, at most 0.001"),
        ("network", 1.1e-4, "a probability differs by .* in the network alone, at most 0.0001"),
        ("novelty", 1.1e-3, "a novelty differs by .* at most 0.001"),
    ],
)
def test_a_large_difference_is_an_error(field, least, message, wrong):
    with pytest.raises(PipelineError, match=message):
        judge(GOOD._replace(**{field: wrong or least}))


def test_what_a_failing_example_says_is_shown(tmp_path):
    (tmp_path / "example.py").write_text("import no_such_runtime\n", encoding="utf-8")

    with pytest.raises(
        PipelineError, match=r"its example fails, with exit code 1:[\s\S]*No module named 'no_such_runtime'"
    ):
        run_example(tmp_path)


def test_an_example_cannot_lean_on_this_library(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "here"))
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "only_there.py").touch()
    (tmp_path / "example.py").write_text("import only_there\n", encoding="utf-8")

    with pytest.raises(PipelineError, match="No module named 'only_there'"):
        run_example(tmp_path)
