"""In a job's folder each of DVC's keys has one result, the first."""

import json

import pytest
import yaml

from .project import clone_slow_project

pytestmark = pytest.mark.faults
OFFER = """
import json, sys
from stacker.cluster import travel

stage, entry, other = json.loads(sys.argv[1])
key = travel.compute_key(stage)
before = travel.find_result(key)
print(json.dumps([before, *(travel.offer_result(stage, key, one) for one in (entry, other)), travel.find_result(key)]))
"""


def test_of_a_stage_that_is_not_the_same_twice_the_first_result_stays(tmp_path):
    clone = clone_slow_project(tmp_path, 0)
    clone.repro()
    clone.dvc("remote", "add", "--local", "--default", "stacker-job", str(tmp_path / "remote"))
    entry = yaml.safe_load((clone.path / "dvc.lock").read_text())["stages"]["train@a"]
    other = {**entry, "outs": [{**out, "md5": "0" * 32} for out in entry["outs"]]}

    output = clone.run("python", "-c", OFFER, json.dumps(["train@a", entry, other]))

    before, first, second, kept = json.loads(output.splitlines()[-1])
    assert before is None
    assert first == second == kept == entry
    assert len([path for path in (tmp_path / "remote").glob("**/runs/**/*") if path.is_file()]) == 1
