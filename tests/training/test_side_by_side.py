import os
import threading
import time

import pytest

from stacker.training import side_by_side
from stacker.training.side_by_side import run_side_by_side


def test_results_come_in_the_order_of_the_items():
    waiting = threading.Barrier(2, timeout=30)

    def work(number: int) -> int:
        waiting.wait()  # both run at once, or this breaks
        return number * number

    assert run_side_by_side(work, [3, -2], 1) == [9, 4]


@pytest.mark.parametrize(("item_bytes", "most"), [(1, 3), (40, 2), (99, 1), (1000, 1)])
def test_no_more_run_at_once_than_memory_and_cores_allow(monkeypatch, item_bytes, most):
    monkeypatch.setattr(side_by_side, "MOST_BYTES", 99)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    running, seen, lock, free = set(), [], threading.Lock(), threading.Event()

    def work(number: int) -> None:
        with lock:
            running.add(number)
            seen.append(len(running))
        free.wait(0.02)
        with lock:
            running.remove(number)

    run_side_by_side(work, range(9), item_bytes)

    assert max(seen) == most


def test_after_a_failure_what_has_not_begun_does_not_begin(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    begun = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 1:
            raise ValueError("broken")
        time.sleep(0.002)

    with pytest.raises(ValueError, match="broken"):
        run_side_by_side(work, range(1000), 1)

    assert begun[:2] == [0, 1]
    assert len(begun) < 1000
