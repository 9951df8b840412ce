"""The lock files: what they pin, for whom, and what they must not say."""

import re
import tomllib
from pathlib import Path

import pytest

from tools.lock import BASE, LOCKS, find_oldest_python, list_pins

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FILES = [ROOT / BASE, *sorted((ROOT / LOCKS).glob("*.lock"))]
WITH_DVC = {"networkx", "psutil", "rich"}  # what an extra imports, and DVC brings: the base lock has it
HASHED = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def read_pins(path: Path) -> dict[str, str]:
    return list_pins((ROOT / path).read_text(encoding="utf-8"))


def name_of(requirement: str) -> str:
    """The package that a requirement such as "dvc>=3.67,<4" is for."""
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_lock_file_names_a_host(path):
    text = path.read_text(encoding="utf-8")

    assert "://" not in text
    assert "index-url" not in text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_pin_has_a_hash(path):
    entries = re.split(r"\n(?=[a-z0-9])", path.read_text(encoding="utf-8").split("\n#")[0])

    assert [entry.split()[0] for entry in entries if not HASHED.search(entry)] == []
    assert len(entries) >= len(list_pins(path.read_text(encoding="utf-8")))


def test_every_extra_and_every_group_has_its_own_lock_file():
    names = [*PROJECT["project"]["optional-dependencies"], *PROJECT["dependency-groups"]]

    assert {path.stem for path in FILES} == {"requirements", "opencv-headless", *names} - {"dev"}


def test_the_base_lock_pins_what_the_project_and_its_tests_need_and_no_extra():
    pins = read_pins(BASE)
    wanted = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    extras = [name_of(wish) for wishes in PROJECT["project"]["optional-dependencies"].values() for wish in wishes]

    assert {name_of(wish) for wish in wanted} - pins.keys() == set()
    assert pins.keys() & set(extras) == WITH_DVC


@pytest.mark.parametrize("path", FILES[1:], ids=lambda path: path.name)
def test_no_package_is_pinned_twice(path):
    assert read_pins(path).keys() & read_pins(BASE).keys() == set()


def test_every_extra_lock_pins_what_the_extra_asks_for():
    for name, wishes in PROJECT["project"]["optional-dependencies"].items():
        missing = {name_of(wish) for wish in wishes} - read_pins(LOCKS / f"{name}.lock").keys()
        assert missing == (WITH_DVC if name == "cluster" else set())


def test_both_builds_of_opencv_are_pinned_at_one_version():
    assert read_pins(BASE)["opencv-python"] == read_pins(LOCKS / "opencv-headless.lock")["opencv-python-headless"]
    assert "opencv-python-headless" not in read_pins(BASE)


def test_make_installs_every_extra_into_the_second_environment():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    listed = re.search(r"^EXTRA_LOCKS := (.*)$", makefile, re.MULTILINE)[1].split()

    assert listed == [f"locks/{name}.lock" for name in sorted(PROJECT["project"]["optional-dependencies"])]


def test_list_pins_reads_names_with_extras_and_versions_before_markers():
    lock = "numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=sha256:00\n    # via scipy==1\nfoo[bar]==1\n"

    assert list_pins(lock) == {"numpy": "2.4.6", "foo": "1"}


def test_find_oldest_python_takes_the_lower_bound():
    assert find_oldest_python(">=3.11.4,<3.14") == "3.11.4"


def test_make_refuses_the_python_versions_that_pyproject_refuses():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    oldest, newest = re.search(r"\(([\d, ]+)\) <= sys\.version_info < \(([\d, ]+)\)", makefile).groups()

    expected = f">={oldest.replace(', ', '.')},<{newest.replace(', ', '.')}"
    assert PROJECT["project"]["requires-python"] == expected
