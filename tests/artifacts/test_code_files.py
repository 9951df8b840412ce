import pytest

from stacker.artifacts.code_files import CODE, read_versions, write_code_file
from stacker.artifacts.errors import PipelineError


def test_a_file_has_a_line_a_module_and_a_package_in_order(workspace):
    CODE.mkdir(parents=True)

    write_code_file(
        CODE, "train", {"stages.train": "ab", "stacker": "cd"}, {"numpy": ["2.3", "2.4"], "keras": ["3.15"]}
    )

    assert (CODE / "train.txt").read_text() == (
        "module stacker cd\nmodule stages.train ab\npackage keras 3.15\npackage numpy 2.3 2.4\n"
    )
    assert read_versions("train") == {"keras": ["3.15"], "numpy": ["2.3", "2.4"]}


def test_a_stage_without_packages_asks_for_none(workspace):
    CODE.mkdir(parents=True)
    write_code_file(CODE, "fetch", {"stages.fetch": "ab"}, {})

    assert read_versions("fetch") == {}


def test_a_missing_file_is_named_with_the_stage_that_writes_it(workspace):
    with pytest.raises(PipelineError, match=r"data/code/train\.txt is missing: run `dvc repro check`"):
        read_versions("train")
