"""Which build of OpenCV a machine gets. That pip does its part was tried by hand, on machines without libGL."""

import pytest

from tools import install_opencv
from tools.install_opencv import find_missing_library

TRACEBACK = 'Traceback (most recent call last):\n  File "<string>", line 1, in <module>\n'
MISSING = f"{TRACEBACK}ImportError: libGL.so.1: cannot open shared object file: No such file or directory\n"
ABSENT = f"{TRACEBACK}ModuleNotFoundError: No module named 'cv2'\n"
WRONG_NUMPY = f"{TRACEBACK}ImportError: numpy.core.multiarray failed to import\n"
SWAP = [
    ("uninstall", "--yes", "opencv-python", "opencv-python-headless"),
    ("install", "--no-deps", "--require-hashes", "--requirement", str(install_opencv.HEADLESS_LOCK)),
]


@pytest.fixture
def calls(monkeypatch):
    """What pip is called with, in place of the calls."""
    received = []
    monkeypatch.setattr(install_opencv, "run_pip", lambda *arguments: received.append(arguments))
    return received


@pytest.fixture
def answer_imports(monkeypatch):
    """Make the imports of OpenCV end with these errors, one after the other."""

    def answer(*errors: str) -> None:
        waiting = iter(errors)
        monkeypatch.setattr(install_opencv, "import_opencv", lambda: next(waiting))

    return answer


@pytest.mark.parametrize(
    ("error", "expected"), [("", None), (MISSING, "libGL.so.1"), (ABSENT, None), (WRONG_NUMPY, None)]
)
def test_find_missing_library_knows_a_library_of_the_system_from_other_errors(error, expected):
    assert find_missing_library(error) == expected


def test_a_build_that_can_be_imported_stays(calls, answer_imports, capsys):
    answer_imports("")

    install_opencv.main()

    assert calls == []
    assert capsys.readouterr().out == ""


def test_where_a_library_is_missing_both_builds_go_before_the_headless_one_comes(calls, answer_imports, capsys):
    answer_imports(MISSING, "")

    install_opencv.main()

    assert calls == SWAP
    assert "needs libGL.so.1, which this machine lacks: opencv-python-headless" in capsys.readouterr().out


def test_another_error_is_shown_and_nothing_swapped(calls, answer_imports):
    answer_imports(WRONG_NUMPY)

    with pytest.raises(SystemExit, match=r"cannot be imported:\n(?s:.*)numpy\.core\.multiarray"):
        install_opencv.main()

    assert calls == []


def test_a_headless_build_that_cannot_be_imported_either_is_an_error(calls, answer_imports):
    answer_imports(MISSING, MISSING)

    with pytest.raises(SystemExit, match="cannot be imported"):
        install_opencv.main()

    assert calls == SWAP


def test_import_opencv_is_silent_here():
    assert install_opencv.import_opencv() == ""


def test_the_lock_file_of_the_headless_build_is_there():
    assert "opencv-python-headless==" in install_opencv.HEADLESS_LOCK.read_text(encoding="utf-8")
