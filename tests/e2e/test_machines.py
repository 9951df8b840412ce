"""The default gives the same table on CPUs of several kinds: played here by what their kernels may use, and by threads.

Slow: the whole default runs once for each. A quick form, on kept features, is in `tests/training`.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from .clone import Clone, clone_working_tree

MACHINES = {
    "avx2, two threads": {"ONEDNN_MAX_CPU_ISA": "AVX2", "OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "2"},
    "sse41, one thread": {"ONEDNN_MAX_CPU_ISA": "SSE41", "OPENBLAS_CORETYPE": "Nehalem", "OPENBLAS_NUM_THREADS": "1"},
}
COUNTED = ("n", "accuracy", "accuracy_low", "accuracy_high", "gained", "lost", "p_value")


def read_numbers(project: Clone) -> dict[str, Any]:
    """All that is in `metrics/`, by file and key."""
    files = sorted((project.path / "metrics").rglob("*.json"))
    return {
        f"{path.parent.name}.{path.stem}.{key}": value
        for path in files
        for key, value in flatten(json.loads(path.read_text(encoding="utf-8")))
    }


def flatten(document: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def read_ranks(project: Clone) -> list[str]:
    """The models, as the leaderboard has them from top to bottom."""
    lines = (project.path / "metrics/leaderboard.md").read_text(encoding="utf-8").splitlines()
    return [line.split("|")[2].strip() for line in lines if line.startswith("| ") and line[2].isdigit()]


@pytest.mark.slow
def test_the_default_gives_the_same_table_on_every_machine(tmp_path):
    tables, ranks = [], []
    for number, machine in enumerate(MACHINES.values()):
        project = clone_working_tree(tmp_path / str(number) / "project")
        project.environment.update(machine)
        project.repro()
        tables.append(read_numbers(project))
        ranks.append(read_ranks(project))

    assert len(ranks[0]) > 10
    assert ranks[0] == ranks[1]
    assert tables[0].keys() == tables[1].keys()
    for key, value in tables[0].items():
        if isinstance(value, float) and not key.endswith(COUNTED):
            assert value == pytest.approx(tables[1][key], abs=1.01e-4), key
        else:
            assert value == tables[1][key], key
