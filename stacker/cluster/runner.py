"""Run one stage in a worker's clone, by DVC: `python -m stacker.cluster.runner <request> <answer>`, two JSON files.

It starts in the clone's folder, with its code. It writes what DVC needs to know of the stages behind into `dvc.lock`,
brings the inputs from DVC's cache and lets DVC do the rest. DVC puts what the stage writes into its run-cache.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any

import yaml
from dvc.cli import main as run_dvc
from dvc.repo import Repo

from stacker.cluster.lifeline import end_with_parent

LOCK = Path("dvc.lock")


def main(request: Path, answer: Path) -> None:
    end_with_parent()
    asked = json.loads(request.read_text(encoding="utf-8"))
    answer.write_text(json.dumps(run(asked)), encoding="utf-8")


def run(asked: dict[str, Any]) -> dict[str, Any]:
    """Run a stage.

    Args:
        asked: `stage`; `inputs`, the stages whose outputs it reads; `entries`, of `dvc.lock`, of all stages behind it.

    Returns:
        `code`, the exit status; the new `entry` of `dvc.lock`; `peak`, the memory of the largest process, in bytes.
    """
    LOCK.write_text(yaml.safe_dump({"schema": "2.0", "stages": asked["entries"]}), encoding="utf-8")
    if asked["inputs"]:
        with Repo() as repo:
            repo.checkout(asked["inputs"], force=True)
    code = run_dvc(["repro", "--single-item", asked["stage"]])
    stages = yaml.safe_load(LOCK.read_text(encoding="utf-8"))["stages"]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return {"code": code, "entry": stages.get(asked["stage"]), "peak": peak}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
