"""Tests leave nothing behind in the system's temporary folder: theirs is another one."""

import subprocess
import sys
import tempfile
from pathlib import Path


def test_tests_and_their_processes_have_a_temporary_folder_that_pytest_removes(temporary_folder, tmp_path_factory):
    code = "import tempfile; print(tempfile.gettempdir())"

    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()

    assert Path(tempfile.gettempdir()) == Path(shown) == temporary_folder
    assert temporary_folder.is_relative_to(tmp_path_factory.getbasetemp())
