"""`stacker repro` against `dvc repro`, both from nothing: two jobs on one machine, and Ray nodes of one core each."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import yaml

from benchmarks.measure import ROOT, describe_ratio, describe_seconds
from benchmarks.photos import Bench
from benchmarks.results import Result, Table

TITLE = "Several stages at once"
BACKBONES = {  # in the order in which they join; the first three are the default's
    "mobilenet_v2": "MobileNetV2",
    "inception_v3": "InceptionV3",
    "xception": "Xception",
    "densenet": "DenseNet121",
    "resnet": "ResNet50V2",
    "efficientnet": "EfficientNetV2B0",
    "mobilenet_v3": "MobileNetV3Large",
    "nasnet": "NASNetMobile",
}
MEMBERS = (2, 4, 8)
DVC, JOBS = "dvc repro", "--jobs 2"
LONGEST = 120.0  # seconds for a node to start
SHORT = "/tmp"  # noqa: S108 - Ray keeps sockets there: with their names a path may have 107 characters
BUSY = re.compile(r"busy (\d+)% of the time")


def measure(bench: Bench) -> Result:
    """Seconds by members and way, alternating, and the part of the time that workers waited."""
    table = Table(["members", "way", "s", "times dvc repro", "workers waited", "load before"], [])
    for count in MEMBERS if bench.is_full else MEMBERS[:1]:
        seconds: dict[str, list[float]] = {}
        waited: dict[str, list[int]] = {}
        loads: dict[str, list[float]] = {}
        for number in range(bench.repeats):
            for way in (DVC, JOBS, "1 node", "2 nodes")[:: -1 if number % 2 else 1]:
                loads.setdefault(way, []).append(psutil.getloadavg()[0])
                took, busy = time_way(bench.scratch / "run", way, count)
                seconds.setdefault(way, []).append(took)
                waited.setdefault(way, []).append(100 - busy)
        for way in seconds:
            ratio = describe_ratio(seconds[DVC], seconds[way])
            waits = "" if way == DVC else f"{sum(waited[way]) / len(waited[way]):.0f} %"
            table.rows.append([count, way, describe_seconds(seconds[way]), ratio, waits, f"{max(loads[way]):.1f}"])
    notes = [
        f"The default's digits at 75 px, random weights, from nothing: an empty cache each time; {os.cpu_count()} "
        "cores. A node is a `ray start` of one core on the same machine, with a folder as remote; starting the nodes "
        "is not counted. `workers waited`: the part of the run in which there was no stage for them."
    ]
    return Result(TITLE, notes, [table], [])


def time_way(folder: Path, way: str, count: int) -> tuple[float, int]:
    """Seconds of one run in a fresh clone, and how much of the time workers were busy, in percent."""
    shutil.rmtree(folder, ignore_errors=True)
    clone = folder / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    (clone / "dvc.lock").unlink(missing_ok=True)
    params = yaml.safe_load((clone / "params.yaml").read_text(encoding="utf-8"))
    params["members"] = {label: {"backbone": BACKBONES[label]} for label in list(BACKBONES)[:count]}
    (clone / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    dvc = [sys.executable, "-m", "dvc"]
    subprocess.run(
        [*dvc, "remote", "add", "--local", "-d", "-q", "bench", str(folder / "remote")], cwd=clone, check=True
    )
    if way == DVC:
        return time_command(clone, [*dvc, "repro"], dict(os.environ))
    repro = [sys.executable, "-m", "stacker", "repro"]
    if way == JOBS:
        return time_command(clone, [*repro, "--jobs", "2"], dict(os.environ))
    with open_nodes(int(way[0])) as (address, environment):
        return time_command(clone, [*repro, "--address", address], environment)


def time_command(clone: Path, command: list[str], environment: dict[str, str]) -> tuple[float, int]:
    began = time.monotonic()
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    busy = BUSY.search(done.stdout)
    return seconds, int(busy[1]) if busy else 100


@contextmanager
def open_nodes(count: int) -> Iterator[tuple[str, dict[str, str]]]:
    """A Ray cluster of so many nodes of one core: its address, and the environment that may join it."""
    ray = str(Path(sys.executable).with_name("ray"))
    environment = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    address = f"127.0.0.1:{find_port()}"
    alike = [ray, "start", "--disable-usage-stats", "--num-cpus=1", "--node-ip-address=127.0.0.1", "--block"]
    with tempfile.TemporaryDirectory(dir=SHORT) as name, ExitStack() as nodes:
        for number in range(count):
            folder = Path(name) / str(number)
            folder.mkdir()
            head = ["--head", f"--port={address.partition(':')[2]}", "--include-dashboard=false"]
            where = head if number == 0 else [f"--address={address}"]
            options = [*alike, f"--dashboard-agent-listen-port={find_port()}", *where]
            with (log := folder / "log").open("wb") as stream:
                variables = {**environment, "TMPDIR": str(folder)}
                node = subprocess.Popen(options, env=variables, stdout=stream, stderr=subprocess.STDOUT)
            nodes.callback(stop, node)
            wait_for_node(node, log)
        yield address, environment


def stop(node: subprocess.Popen[bytes]) -> None:
    node.terminate()
    node.wait()


def wait_for_node(node: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until it says that it runs."""
    deadline = time.monotonic() + LONGEST
    while "Ray runtime started" not in (said := log.read_text(encoding="utf-8")):
        if node.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"a Ray node did not start:\n{said[-4000:]}")
        time.sleep(0.1)


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
