"""How a run ends that a crew has worked for."""

import time

from stacker.cluster.board import Board
from stacker.cluster.leading import Led, StagesFailedError
from stacker.cluster.share import largest_peak
from stacker.cluster.summary import describe_run
from stacker.cluster.work import Work

KEPT = "the stages that had ended are kept, and `stacker repro` or `dvc repro` goes on from there"


def conclude(board: Board, work: Work, crew: Led, began: float) -> None:
    """Say what the run came to.

    Raises:
        StagesFailedError: naming each stage that failed, with node and log.
    """
    behind = {**work.parallel, **work.own}
    wall = time.monotonic() - began
    print(describe_run(board.rows, behind, crew.at_once, wall, int(largest_peak()), crew.is_here), flush=True)
    if crew.failed:
        raise StagesFailedError("\n".join([*crew.failed.values(), KEPT]))
