"""What GitHub runs: pinned, and the same as on any machine."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def list_steps(path: Path) -> list[dict]:
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit_with_the_version_beside_it(path):
    used = re.findall(r"uses:\s*(.*)", path.read_text(encoding="utf-8"))

    assert used
    assert [line for line in used if not PINNED.fullmatch(line.strip())] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_script_holds_what_a_pull_request_may_write(path):
    scripts = [step["run"] for step in list_steps(path) if "run" in step]

    assert scripts
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_workflow_states_its_permissions(path):
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"]["contents"] == "read"


def test_ci_runs_what_everyone_runs_on_the_oldest_and_the_newest_python():
    job = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"]["test"]

    assert ".ci/run" in [step.get("run", "").split(" ")[0] for step in job["steps"]]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
