import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from stacker.training import side_by_side
from stacker.training.side_by_side import gathered_beside, run_side_by_side


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


def test_items_are_made_while_the_block_runs():
    reached = threading.Event()

    def make() -> Iterator[int]:
        yield 5
        reached.set()
        yield 2

    with gathered_beside(make()) as gathered:
        assert reached.wait(30)
    assert gathered.result() == [5, 2]


def test_what_making_an_item_raises_is_raised_where_it_is_asked_for():
    with gathered_beside(1 // number for number in (1, 0)) as gathered:
        pass
    with pytest.raises(ZeroDivisionError):
        gathered.result()


def test_an_interrupt_is_heard_while_the_items_are_waited_for():
    may_end, made = threading.Event(), []

    def make() -> Iterator[int]:
        may_end.wait(30)
        time.sleep(0.5)  # by then it is waited for
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        for number in range(3):
            time.sleep(0.5)
            made.append(number)
            yield number

    def wait_for_items() -> None:
        with gathered_beside(make()):
            may_end.set()

    with pytest.raises(KeyboardInterrupt):
        wait_for_items()
    assert made == [0]


def test_after_an_interrupt_no_further_item_is_made():
    begun, may_end, made = threading.Event(), threading.Event(), []

    def make() -> Iterator[int]:
        for number in range(3):
            begun.set()
            may_end.wait(30)
            made.append(number)
            yield number

    def interrupt() -> None:
        begun.wait(30)
        threading.Timer(0.5, may_end.set).start()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), gathered_beside(make()):
        interrupt()
    assert made == [0]
