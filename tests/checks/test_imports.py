"""What a script imports: on a made-up project with packages of the same names, and on this one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stacker.checks.imports import find_file, find_imports

ROOT = Path(__file__).parents[2]
FILES = {
    "stages/__init__.py": "",
    "stages/one.py": "from stacker.near import middle\nimport os.path\n",
    "stages/two.py": "def main():\n    from stacker.far.inner import deep\n    import numpy.linalg\n",
    "stages/three.py": "import stacker.far.inner.alone\n",
    "stages/four.py": "import json\n",
    "stacker/__init__.py": "import sqlite3\n",
    "stacker/near/__init__.py": "",
    "stacker/near/middle.py": "from . import beside\nfrom ..far import near_top as renamed\n",
    "stacker/near/beside.py": "class Lazy:\n    def load(self):\n        import cv2\n",
    "stacker/near/unused.py": "import keras\n",
    "stacker/far/__init__.py": "from stacker.far.shared import VALUE\n",
    "stacker/far/shared.py": "VALUE = 1\n",
    "stacker/far/near_top.py": "from .inner.deep import thing\n",
    "stacker/far/inner/__init__.py": "import scipy\n",
    "stacker/far/inner/deep.py": "thing = 2\n",
    "stacker/far/inner/alone.py": "",
}
FAR = {"stacker", "stacker.far", "stacker.far.shared", "stacker.far.inner"}


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, dict[str, set[str]]]:
    folder = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    # the module under test is loaded from its file, as `stacker` is the made-up one here
    code = (
        "import importlib.util, json, sys\n"
        "specification = importlib.util.spec_from_file_location('imports', sys.argv[1])\n"
        "imports = importlib.util.module_from_spec(specification)\n"
        "specification.loader.exec_module(imports)\n"
        "names = ['stages.one', 'stages.two', 'stages.three', 'stages.four']\n"
        "found = imports.find_imports(names)\n"
        "print(json.dumps({name: [found[name].modules, sorted(found[name].packages)] for name in names}))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code, ROOT / "stacker/checks/imports.py"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def test_a_chain_of_relative_imports_is_followed(found):
    modules, packages = found["stages.one"]

    near = {"stacker.near", "stacker.near.middle", "stacker.near.beside", "stacker.far.near_top"}
    assert set(modules) == {"stages", "stages.one"} | near | FAR | {"stacker.far.inner.deep"}
    assert modules == sorted(modules)
    assert {"os", "cv2", "scipy", "sqlite3"} <= set(packages)
    assert "keras" not in packages


def test_imports_inside_functions_count(found):
    modules, packages = found["stages.two"]

    assert set(modules) == {"stages", "stages.two"} | FAR | {"stacker.far.inner.deep"}
    assert {"numpy", "scipy", "sqlite3"} <= set(packages)
    assert "cv2" not in packages


def test_what_a_package_imports_as_a_module_in_it_is_imported_counts(found):
    modules, packages = found["stages.three"]

    assert set(modules) == {"stages", "stages.three"} | FAR | {"stacker.far.inner.alone"}
    assert {"scipy", "sqlite3"} <= set(packages)


def test_a_script_that_imports_nothing_of_ours_is_itself(found):
    assert found["stages.four"] == [["stages", "stages.four"], ["json"]]


@pytest.mark.parametrize(
    ("module", "path"),
    [
        ("stages", "stages/__init__.py"),
        ("stages.check", "stages/check.py"),
        ("stacker.checks", "stacker/checks/__init__.py"),
        ("stacker.checks.imports", "stacker/checks/imports.py"),
    ],
)
def test_find_file_gives_the_file_of_a_module(module, path):
    assert find_file(module, ROOT) == ROOT / path
    assert (ROOT / path).is_file()


def test_in_this_project_a_stage_that_needs_no_network_reaches_no_keras():
    found = find_imports(["stages.fetch", "stages.prepare", "stages.evaluate", "stages.compare", "stages.train"])

    assert [name for name, imports in found.items() if "keras" in imports.packages] == ["stages.train"]
    assert "stacker.settings.training" not in found["stages.prepare"].modules
    assert "stacker.settings.training" not in found["stages.fetch"].modules
    assert "cv2" in found["stages.prepare"].packages
