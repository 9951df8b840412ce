"""What fitting costs: the penalised meta-model with all that is fitted beside it, and one linear head."""

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.results import Table
from stacker.ensembles.held_out_rows import HeldOutRows
from stacker.ensembles.meta_fitting import Watched, fit_meta_model, fit_without_each
from stacker.ensembles.procedure import Pool
from stacker.settings.meta_models import PenalisedMetaModel
from stacker.splits.held_out import plan_fits
from stacker.training.linear_fits import fit_strengths, tune_strength

MEMBERS = 3
META_BARS = {2_000: 4.0, 20_000: 20.0}  # seconds, by rows
HEAD_ROWS, HEAD_BAR = 2_000, 10.0
WIDEST = "xception"


def measure_costs(pool: Pool) -> Table:
    """Seconds of each, in this process, after imports and one small fit; and the bar."""
    table = Table(["fit", "seconds", "bar, s", "verdict"], [])
    fit_all(make_held_out(200))
    for rows, bar in META_BARS.items():
        seconds = time_call(partial(fit_all, make_held_out(rows)))
        add_row(table, f"meta-model and {MEMBERS + 1} fits to leave members out, {rows:,} rows", seconds, bar)
    chosen = np.random.default_rng(0).permutation(len(pool.labels))[:HEAD_ROWS]
    features, labels = pool.features[WIDEST][chosen], pool.labels[chosen]
    seconds = time_call(partial(fit_head, features, labels))
    size = f"{features.shape[0]:,} x {features.shape[1]:,}"
    add_row(table, f"a linear head, {size}: all strengths on 5 folds, then 6 fits", seconds, HEAD_BAR)
    return table


def add_row(table: Table, fit: str, seconds: float, bar: float) -> None:
    """A line, with the verdict."""
    table.rows.append([fit, f"{seconds:.2f}", f"{bar:.0f}", "met" if seconds <= bar else "MISSED"])


def time_call(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def make_held_out(rows: int) -> HeldOutRows:
    """What three members hold out of a job of two classes: their logits share most of their noise."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, rows)
    shared = generator.normal(3 * (2 * labels - 1), 2)
    logits = {
        f"member_{number}": (shared + generator.normal(0, 2, rows)).astype(np.float32)[:, np.newaxis]
        for number in range(MEMBERS)
    }
    return HeldOutRows(logits, labels, np.arange(rows), np.arange(rows) % 5, is_balanced=False)


def fit_all(held_out: HeldOutRows) -> None:
    """As the stage `stack` does: fit, choose the spread, and leave each member out."""
    settings = PenalisedMetaModel()
    fitted = fit_meta_model(held_out, Watched(held_out.logits, held_out.labels), 2, settings)
    fit_without_each(held_out, settings, fitted.spread)


def fit_head(features: np.ndarray, labels: np.ndarray) -> None:
    """As the stage `train` does: choose the strength by the folds, fit whole, and on each fold."""
    plan = plan_fits("oof", labels, np.arange(len(labels)), 5, 0.2, 0, ["first", "second"])
    tuning = tune_strength(features, labels, plan.folds, is_balanced=False)
    for fold in (plan.final, *plan.folds):
        fit_strengths(features, labels, fold.learn, (tuning.strengths[tuning.best],), is_balanced=False)
