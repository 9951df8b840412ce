"""Lead a crew from within a cluster, as a Ray job: `python -m stacker.cluster.job`, in the folder that was submitted.

It reads `order.json` and `source.tar.gz`, and prints what happens, a line of JSON each: whoever follows the job's log
makes of them what a crew of its own would have done.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from stacker.artifacts.errors import PipelineError
from stacker.cluster.board import Row, State
from stacker.cluster.leading import drive, remove_homes
from stacker.cluster.order import gather_crew, read_order
from stacker.cluster.ray_start import joined_ray

SIGN = "stacker: "  # of our lines, among those that Ray prints
ORDER, SOURCE = Path("order.json"), Path("source.tar.gz")


class Reporter:
    """A board that nobody sees: it prints what changes."""

    def __init__(self, stages: Any):
        self.rows = {stage: Row(stage) for stage in stages}

    def change(self, stage: str, state: State, node: str = "", last: str = "") -> None:
        """As `Board.change`."""
        self.rows[stage].node = node or self.rows[stage].node
        report("change", stage, state, node, last)

    def hear(self, stage: str, text: str) -> None:
        """As `Board.hear`."""
        report("hear", stage, text)


def report(*event: Any) -> None:
    """Print one event."""
    print(SIGN + json.dumps(event), flush=True)


def main(folder: Path) -> None:
    order, archive = read_order(ORDER.read_text(encoding="utf-8")), SOURCE.read_bytes()
    os.chdir(folder)
    board = Reporter(order.work.parallel)
    with joined_ray("auto", is_open=True) as ray:  # whoever submitted the job has looked at that
        crew = gather_crew(ray, order, archive, board, lambda stage, entry: report("entry", stage, entry))
        drive(crew)
        remove_homes(ray, order.orders.home)
    for stage, why in crew.failed.items():
        report("failed", stage, why)
    report("end", crew.at_once)


if __name__ == "__main__":
    try:
        with tempfile.TemporaryDirectory() as folder:  # Ray may remove the one that was submitted
            main(Path(folder))
    except PipelineError as error:
        report("error", str(error))
        sys.exit(1)
