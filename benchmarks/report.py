"""Write RESULTS.md and results.png from the stored results."""

from typing import Any

import matplotlib

from benchmarks.results import FOLDER, load_results

REPORT = FOLDER / "RESULTS.md"
PICTURE = FOLDER / "results.png"
HEADER = """# Results

Written by `make bench`; do not edit. Ratios are medians with the range in brackets, run by run, in alternating order.

- All sections, generated photos, random weights, small: `make bench`
- Some sections: `make bench BENCH="decode inference"`; their names: `python -m benchmarks.run --help`
- Real photos (`train/` and `validation/`, each with class folders) and weights files without top:
  `make bench BENCH="--full <photos> --weights <weights>"`
- A rival in an environment of its own: [README.md](README.md)

No GPU was at hand: nothing here was measured on one. A share of the peak above 100 % says that the large matrix
product, by which the peak is measured, does not reach the machine's limit either.

![charts](results.png)
"""


def write_report() -> None:
    """Write both files; sections keep their last result."""
    results = load_results()
    parts = [HEADER]
    machines: list[dict[str, str]] = []
    for section in results.values():
        machine = {key: value for key, value in section["machine"].items() if key != "load before"}
        if machine not in machines:
            machines.append(machine)
    for number, machine in enumerate(machines, start=1):
        parts.append(f"## Machine {number}\n\n{format_table(['', ''], [list(item) for item in machine.items()])}\n")
    for name, section in results.items():
        machine = {key: value for key, value in section["machine"].items() if key != "load before"}
        result = section["result"]
        ran = (
            f"Section `{name}`, machine {machines.index(machine) + 1}, load before {section['machine']['load before']}"
        )
        parts.append(f"## {result['title']}\n\n{ran}: `{section['command']}`\n")
        parts += [f"{note}\n" for note in result["notes"]]
        parts += [format_table(table["columns"], table["rows"]) + "\n" for table in result["tables"]]
    REPORT.write_text("\n".join(parts), encoding="utf-8")
    draw_charts([chart for section in results.values() for chart in section["result"]["charts"]])


def format_table(columns: list[str], rows: list[list[Any]]) -> str:
    """A markdown table."""
    lines = [columns, ["---"] * len(columns), *([format_value(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def format_value(value: Any) -> str:
    """Three significant digits for floats, all digits for whole numbers and text."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if 0.9 < value < 1 else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def draw_charts(charts: list[dict[str, Any]]) -> None:
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
    figure.savefig(PICTURE, dpi=90, metadata={"Software": None})
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
    axis.set_ylim(bottom=0)
    if len(chart["series"]) > 1:
        axis.legend()
