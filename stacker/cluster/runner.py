"""Run one stage in a worker's clone, by DVC: `python -m stacker.cluster.runner <request> <answer>`, two JSON files.

It starts in the clone's folder, with its code. It writes what DVC needs to know of the stages behind into `dvc.lock`,
brings the inputs from DVC's cache and lets DVC do the rest. DVC puts what the stage writes into its run-cache.
"""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

import yaml
from dvc.cli import main as run_dvc
from dvc.exceptions import DvcException
from dvc.repo import Repo

from stacker.cluster import travel
from stacker.cluster.causes import noted_causes
from stacker.cluster.fitness import find_lack
from stacker.cluster.lifeline import end_with_parent
from stacker.cluster.warm_server import PEAK

LOCK = Path("dvc.lock")


def main(request: Path, answer: Path) -> None:
    end_with_parent()
    asked = json.loads(request.read_text(encoding="utf-8"))
    os.environ[PEAK] = str(answer.with_name("peak"))
    answer.write_text(json.dumps(run(asked)), encoding="utf-8")


def run(asked: dict[str, Any]) -> dict[str, Any]:
    """Run a stage.

    Args:
        asked: `stage`; `inputs`, the stages whose outputs it reads; `entries`, of `dvc.lock`, of all stages behind it;
            `demands` on the machine where results travel through a remote, None where the driver's cache is here.

    Returns:
        `code`, the exit status; the new `entry` of `dvc.lock`; `peak`, the memory of the largest process, in bytes;
        `dropped`, whether another result was there already; or `unfit`, what this machine lacks.
    """
    stage, demands = asked["stage"], asked["demands"]
    _write_entries(asked["entries"])
    if demands is None:
        if asked["inputs"]:
            with Repo() as repo:
                repo.checkout(asked["inputs"], force=True)
        return _run_stage(stage)
    if lack := find_lack(demands):
        return {"code": 1, "unfit": lack}
    with noted_causes() as causes:
        try:
            travel.fetch_inputs(asked["inputs"])
            key = travel.compute_key(stage)
            if found := travel.find_result(key):
                _write_entries({**asked["entries"], stage: found})
                travel.fetch_result(stage)
        except (DvcException, OSError) as error:
            return _turn_down("the inputs from", causes.describe(error))
    answer = _run_stage(stage)
    if answer["code"] or not answer["entry"]:
        return answer
    with noted_causes() as causes:
        try:
            kept = travel.offer_result(stage, key, answer["entry"])
        except (DvcException, OSError) as error:
            return _turn_down("the results to", causes.describe(error))
    return {**answer, "entry": kept, "dropped": kept != answer["entry"]}


def _turn_down(what: str, why: str) -> dict[str, Any]:
    return {"code": 1, "unfit": f"it does not get {what} the remote {travel.find_address()}: {why}"}


def _run_stage(stage: str) -> dict[str, Any]:
    peaks = Path(os.environ[PEAK])
    peaks.unlink(missing_ok=True)
    code = run_dvc(["repro", "--single-item", stage])
    entry = yaml.safe_load(LOCK.read_text(encoding="utf-8"))["stages"].get(stage)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024  # the system counts in KiB
    elsewhere = peaks.read_text(encoding="ascii").split() if peaks.exists() else []  # that a warm Python split off
    return {"code": code, "entry": entry, "peak": max([peak, *map(int, elsewhere)])}


def _write_entries(entries: dict[str, Any]) -> None:
    LOCK.write_text(yaml.safe_dump({"schema": "2.0", "stages": entries}, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
