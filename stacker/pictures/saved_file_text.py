"""How far saved files lie from what was scored through int8, for people, as markdown: pure functions."""

from collections.abc import Sequence

from stacker.pictures.tables import build_table
from stacker.scoring.standings import Standing

HEADER = (
    "model",
    "photos",
    "accuracy of the file",
    "95 % interval",
    "through int8",
    "same decision",
    "mean difference",
)


def describe_saved_files(standings: Sequence[Standing]) -> str:
    """What the saved files give beside what was scored; empty where they are the same networks."""
    compared = {
        standing.model.title: standing.model.saved_file
        for standing in standings
        if standing.model.saved_file is not None
    }
    if not compared:
        return ""
    rows = [
        (
            title,
            f"{found['n']:,}",
            f"{found['accuracy']:.4f}",
            f"{found['accuracy_low']:.4f} to {found['accuracy_high']:.4f}",
            f"{found['accuracy_int8']:.4f}",
            f"{found['equal']:.2%}",
            f"{found['mean_difference']:.4f} (largest {found['largest_difference']:.4f})",
        )
        for title, found in compared.items()
    ]
    words = (
        "Scored is what came through int8 (`inference.precision`). The saved files count in float32, and answer a "
        "little differently; some test photos went through both. The difference is of a photo's probabilities."
    )
    return "\n\n".join(("## The saved files", words, build_table(HEADER, rows)))
