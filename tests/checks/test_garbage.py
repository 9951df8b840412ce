import gc
import os
import subprocess
import sys
from pathlib import Path

from stacker.checks.garbage import collect_seldom


def test_garbage_is_looked_for_less_often():
    before = gc.get_threshold()
    try:
        collect_seldom()

        assert gc.get_threshold()[0] > 10 * 700
    finally:
        gc.set_threshold(*before)


def test_a_temporary_folder_goes_with_a_process_that_ends_quickly(tmp_path):
    code = (
        "import gc, tempfile; from stacker.checks.garbage import end_quickly\n"
        "folder = tempfile.TemporaryDirectory(); folder.itself = folder\n"
        "end_quickly(); print(gc.get_freeze_count() > 1000)"
    )

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout == "True\n"
    assert list(tmp_path.iterdir()) == []
