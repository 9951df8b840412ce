"""Write RESULTS.md and results.png from the stored results."""

from pathlib import Path
from typing import Any

import matplotlib

from benchmarks.results import Store, name_make, read_git

REPORT, PICTURE = "RESULTS.md", "results.png"
HEADER = """# Results

Written by `make bench`; do not edit. Ratios are medians with the range in brackets, run by run, in alternating order.

A result with later commits to `stages/` or `stacker/` is marked as stale.

- A look whether the measurements work, on generated photos with random weights: `make bench`, into `build/bench/`
- Some sections: `make bench BENCH="decode inference"`; their names: `python -m benchmarks.run --help`
- Real photos (`train/` and `validation/`, each with class folders) and weights files without top:
  `make bench BENCH="--full <photos> --weights <weights>"`
- A rival in an environment of its own: [README.md](README.md)

No GPU was at hand: nothing here was measured on one. A share of the peak above 100 % says that the large matrix
product, by which the peak is measured, does not reach the machine's limit either.

![charts](results.png)
"""


def write_report(store: Store) -> None:
    """Write both files of a store."""
    results = store.load()
    parts = [HEADER]
    makes = list(dict.fromkeys(name_make(entry["machine"]) for entries in results.values() for entry in entries))
    described = {name_make(entry["machine"]): entry["machine"] for entries in results.values() for entry in entries}
    for number, make in enumerate(makes, start=1):
        facts = [[key, value] for key, value in described[make].items() if key != "load before"]
        parts.append(f"## Machine {number}\n\n{format_table(['', ''], facts)}\n")
    for name, entries in results.items():
        parts.append(f"## {entries[0]['result']['title']}\n")
        for entry in entries:
            parts += describe_entry(name, entry, makes.index(name_make(entry["machine"])) + 1)
    store.folder.joinpath(REPORT).write_text("\n".join(parts), encoding="utf-8")
    charts = [
        {**chart, "title": f"{chart['title']}, machine {makes.index(name_make(entry['machine'])) + 1}"}
        for entries in results.values()
        for entry in entries
        for chart in entry["result"]["charts"]
    ]
    draw_charts(charts, store.folder / PICTURE)


def describe_entry(section: str, entry: dict[str, Any], machine: int) -> list[str]:
    """What one machine gave of a section."""
    result = entry["result"]
    ran = f"Section `{section}`, machine {machine}, load before {entry['machine']['load before']}"
    return [
        f"{ran}, {describe_code(entry['code'])}: `{entry['command']}`\n",
        *(f"{note}\n" for note in result["notes"]),
        *(format_table(table["columns"], table["rows"]) + "\n" for table in result["tables"]),
    ]


def describe_code(code: dict[str, str]) -> str:
    """Which version of the code was measured, and whether the pipeline is another one by now."""
    said = f"code of {code['date']} ({code['commit']})"
    later = read_git("rev-list", "--count", f"{code['commit']}..HEAD", "--", "../stages", "../stacker")
    commits = "1 commit" if later == "1" else f"{later or 'unknown'} commits"
    return said if later == "0" else f"{said}, **stale: {commits} to the pipeline since**"


def format_table(columns: list[str], rows: list[list[Any]]) -> str:
    """A markdown table."""
    lines = [columns, ["---"] * len(columns), *([format_value(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def format_value(value: Any) -> str:
    """Three significant digits for floats, all digits for whole numbers and text."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if 0.9 < value < 1 else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def draw_charts(charts: list[dict[str, Any]], path: Path) -> None:
    """All charts in one picture, two a row."""
    if not charts:
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = -(-len(charts) // 2)
    figure, axes = pyplot.subplots(rows, 2, figsize=(12, 4 * rows), squeeze=False, layout="constrained")
    for axis in axes.flat[len(charts) :]:
        axis.remove()
    for axis, chart in zip(axes.flat, charts, strict=False):
        draw_chart(axis, chart)
    figure.savefig(path, dpi=90, metadata={"Software": None})
    pyplot.close(figure)


def draw_chart(axis: Any, chart: dict[str, Any]) -> None:
    """One chart, bars or lines, from zero."""
    width = 0.8 / len(chart["series"])
    for number, (name, (xs, ys)) in enumerate(chart["series"].items()):
        if chart["is_bars"]:
            axis.bar([place + number * width for place in range(len(xs))], ys, width, label=name)
            axis.set_xticks([place + 0.4 - width / 2 for place in range(len(xs))], xs, rotation=20, ha="right")
        else:
            axis.plot(xs, ys, marker="o", label=name)
    axis.set_title(chart["title"])
    axis.set_xlabel(chart["x_label"])
    axis.set_ylabel(chart["y_label"])
    axis.set_ylim(0, 1.2 * max(value for _, ys in chart["series"].values() for value in ys))  # the legend needs room
    if len(chart["series"]) > 1:
        axis.legend()
