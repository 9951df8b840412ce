"""Does `stacker next` choose photos that teach more than any others? A hundred are labelled, fifty more are chosen.

The members' heads and nothing else learn anew; the mean of their logits stands for the ensemble.
"""

import numpy as np

from benchmarks.kept_features import join_pools, make_digits, make_photos
from benchmarks.paired_splits import Score, measure_difference, score
from benchmarks.photos import Bench
from benchmarks.results import Result, Table
from stacker.artifacts.logits import spread_classes
from stacker.ensembles.combining import combine_geometric
from stacker.ensembles.procedure import Pool
from stacker.splits.held_out import plan_fits
from stacker.splits.splitting import draw_rows
from stacker.training.linear_fits import LinearHead, fit_strengths, tune_strength
from stacker.uncertainty.next_photos import choose_next, join_space, measure_vote_entropy

TITLE = "Which photos to label next"
LABELLED, COUNT, DRAWS = 100, 50, 5
FOLDS = 5
AT_RANDOM, BY_NEXT, BY_ENTROPY = "at random", "stacker next", "largest vote entropy"
BY_DIVERGENCE, BY_SPACE = "members' divergence", "features alone"
RIVALS = (BY_NEXT, BY_ENTROPY, BY_DIVERGENCE, BY_SPACE)
WAYS = (AT_RANDOM, *RIVALS)

Heads = dict[str, LinearHead]


def measure(bench: Bench) -> Result:
    """Scores on the test photos after the first photos, and after as many more by each way to choose them."""
    if bench.is_full:
        pools = make_photos(bench)
        pool, test = join_pools([pools["train"], pools["validation"]]), pools["test"]
    else:
        parity = make_digits(bench)["parity"]
        rows = draw_rows(parity.labels, parity.groups, 0.5, seed=0)
        pool, test = parity.take(rows), parity.take(np.setdiff1d(np.arange(len(parity.labels)), rows))
    draws = [run_draw(pool, test, seed) for seed in range(DRAWS)]
    return Result(TITLE, describe(pool, test, bench.is_full), [tabulate(draws), compare(draws)], [])


def run_draw(pool: Pool, test: Pool, seed: int) -> dict[str, Score]:
    """One draw of the first photos, the same for every way to choose more."""
    first = draw_rows(pool.labels, pool.groups, LABELLED / len(pool.labels), seed)
    rest = np.setdiff1d(np.arange(len(pool.labels)), first)
    unlabelled = pool.take(rest)
    heads = fit_heads(pool.take(first))
    answers = {label: spread_classes(logits) for label, logits in predict(heads, unlabelled).items()}
    scores = {"none": judge(heads, test)}
    for way in WAYS:
        chosen = rest[choose(way, answers, unlabelled, seed)]
        scores[way] = judge(fit_heads(pool.take(np.sort(np.concatenate([first, chosen])))), test)
    return scores


def choose(way: str, answers: dict[str, np.ndarray], unlabelled: Pool, seed: int) -> np.ndarray:
    """The rows of `unlabelled` to label, int64, by one of `WAYS`; `answers`: each member's probabilities."""
    if way == AT_RANDOM:
        return np.random.default_rng([seed, 1]).choice(len(unlabelled.labels), COUNT, replace=False)
    space = join_space(unlabelled.features)
    entropy = measure_vote_entropy(answers)
    if way == BY_NEXT:
        return choose_next(entropy, space, COUNT)
    if way == BY_DIVERGENCE:
        spread = [measure_vote_entropy({"": values}) for values in answers.values()]
        return choose_next(np.maximum(entropy - np.mean(spread, axis=0), 0), space, COUNT)
    if way == BY_SPACE:
        return choose_next(np.ones(len(space)), space, COUNT)
    return np.argsort(-entropy, kind="stable")[:COUNT]


def fit_heads(learnt: Pool) -> Heads:
    """Each member's head, at its optimum, with the penalty that the folds choose."""
    plan = plan_fits("oof", learnt.labels, learnt.groups, FOLDS, 0.2, 0, learnt.classes)
    heads = {}
    for label, features in learnt.features.items():
        tuning = tune_strength(features, learnt.labels, plan.folds, is_balanced=False)
        strengths = (tuning.strengths[tuning.best],)
        (heads[label],) = fit_strengths(features, learnt.labels, plan.final.learn, strengths, is_balanced=False)
    return heads


def predict(heads: Heads, pool: Pool) -> dict[str, np.ndarray]:
    """By member, logits, float32, (n, 1) or (n, classes)."""
    return {label: head.predict(pool.features[label]).astype(np.float32) for label, head in heads.items()}


def judge(heads: Heads, test: Pool) -> Score:
    """Of the mean of the members' logits."""
    return score(test.labels, combine_geometric(predict(heads, test)))


def tabulate(draws: list[dict[str, Score]]) -> Table:
    """A line a draw: accuracy and log loss by way."""
    names = ["none", *WAYS]
    table = Table(["draw", *(f"{what}, {name}" for what in ("accuracy", "log loss") for name in names)], [])
    for number, scores in enumerate(draws, start=1):
        values = [f"{scores[name][place]:.4f}" for place in range(2) for name in names]
        table.rows.append([number, *values])
    means = [f"{np.mean([scores[name][place] for scores in draws]):.4f}" for place in range(2) for name in names]
    table.rows.append(["mean", *means])
    return table


def compare(draws: list[dict[str, Score]]) -> Table:
    """Each way less the draw at random, after the same first photos."""
    table = Table(["more photos", "accuracy", "in draws", "log loss", "in draws"], [])
    for way in RIVALS:
        cells = []
        for place, sign in ((0, 1), (1, -1)):
            values, others = ([scores[name][place] for scores in draws] for name in (way, AT_RANDOM))
            mean, error = measure_difference(values, others)
            better = sum(sign * (value - other) > 0 for value, other in zip(values, others, strict=True))
            cells += [f"{mean:+.4f} ± {error:.4f}", f"better in {better} of {len(draws)}"]
        table.rows.append([way, *cells])
    return table


def describe(pool: Pool, test: Pool, is_full: bool) -> list[str]:
    """What was run, for a reader of the tables."""
    photos = "the tutorial's photos" if is_full else "digits, even against odd, by random backbones"
    return [
        f"Of {len(pool.labels):,} ({photos}) about {LABELLED} are labelled, {DRAWS} draws. The members' heads learn "
        f"them, {COUNT} of the others are chosen, and the heads learn all of them anew, their penalty too. Tested on "
        f"the same {len(test.labels):,} each time. {BY_ENTROPY}: without spreading the photos over the features; "
        f"{BY_DIVERGENCE}: spread, weighted by the Jensen-Shannon divergence of the members' answers; {BY_SPACE}: "
        "spread, whatever the members say. The second table is the difference to a choice at random; ± is its standard "
        "error over the draws, which leaves out that another test set would give other figures.",
        f"What {BY_NEXT} does was settled with results on these photos and on digits in sight; between the ways that "
        "spread photos the differences are no more than chance gives.",
    ]
