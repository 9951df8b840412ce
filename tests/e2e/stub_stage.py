"""Stands in for a stage: `python stub_stage.py -m stages.<name> <arguments>` writes what dvc.yaml says it writes.

As a real stage's, its outputs are a pure function of its deps and of the settings that it tracks: equal ones give equal
bytes, others give others. It takes milliseconds, as it runs no network. `check` alone is never stood in for.
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

# A folder that holds data/code as it was: the stages stood in for run as if no code had changed since.
KEPT_CODE = "STUB_KEPT_CODE"
CODE = "data/code/"
FINGERPRINT = Path("data/arrays/test/fingerprint.txt")
FILES = {  # of outputs that are folders, as other stages name them
    "data/raw": ["left/0.png", "right/0.png"],
    "data/arrays": [
        *(
            f"{split}/{name}"
            for split in ("train", "validation", "test")
            for name in ("images.npy", "labels.npy", "groups.npy", "fingerprint.txt")
        ),
        "classes.json",
        "manifest.csv",
        "preparation.json",
    ],
    "data/features": ["train.npy", "validation.npy", "test.npy", "provenance.json"],
}


def main(command: str) -> None:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    params, pipeline = (yaml.load(Path(name).read_text("utf-8"), loader) for name in ("params.yaml", "dvc.yaml"))  # noqa: S506
    stage, key = find_stage(pipeline["stages"], params, command)
    deps, settings, outs = (
        [resolve(entry, key, params) for section in sections for entry in stage.get(section, [])]
        for sections in (["deps"], ["params"], ["outs", "metrics", "plots"])
    )
    sweep(command, params)
    values = {where: look_up(params, where) for where in settings}
    files = [path for dep in deps for path in list_files(dep, params["members"])]
    photos = compute_digest(path for path in files if path.is_relative_to("data/raw"))
    everything = compute_digest(files, json.dumps(values, sort_keys=True))
    for out in outs:
        for path in name_files(out):
            digest = photos if path.name == FINGERPRINT.name else everything
            write(path, hashlib.sha256(f"{path} {digest}".encode()).hexdigest())


def compute_digest(paths: Iterable[Path], settings: str = "") -> str:
    digest = hashlib.sha256(settings.encode())
    for path in paths:
        digest.update(path.as_posix().encode() + read(path))
    return digest.hexdigest()


def sweep(command: str, params: dict[str, Any]) -> None:
    """Delete, before all else, what the real stage deletes."""
    if not re.search(r"stages\.(fuse|stack|compare|audit)\b", command):
        return
    from stacker.artifacts.leftovers import (
        sweep_all,
        sweep_inputs_of_fuse,
        sweep_inputs_of_stack,
    )  # NumPy under it costs more than the rest

    members, ensembles = list(params["members"]), list(params["meta_models"])
    if "stages.fuse" in command:
        sweep_inputs_of_fuse(members, ensembles)
    elif re.search(r"stages\.(stack|audit)\b", command):
        sweep_inputs_of_stack(members, ensembles)
    else:
        sweep_all(members, ensembles)


def find_stage(stages: dict[str, Any], params: dict[str, Any], command: str) -> tuple[dict[str, Any], str]:
    """The stage that `command` runs, and its key where dvc.yaml has a stage a key."""
    for stage in stages.values():
        body = stage.get("do", stage)
        for key in look_up(params, stage["foreach"][2:-1]) if "foreach" in stage else [""]:
            if body["cmd"].replace("${key}", key) == command:
                return body, key
    raise LookupError(f"no stage of dvc.yaml runs `{command}`")


def resolve(entry: str | dict[str, Any], key: str, params: dict[str, Any]) -> str:
    """The path or setting of an entry of dvc.yaml, its `${...}` filled in."""
    text = entry if isinstance(entry, str) else next(iter(entry))
    return re.sub(r"\$\{([^}]+)\}", lambda match: key if match[1] == "key" else look_up(params, match[1]), text)


def look_up(document: dict[str, Any], dotted: str) -> Any:
    for key in dotted.split("."):
        document = document[key]
    return document


def list_files(dep: str, members: Collection[str]) -> Iterator[Path]:
    """The files of a dep; of the members' folders those of today's, which are all that a real stage reads."""
    path = Path(dep)
    if path.is_file():
        yield path
    for file in sorted(path.rglob("*")):
        if file.is_file() and (file.parent.name != "members" or file.stem in members):
            yield file


def read(path: Path) -> bytes:
    kept = os.environ.get(KEPT_CODE)
    return Path(kept, path.name).read_bytes() if kept and str(path).startswith(CODE) else path.read_bytes()


def name_files(out: str) -> list[Path]:
    path = Path(out)
    return [path / name for name in FILES.get(out, FILES.get(str(path.parent), []))] or [path]


def write(path: Path, digits: str) -> None:
    """Write a file that depends on `digits`, of the form that DVC reads where it does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".json" and path.parent.name == "metrics":
        digits = json.dumps(make_up_metrics(digits))
    elif path.suffix == ".csv":
        digits = f"epoch,val_loss\n1,{make_up_score(digits)}\n"
    path.write_text(digits, encoding="utf-8")


def make_up_metrics(digits: str) -> dict[str, Any]:
    """Scores in the places where a real model's are."""
    held_out, test = make_up_score(digits), make_up_score(digits[8:])
    return {
        "heldout": {"accuracy": held_out, "log_loss": 1 + held_out},
        "test": {"accuracy": test, "log_loss": 1 + test},
    }


def make_up_score(digits: str) -> float:
    """Between 0 and 1, of the first eight hexadecimal digits."""
    return int(digits[:8], 16) / 16**8


if __name__ == "__main__":
    main(" ".join(["python", *sys.argv[1:]]))
