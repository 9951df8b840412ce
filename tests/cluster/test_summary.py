"""What a run came to."""

from stacker.cluster.board import HERE, Row, State
from stacker.cluster.summary import describe_run, find_critical_path


def make_row(stage: str, began: float, ended: float) -> Row:
    row = Row(stage)
    row.state, row.began, row.ended = State.DONE, began, ended
    return row


ROWS = {
    row.stage: row
    for row in (make_row("prepare", 0, 2), make_row("a", 2, 10), make_row("b", 2, 5), make_row("c", 5, 9))
} | {"never": Row("never")}
BEHIND = {"a": {"prepare"}, "b": {"prepare"}, "c": {"b", "prepare"}, "stack": {"a", "b", "c", "prepare"}}


def test_the_critical_path_follows_who_was_waited_for_last():
    rows = ROWS | {"stack": make_row("stack", 10, 14)}
    assert find_critical_path(rows, BEHIND) == ["prepare", "a", "stack"]


def test_without_the_slow_one_it_is_another():
    rows = {stage: row for stage, row in ROWS.items() if stage != "a"} | {"stack": make_row("stack", 9, 12)}
    assert find_critical_path(rows, BEHIND) == ["prepare", "b", "c", "stack"]


def test_nothing_ran():
    assert find_critical_path({"never": Row("never")}, {}) == []


def test_the_lines_at_the_end():
    text = describe_run(ROWS, BEHIND, 2, 10, 3 * 1024**3)
    assert text.splitlines() == [
        "critical path: prepare (2 s) -> a (8 s)",
        "17 s of stages in 10 s: 2 at once were busy 85% of the time",
        "the largest process of a stage took 3.0 GiB of memory",
    ]


def test_of_a_cluster_the_drivers_own_stages_do_not_count():
    own = make_row("prepare", 0, 2)
    own.node = HERE
    _, busy = describe_run(ROWS | {"prepare": own}, BEHIND, 2, 10, None, is_here=False).splitlines()
    assert busy == "17 s of stages in 10 s: 2 at once on the cluster were busy 75% of the time"
