"""A plan as text: in lines of up to 100 columns, for a terminal and for a log."""

import textwrap
from collections import Counter
from collections.abc import Iterator

from stacker.planning.plan import Outcome, Plan, Step

WIDTH = 100
MOST_REASONS = 8
MOST_STAGES = 3  # that a stage waits for, by name
MINUTE, HOUR = 60, 3600


def format_plan(plan: Plan) -> str:
    """The whole answer: a block a stage, and what it comes to."""
    lines = [line for step in plan.steps for line in _format_step(step)]
    return "\n".join([*lines, *([""] if lines else []), *_sum_up(plan), *_name_gone(plan.gone)])


def format_seconds(seconds: float) -> str:
    """Such as "1 s", "4 min" or "2.5 h"."""
    if seconds < 2 * MINUTE:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / MINUTE)} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.1f} h"


def _format_step(step: Step) -> Iterator[str]:
    yield f"{step.stage}: {step.outcome}{_format_cost(step)}"
    reasons = step.reasons[:MOST_REASONS]
    if len(step.reasons) > MOST_REASONS:
        reasons.append(f"and {len(step.reasons) - MOST_REASONS} more")
    for reason in [*reasons, *_explain_waiting(step)]:
        yield from textwrap.wrap(
            reason, WIDTH, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False
        )


def _format_cost(step: Step) -> str:
    if step.outcome not in (Outcome.RUNS, Outcome.MAY_RUN):
        return ""
    return ", not yet timed" if step.seconds is None else f", about {format_seconds(step.seconds)}"


def _explain_waiting(step: Step) -> Iterator[str]:
    if not step.waits_for:
        return
    names, more = step.waits_for[:MOST_STAGES], len(step.waits_for) - MOST_STAGES
    noun = "result" if len(step.waits_for) == 1 else "results"
    yield f"depends on the {noun} of {', '.join(names)}" + (f" and {more} more" if more > 0 else "")


def _sum_up(plan: Plan) -> Iterator[str]:
    if not plan.steps:
        yield f"Nothing to do: all {plan.unchanged} stages are up to date."
        return
    counts = Counter(step.outcome for step in plan.steps)
    parts = [f"{counts[outcome]} {_say(outcome, counts[outcome])}" for outcome in Outcome if counts[outcome]]
    rest = {0: "none stays as it is", 1: "the other one stays as it is"}.get(
        plan.unchanged, f"the other {plan.unchanged} stay as they are"
    )
    yield from textwrap.wrap(f"Stages: {', '.join(parts)}{_add_up(plan.steps)}; {rest}.", WIDTH)
    if counts[Outcome.MAY_RUN]:
        yield "May run: DVC leaves such a stage alone where all that it depends on comes out as before."
    if any(step.waits_for and step.outcome is Outcome.RUNS for step in plan.steps):
        yield "A stage that runs and depends on a result may still come from the run-cache, once that is known."


def _say(outcome: Outcome, count: int) -> str:
    return "run" if outcome is Outcome.RUNS and count > 1 else outcome


def _add_up(steps: list[Step]) -> str:
    runs = [step for step in steps if step.outcome in (Outcome.RUNS, Outcome.MAY_RUN)]
    timed = [step.seconds for step in runs if step.seconds is not None]
    total = [f"about {format_seconds(sum(timed))}{' together' if len(timed) > 1 else ''}"] if timed else []
    untimed = [f"{len(runs) - len(timed)} not yet timed"] if len(timed) < len(runs) else []
    return "".join(f", {part}" for part in [*total, *untimed])


def _name_gone(gone: list[str]) -> Iterator[str]:
    if gone:
        yield from textwrap.wrap(
            f"No longer stages, while files of theirs are still here: {', '.join(gone)}. `compare` removes what "
            "members and ensembles of earlier settings left behind; a file of others is yours to delete.",
            WIDTH,
            break_on_hyphens=False,
        )
