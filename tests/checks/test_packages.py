import importlib.metadata
from pathlib import Path

import pytest

from stacker.artifacts.errors import PipelineError
from stacker.checks.packages import NUMBER_MAKERS, find_versions, shorten, verify_versions

ROOT = Path(__file__).parents[2]
LOCK = """\
absl-py==2.3.1 \\
    --hash=sha256:aaaa
    # via keras, which is not numpy==9.9.9
Keras==3.15.1 \\
    --hash=sha256:bbbb
numpy==2.3.5 ; python_full_version < '3.12' \\
    --hash=sha256:cccc
numpy==2.4.1 ; python_full_version >= '3.12' \\
    --hash=sha256:dddd
opencv-python==4.12.0.88 \\
    --hash=sha256:eeee
opencv-python-headless==5.0.0.93 \\
    --hash=sha256:ffff
etils[epath,epy]==1.13.0
scipy[all]==1.16.2;python_version>"3.11" \\
tqdm==4.67.1
"""


@pytest.mark.parametrize(
    ("imported", "versions"),
    [
        ({"keras"}, {"keras": ["3.15"]}),
        ({"numpy"}, {"numpy": ["2.3", "2.4"]}),  # a fork by Python's version: either is right
        ({"cv2"}, {"opencv": ["4.12", "5.0"]}),  # either build
        ({"scipy"}, {"scipy": ["1.16"]}),
        ({"tqdm", "os", "absl"}, {}),  # changes no number
        ({"sklearn"}, {}),  # not in this lock file
        ({"numpy", "cv2", "keras"}, {"keras": ["3.15"], "numpy": ["2.3", "2.4"], "opencv": ["4.12", "5.0"]}),
        (set(), {}),
    ],
)
def test_find_versions_reads_major_and_minor_from_the_lock_file(imported, versions):
    received = find_versions(imported, LOCK)

    assert received == versions
    assert list(received) == sorted(received)


def test_one_version_is_named_once():
    lock = "numpy==2.3.5 ; python_version < '3.12'\nnumpy==2.3.9 ; python_version >= '3.12'\n"

    assert find_versions({"numpy"}, lock) == {"numpy": ["2.3"]}


def test_the_projects_own_lock_file_pins_every_number_maker():
    received = find_versions(NUMBER_MAKERS, (ROOT / "requirements.lock").read_text(encoding="utf-8"))

    assert set(received) == {maker.name for maker in NUMBER_MAKERS.values()}


@pytest.mark.parametrize(
    ("version", "short"), [("2.3.5", "2.3"), ("5.0.0.93", "5.0"), ("3.15", "3.15"), ("2.21rc1", "2.21rc1")]
)
def test_shorten(version, short):
    assert shorten(version) == short


@pytest.fixture
def installed(monkeypatch):
    """A made-up environment: versions by distribution."""
    versions = {}

    def find(name: str) -> str:
        if name not in versions:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(importlib.metadata, "version", find)
    return versions


SOURCE = Path("data/code/train.txt")


def test_verify_versions_accepts_what_was_asked_for(installed):
    installed |= {"numpy": "2.4.9", "keras": "3.15.0"}

    verify_versions({"numpy": ["2.3", "2.4"], "keras": ["3.15"]}, SOURCE)
    verify_versions({}, SOURCE)


@pytest.mark.parametrize("distribution", ["opencv-python", "opencv-python-headless"])
def test_verify_versions_accepts_either_build_of_opencv(installed, distribution):
    installed[distribution] = "5.0.0.93"

    verify_versions({"opencv": ["5.0"]}, SOURCE)


def test_verify_versions_names_all_that_differ_and_what_to_do(installed):
    installed |= {"numpy": "2.2.6", "scipy": "1.16.2"}

    with pytest.raises(PipelineError) as caught:
        verify_versions({"keras": ["3.15"], "numpy": ["2.3", "2.4"], "scipy": ["1.16"]}, SOURCE)

    message = str(caught.value)
    assert "not the one that data/code/train.txt asks for" in message
    assert "keras 3.15.*, installed is none; numpy 2.3 or 2.4.*, installed is 2.2.6." in message
    assert "scipy" not in message
    assert "make .venv/installed" in message
    assert "make lock" in message


@pytest.mark.parametrize("version", ["2.30.1", "2.31", "12.3.5", "2"])
def test_verify_versions_compares_whole_numbers(installed, version):
    installed["numpy"] = version

    with pytest.raises(PipelineError, match=f"numpy 2.3.*, installed is {version}"):
        verify_versions({"numpy": ["2.3"]}, SOURCE)
