"""What GitHub runs: pinned, and the same as on any machine."""

import re
import subprocess
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


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_job_that_may_write_runs_nothing_of_the_repository(path):
    for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
        if "write" in job.get("permissions", {}).values():
            assert [step for step in job["steps"] if "uses" in step or "make" in step["run"]] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_workflow_may_write_as_a_whole_and_none_runs_foreign_code_with_secrets(path):
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))

    assert set(workflow["permissions"].values()) == {"read"}
    assert "pull_request_target" not in workflow[True]  # what YAML 1.1 takes `on` for
    for step in list_steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_advisories_are_asked_for_all_lock_files_with_hashes():
    command = ["make", "--dry-run", "--assume-old=.venv-advisories/installed", "advisories"]

    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.replace("\\\n", " ")

    audit = next(line for line in shown.splitlines() if "pip-audit" in line and "pip install" not in line).split()
    locks = {f"locks/{path.name}" for path in (ROOT / "locks").glob("*.lock")}
    assert {audit[number + 1] for number, word in enumerate(audit) if word == "-r"} == {"requirements.lock", *locks}
    assert {"--strict", "--require-hashes"} <= set(audit)


def test_ci_runs_what_everyone_runs_on_the_oldest_and_the_newest_python():
    job = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["jobs"]["test"]

    assert ".ci/run" in [step.get("run", "").split(" ")[0] for step in job["steps"]]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
