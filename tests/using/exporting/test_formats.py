"""The formats, and what they need."""

import importlib.util

import pytest

from stacker.artifacts.errors import PipelineError
from stacker.cli.export import FormatName
from stacker.using.exporting.formats import FORMATS, check_installed


def test_the_command_line_knows_every_format():
    assert [name.value for name in FormatName] == list(FORMATS)


def test_three_formats_need_no_extra():
    assert [name for name, one in FORMATS.items() if not one.needs] == ["keras", "savedmodel", "openvino"]
    check_installed(["keras", "savedmodel", "openvino"])


def test_what_a_converter_trips_over_is_told(tmp_path):
    with pytest.raises(PipelineError, match=r"model\.keras cannot be written \(AttributeError: 'str' object has no"):
        FORMATS["keras"].write("no model", tmp_path)


def test_what_is_missing_is_named_with_how_to_install_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in ("tf2onnx", "ai_edge_litert") else 1)

    with pytest.raises(PipelineError) as caught:
        check_installed(["keras", "litert", "onnx"])

    assert str(caught.value) == (
        "litert needs ai_edge_litert; onnx needs tf2onnx: install the extra `export`, with "
        "`pip install --require-hashes -r requirements.lock -r locks/export.lock`"
    )
