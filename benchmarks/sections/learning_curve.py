"""How the whole recipe grows with the photos that it learns from: the ensemble, its best member, and rivals."""

from collections.abc import Mapping

import numpy as np

from benchmarks.kept_features import join_pools, make_photos
from benchmarks.learning_curve_picture import PICTURE, draw_curves
from benchmarks.paired_splits import Score, measure_difference, score
from benchmarks.photos import MEMBERS, Bench
from benchmarks.results import Result, Table
from stacker.ensembles.procedure import Pool, Procedure
from stacker.settings.inference import Inference
from stacker.settings.members import Head, Member
from stacker.settings.meta_models import PenalisedMetaModel
from stacker.settings.stacking import Stacking
from stacker.settings.training import Training

TITLE = "Learning curve of the whole recipe"
SIZES = (25, 50, 100, 200, 500)  # photos a class
DRAWS, QUICK_DRAWS = 5, 2
WATCHED = 0.1  # for early stopping: as many more, drawn beside those that are learnt
ENSEMBLE = "ensemble"
RIVALS = ("geometric mean", "mean", "features", "best member", "Dense heads, mean of logits")
LARGEST_RATIO = 1.05  # of the ensemble's log loss to the geometric mean's
ERRORS = 2.0

Scores = Mapping[str, list[Score]]  # by model, one a draw


def measure(bench: Bench) -> Result:
    """Scores on the test photos by size; a picture where the photos are real ones."""
    pools = make_photos(bench)
    pool = join_pools([pools["train"], pools["validation"]])
    largest = np.bincount(pool.labels).min() / (1 + WATCHED)
    draws = DRAWS if bench.is_full else QUICK_DRAWS
    curve: dict[int, Scores] = {}
    for size in (size for size in SIZES if size <= largest):
        runs = [run_draw(pool, pools["test"], size, seed) for seed in range(draws)]
        curve[size] = {model: [run[model] for run in runs] for model in (ENSEMBLE, *RIVALS)}
        print(f"{size} a class: {judge_loss(curve[size])}; {judge_accuracy(curve[size])}", flush=True)
    if bench.is_full:
        draw_curves(curve)
    tables = [tabulate(curve, "accuracy"), tabulate(curve, "log_loss"), list_verdicts(curve)]
    return Result(TITLE, describe(draws, len(pools["test"].labels)), tables, [])


def run_draw(pool: Pool, test: Pool, size: int, seed: int) -> dict[str, Score]:
    """The recipe, and Dense heads by mini-batches, on the same photos."""
    learnt, watched = draw_photos(pool.labels, size, seed)
    photos = (pool.take(learnt), pool.take(watched), test)
    recipe = Procedure(
        build_members(Head(), Training()),
        Stacking(),
        {ENSEMBLE: PenalisedMetaModel()},
        Inference(),
        is_fused=True,
    ).run(*photos)
    dense = Procedure(
        build_members(
            Head(standardize=True, dropout=0.5),
            Training(solver="minibatch", epochs=15, patience=5, learning_rate=0.001),
        ),
        Stacking(fit_on="train"),  # one fit a member: nothing learns from what they hold out
        {},
        Inference(),
        is_fused=False,
    ).run(*photos)
    best = next(name for kind, name in recipe if kind == "member")  # the procedure orders them by held-out log loss
    answers = {
        ENSEMBLE: recipe["ensemble", ENSEMBLE],
        "geometric mean": recipe["baseline", "geometric_mean"],
        "mean": recipe["baseline", "mean"],
        "features": recipe["baseline", "features"],
        "best member": recipe["member", best],
        "Dense heads, mean of logits": dense["baseline", "geometric_mean"],
    }
    return {model: score(test.labels, probabilities) for model, probabilities in answers.items()}


def draw_photos(labels: np.ndarray, size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from, `size` of every class, and to watch: int64, sorted."""
    generator = np.random.default_rng([seed, size])
    learnt, watched = [], []
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        learnt.append(rows[:size])
        watched.append(rows[size : size + max(1, round(WATCHED * size))])
    return np.sort(np.concatenate(learnt)), np.sort(np.concatenate(watched))


def build_members(head: Head, training: Training) -> dict[str, Member]:
    """The tutorial's three members, with heads of one kind."""
    members = {
        label: {"backbone": {"name": name, "pooling": "avg"}, "head": head, "training": training}
        for label, name in MEMBERS.items()
    }
    return {label: Member.model_validate(settings) for label, settings in members.items()}


def take(scores: Scores, model: str, metric: str) -> list[float]:
    """One model's "accuracy" or "log_loss" in every draw."""
    return [getattr(entry, metric) for entry in scores[model]]


def judge_loss(scores: Scores) -> str:
    """Is the ensemble's log loss at most 5 % above the geometric mean's?"""
    ratio = np.mean(take(scores, ENSEMBLE, "log_loss")) / np.mean(take(scores, RIVALS[0], "log_loss"))
    return f"{'met' if ratio <= LARGEST_RATIO else 'MISSED'}: {ratio:.3f} x geometric mean"


def judge_accuracy(scores: Scores) -> str:
    """Is the ensemble's accuracy not significantly behind that of any rival?"""
    behind = []
    for rival in RIVALS:
        mean, error = measure_difference(take(scores, ENSEMBLE, "accuracy"), take(scores, rival, "accuracy"))
        if mean < -ERRORS * error:
            behind.append(f"{rival} {mean:+.4f} ± {error:.4f}")
    return f"MISSED: {', '.join(behind)}" if behind else "met"


def tabulate(curve: Mapping[int, Scores], metric: str) -> Table:
    """A line a size: the mean over the draws ± its standard error, of every model."""
    word = metric.replace("_", " ")
    table = Table([f"{word}, photos a class", ENSEMBLE, *RIVALS], [])
    for size, scores in curve.items():
        values = [take(scores, model, metric) for model in (ENSEMBLE, *RIVALS)]
        errors = [np.std(draws, ddof=1) / np.sqrt(len(draws)) for draws in values]
        cells = [f"{np.mean(draws):.4f} ± {error:.4f}" for draws, error in zip(values, errors, strict=True)]
        table.rows.append([size, *cells])
    return table


def list_verdicts(curve: Mapping[int, Scores]) -> Table:
    """A line a size: the bars, and how the ensemble stands to each rival in accuracy and log loss."""
    table = Table(["photos a class", "log loss within 5 %", "accuracy not behind", *(f"less {r}" for r in RIVALS)], [])
    for size, scores in curve.items():
        row = []
        for rival in RIVALS:
            pairs = [(take(scores, ENSEMBLE, metric), take(scores, rival, metric)) for metric in Score._fields]
            (gain, gain_error), (loss, loss_error) = (measure_difference(*pair) for pair in pairs)
            row.append(f"{gain:+.4f} ± {gain_error:.4f}; {loss:+.4f} ± {loss_error:.4f}")
        table.rows.append([size, judge_loss(scores), judge_accuracy(scores), *row])
    return table


def describe(draws: int, tested: int) -> list[str]:
    """What was run, for a reader of the tables."""
    return [
        f"{draws} draws a size from the train photos, tested on the same {tested:,} photos each time; kept features, "
        "float32. Everything is learnt anew in each draw, `training.C` of every head included. The Dense heads are "
        "those before: `{standardize: true, dropout: 0.5}`, `{solver: minibatch, epochs: 15, patience: 5}`; they stop "
        "early by a tenth more photos, which the others do not use. `features` is one head on the features of all "
        "members side by side. ± is the standard error over the draws, which leaves out that another test set would "
        "give other figures.",
        "The bars: the ensemble's log loss at most 5 % above the geometric mean's, its accuracy not more than 2 "
        "standard errors behind any of them. So few draws, and so many comparisons, pass 2 standard errors by chance "
        "now and then. Differences in the third table: accuracy; log loss.",
        f"![learning curve](../docs/images/{PICTURE.name})",
    ]
