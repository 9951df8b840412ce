"""The plugin by which the tests of extras cannot skip themselves unseen."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest

def test_passes():
    pass

def test_skips():
    pytest.skip("no such network")

@pytest.mark.xfail(reason="known")
def test_is_known_to_fail():
    assert False
"""


def run_pytest(folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").touch()  # this folder is pytest's root, not the project
    (folder / "test_example.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_skipped_test_fails_with_its_reason_and_an_expected_failure_does_not(tmp_path):
    result = run_pytest(tmp_path, TESTS, "-p", "tools.fail_on_skip")

    assert result.returncode == 1
    assert "1 failed, 1 passed, 1 xfailed" in result.stdout
    assert "no such network: no test may be skipped here" in result.stdout


def test_a_test_may_lack_a_browser_and_its_file_nothing_else(tmp_path):
    marked = "import pytest\npytestmark = pytest.mark.browser\n"
    (tmp_path / "conftest.py").write_text(
        "def pytest_configure(config):\n    config.addinivalue_line('markers', 'browser: drives one')\n"
    )
    skips = marked + "def test_skips():\n    pytest.skip('there is no browser here')\n"

    assert run_pytest(tmp_path, skips, "-p", "tools.fail_on_skip").returncode == 0
    lacking = run_pytest(tmp_path, marked + "pytest.importorskip('no_such_package')\n", "-p", "tools.fail_on_skip")
    assert "no test may be skipped here" in lacking.stdout


def test_a_skipped_file_fails_too(tmp_path):
    result = run_pytest(tmp_path, "import pytest\npytest.importorskip('no_such_package')\n", "-p", "tools.fail_on_skip")

    assert result.returncode != 0
    assert "no_such_package" in result.stdout
    assert "no test may be skipped here" in result.stdout


def test_without_the_plugin_both_pass(tmp_path):
    assert run_pytest(tmp_path, TESTS).returncode == 0
