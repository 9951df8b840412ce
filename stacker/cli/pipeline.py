"""Commands on the pipeline itself: `check`, `plan`, `verify`, `compare`.

Each command imports what it needs when it is called: Keras takes seconds, and `stacker --help` should not wait for it.
"""

from pathlib import Path
from typing import Annotated

import typer

from stacker.cli.app import app


@app.command()
def check(
    params: Annotated[Path, typer.Argument(help="The settings to check.", show_default=True)] = Path("params.yaml"),
) -> None:
    """Check every setting of a params file, without running anything."""
    from stacker.settings.whole import load_settings

    settings = load_settings(params)
    counts = [count(len(settings.members), "member"), count(len(settings.meta_models), "ensemble")]
    print(f"{params} is valid: {', '.join(counts)}")


@app.command()
def plan(
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 2 where `dvc repro` would do something, with 0 where not.")
    ] = False,
) -> None:
    """Say what `dvc repro` would do now: which stages it runs, why, and what that costs. Writes nothing."""
    from stacker.planning.plan import make_plan
    from stacker.planning.plan_text import format_plan

    found = make_plan()
    print(format_plan(found))
    if exit_code and found.steps:
        raise typer.Exit(2)


@app.command()
def verify(
    remove: Annotated[bool, typer.Option("--remove", help="Remove what is damaged, so that it is made again.")] = False,
) -> None:
    """Read all that DVC's cache holds, and name what is no longer as it was stored. Ends with 1 where there is such."""
    from stacker.artifacts.errors import PipelineError
    from stacker.planning.stored_files import find_damaged, locate_cache, remove_damaged

    damaged = find_damaged(locate_cache())
    if not damaged:
        print("All that DVC's cache holds is as it was stored.")
        return
    named = "\n".join(f"  {path}" for path in damaged)
    if not remove:
        raise PipelineError(
            f"{count(len(damaged), 'file')} of DVC's cache changed after it was stored: run `stacker verify --remove`, "
            f"then `dvc repro`, which makes it again\n{named}"
        )
    links = remove_damaged(damaged)
    print(f"removed {count(len(damaged), 'file')} of DVC's cache:\n{named}")
    print("".join(f"removed {path}, which was the same file\n" for path in links), end="")
    print("now `dvc pull` where you have a remote, and `dvc repro`")


@app.command()
def compare(
    revision: Annotated[str, typer.Argument(help="A branch, tag, commit or experiment to compare with.")] = "main",
    other: Annotated[
        str | None, typer.Argument(help="The one that is judged.", show_default="the working tree")
    ] = None,
) -> None:
    """Compare the scores of two revisions, and say which changes are more than noise."""
    from stacker.artifacts.results import LEADERBOARD
    from stacker.artifacts.revisions import Revision
    from stacker.pictures.revision_text import describe_changes
    from stacker.scoring.revision_changes import compare_revisions

    first, second = Revision(revision), Revision(other)
    boards = first.load_json(LEADERBOARD), second.load_json(LEADERBOARD)
    changes = compare_revisions((first, second), boards)
    print(describe_changes((first.name, second.name), changes, boards[0]["test_set"] == boards[1]["test_set"]))


def count(number: int, noun: str) -> str:
    """Such as "1 member" or "2 members"."""
    return f"{number} {noun}" + ("" if number == 1 else "s")
