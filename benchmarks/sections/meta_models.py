"""The penalised meta-model against every simple combination, the best member, and the meta-model that was before it."""

from benchmarks.cells import AGAIN, NOISE, SPLITS, Cell, Heads, Outcome, make_hundred_classes, measure_cell
from benchmarks.kept_features import join_pools, make_digits, make_photos
from benchmarks.meta_model_bars import judge, list_bars
from benchmarks.meta_model_costs import measure_costs
from benchmarks.meta_model_picture import PICTURE, draw_differences
from benchmarks.paired_splits import RIVALS, measure_difference
from benchmarks.photos import Bench
from benchmarks.results import Result, Table
from stacker.artifacts.arrays import SPLITS as NAMED_SPLITS
from stacker.ensembles.procedure import Pool

TITLE = "Meta-models: the penalised one against simple combinations and the one before"
OVERFITTED = 100.0  # the members' `C`: next to no penalty
QUICK = (
    Cell("parity", 300),
    Cell("parity", 800),
    Cell("ten digits", 300),
    Cell("ten digits", 800),
    Cell("parity", 800, "a useless member", extra=NOISE),
    Cell("parity", 800, "a member twice", extra=AGAIN),
    Cell("parity", 800, "10 % wrong labels", wrong=0.1),
)
FULL = (
    Cell("parity", 800, "overfitted members", strength=OVERFITTED),
    Cell("ten digits", 800, "a useless member", extra=NOISE),
    Cell("ten digits", 800, "a member twice", extra=AGAIN),
    Cell("eight or not", 800, "classes 9:1"),
    Cell("100 classes", 1000),
    Cell("photos", 300),
    Cell("photos", 1000),
)
TEN = "ten digits"


def measure(bench: Bench) -> Result:
    """Paired differences, the bars, and the costs; a picture beside."""
    pools = make_digits(bench)
    if bench.is_full:
        pools |= {"100 classes": make_hundred_classes(), "photos": join_photos(bench)}
    heads = Heads()
    outcomes: dict[Cell, Outcome] = {}
    for cell in (*QUICK, *(FULL if bench.is_full else ())):
        outcomes[cell] = measure_cell(cell, pools[cell.data], heads)
        print(f"{cell.name}: {'; '.join(judge(outcomes[cell], cell.data == TEN))}", flush=True)
    draw_differences({cell.name: outcome for cell, outcome in outcomes.items()})
    tables = [tabulate(outcomes, "accuracy"), tabulate(outcomes, "log_loss"), list_verdicts(outcomes)]
    return Result(TITLE, describe(), [*tables, measure_costs(pools["photos" if bench.is_full else "parity"])], [])


def join_photos(bench: Bench) -> Pool:
    """The photos of all splits: each draw makes its own."""
    pools = make_photos(bench)
    return join_pools([pools[split] for split in NAMED_SPLITS])


def tabulate(outcomes: dict[Cell, Outcome], metric: str) -> Table:
    """A line a cell: the new one's figure, and its paired difference to each rival."""
    word, sign = ("accuracy", "higher") if metric == "accuracy" else ("log loss", "lower")
    table = Table([f"{word} ({sign} is better)", "tested", "new", *(f"less {rival}" for rival in RIVALS)], [])
    for cell, outcome in outcomes.items():
        new = outcome.take("new", metric)
        differences = [measure_difference(new, outcome.take(rival, metric)) for rival in RIVALS]
        row = [f"{mean:+.4f} ± {error:.4f}" for mean, error in differences]
        table.rows.append([cell.name, outcome.tested, f"{sum(new) / len(new):.4f}", *row])
    return table


def list_verdicts(outcomes: dict[Cell, Outcome]) -> Table:
    """A line a cell: which bars are met."""
    table = Table(["cell", *list_bars(), "hidden units"], [])
    for cell, outcome in outcomes.items():
        table.rows.append([cell.name, *judge(outcome, cell.data == TEN), f"in {outcome.bent} of {SPLITS}"])
    return table


def describe() -> list[str]:
    """What was run, for a reader of the tables."""
    return [
        f"{SPLITS} random splits of kept features a cell; on each, all rivals combine the same members, and are tested "
        "on all rows that were not drawn to learn from. A figure is the new meta-model's (`fit: penalised`, its "
        "defaults) less the rival's, the mean over the splits, ± its standard error. The splits share rows, so that "
        "these errors are somewhat too small. `old` is `fit: adam` with 10 units, `features` one head on the features "
        "of all members side by side, `best member` that with the lowest held-out log loss.",
        "The heads' `training.C` is found once a cell, by the folds of its first split, not in every split. Parity, "
        "ten digits and eight-or-not are the default's 1,797 digits on its random backbones. Of 100 classes, synthetic "
        "features are split over three members. Overfitted members have `training.C` 100; wrong labels are among the "
        "learnt rows alone.",
        "The bars: accuracy not more than 2 standard errors behind the mean, greedy weights, logistic regression and "
        "the best member; log loss no higher than the mean's, and within 10 % of the best of the combinations (chosen "
        "in hindsight, by its mean over the splits); on ten classes more than 2 standard errors ahead of the old one.",
        f"![differences to the best simple combination and to the old meta-model]({PICTURE.name})",
        "AutoGluon as a rival on the same features: the recipe and the figures known so far are in "
        "[README.md](README.md).",
    ]
