import pytest

from stacker.planning.plan import Outcome, Plan, Step
from stacker.planning.plan_text import WIDTH, format_plan, format_seconds


def make_step(outcome: Outcome = Outcome.RUNS, **changes) -> Step:
    facts = {"stage": "train@a", "reasons": ["training.epochs: 1 -> 3"], "waits_for": [], "seconds": 31.2}
    return Step(**{"outcome": outcome, **facts, **changes})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.1, "1 s"), (31.4, "31 s"), (119, "119 s"), (120, "2 min"), (7100, "118 min"), (7200, "2.0 h"), (9000, "2.5 h")],
)
def test_a_duration_is_rounded_to_what_matters(seconds, text):
    assert format_seconds(seconds) == text


def test_a_plan_without_steps_says_so_in_a_line():
    assert format_plan(Plan([], 16, [])) == "Nothing to do: all 16 stages are up to date."


def test_seconds_are_those_of_what_runs_or_may_run():
    steps = [
        make_step(seconds=31.4),
        make_step(Outcome.MAY_RUN, stage="evaluate@a", reasons=[], waits_for=["train@a"], seconds=2.3),
        make_step(Outcome.RESTORED, stage="train@b", seconds=500.0),
        make_step(Outcome.TAKEN_IN, stage="photos.dvc", seconds=None),
        make_step(stage="train@c", seconds=None),
    ]

    assert format_plan(Plan(steps, 1, [])).splitlines() == [
        "train@a: runs, about 31 s",
        "    training.epochs: 1 -> 3",
        "evaluate@a: may run, about 2 s",
        "    depends on the result of train@a",
        "train@b: from the run-cache",
        "    training.epochs: 1 -> 3",
        "photos.dvc: taken in",
        "    training.epochs: 1 -> 3",
        "train@c: runs, not yet timed",
        "    training.epochs: 1 -> 3",
        "",
        "Stages: 2 run, 1 may run, 1 from the run-cache, 1 taken in, about 34 s together, 1 not yet timed;",
        "the other one stays as it is.",
        "May run: DVC leaves such a stage alone where all that it depends on comes out as before.",
    ]


def test_many_reasons_and_many_stages_are_cut():
    step = make_step(reasons=[f"setting {number}" for number in range(11)], waits_for=["a", "b", "c", "d", "e"])

    lines = format_plan(Plan([step], 0, [])).splitlines()

    assert lines[8:11] == ["    setting 7", "    and 3 more", "    depends on the results of a, b, c and 2 more"]
    assert lines[12] == "Stages: 1 runs, about 31 s; none stays as it is."


def test_no_line_is_wider_than_a_log():
    long = [f"newly imported: {', '.join(f'stacker.room.module-{number}' for number in range(20))}"]
    gone = [f"train@member-{number}" for number in range(20)]

    lines = format_plan(Plan([make_step(reasons=long)], 3, gone)).splitlines()

    assert WIDTH == 100
    assert max(map(len, lines)) <= WIDTH
    assert lines[2].startswith("      stacker.room.module-")
    assert "train@member-19. `compare` removes" in " ".join(lines)
