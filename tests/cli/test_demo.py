"""`stacker demo` up to the point where it would serve: tests/using/page has the rest."""

import importlib.util

import pytest
from typer.testing import CliRunner

from stacker.artifacts.errors import PipelineError
from stacker.cli import app


@pytest.fixture
def has_extra(monkeypatch):
    """Say that the extra is installed, but for the packages that are removed from the set."""
    found = {"fastapi", "gradio", "uvicorn"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: True if name in found else None)
    return found


def run_demo(*options: str):
    return CliRunner().invoke(app, ["demo", *options])


def test_without_the_extra_it_says_how_to_install_it(workspace, has_extra):
    has_extra.discard("gradio")

    result = run_demo()

    assert isinstance(result.exception, PipelineError)
    assert str(result.exception) == (
        "stacker demo needs the extra `demo`, which is not installed (gradio): run "
        "`pip install --require-hashes -r requirements.lock -r locks/demo.lock`"
    )


@pytest.mark.parametrize(("host", "is_open"), [("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)])  # noqa: S104
def test_warns_of_an_address_that_other_machines_reach(workspace, has_extra, host, is_open):
    result = run_demo("--host", host)

    assert (f"whoever reaches this machine at {host} may use the page, without a password" in result.stderr) == is_open
    assert "which model?" in str(result.exception)


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_wrong_use(port):
    assert run_demo("--port", port).exit_code == 2


def test_an_address_that_cannot_be_listened_on_is_told(workspace, has_extra):
    (workspace / "models").mkdir()
    (workspace / "models" / "ensemble.h5").touch()

    result = run_demo("--host", "203.0.113.7")  # of a network that is kept for documentation

    assert "cannot listen on 203.0.113.7, port 7860" in str(result.exception)
