import itertools

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from sklearn.metrics import log_loss

from stacker.artifacts.logits import spread_classes
from stacker.ensembles.combining import (
    choose_greedy_weights,
    combine_geometric,
    combine_mean,
    combine_weighted,
    fit_logistic,
    fit_member_weights,
    fit_prior,
)
from stacker.ensembles.held_out_rows import HeldOutRows


def draw_members(knowledge, n=120, classes=2, seed=0):
    """Labels, and by member logits, (n, 1) for two classes or (n, classes), that know something of them."""
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    members = {}
    for number, known in enumerate(knowledge):
        logits = generator.normal(size=(n, classes)) + known * np.eye(classes)[labels]
        members[f"member_{number}"] = logits[:, 1:] - logits[:, :1] if classes == 2 else logits
    return labels, members


def hold_out(labels, members, is_balanced=False):
    rows = np.arange(len(labels))
    return HeldOutRows(members, labels, rows, rows % 5, is_balanced)


def score(labels, probabilities):
    return log_loss(labels, probabilities, labels=range(probabilities.shape[1]))


def make_two():
    """A sigmoid that gives 0.8 to the second class, and a softmax that gives it 0.4."""
    return {"first": np.array([[np.log(0.8 / 0.2)]]), "second": np.log(np.array([[0.6, 0.4]])) + 3}


def test_mean_is_the_mean():
    assert combine_mean(make_two()) == pytest.approx(np.array([[0.4, 0.6]]))


def test_the_geometric_mean_is_the_mean_of_the_logits():
    odds = np.sqrt(0.8 / 0.2 * (0.4 / 0.6))

    assert combine_geometric(make_two()) == pytest.approx(np.array([[1, odds]]) / (1 + odds))
    three = {"first": np.log([[0.5, 0.3, 0.2]]) + 7, "second": np.log([[0.1, 0.1, 0.8]])}
    products = np.sqrt([0.05, 0.03, 0.16])
    assert combine_geometric(three) == pytest.approx((products / products.sum())[np.newaxis])


@pytest.mark.parametrize("classes", [2, 3])
def test_one_weight_a_member_is_the_minimum_of_its_penalised_loss(classes):
    labels, members = draw_members([1.5, 0.7], classes=classes)
    fit = fit_member_weights(hold_out(labels, members))
    logs = [np.log(spread_classes(logits)) for logits in members.values()]

    def evaluate(values):
        shift = np.r_[0, values[2:]] if classes == 2 else values[2:]
        z = sum(weight * log for weight, log in zip(values, logs, strict=False)) + shift
        losses = logsumexp(z, axis=1) - z[np.arange(len(labels)), labels]
        return losses.sum() + (((values[:2] - 0.5) ** 2).sum() + (values[2:] ** 2).sum()) / 2

    best = minimize(evaluate, np.zeros(2 + (1 if classes == 2 else classes)), tol=1e-10)
    assert fit.parameters.w == pytest.approx(best.x[:2], abs=1e-4)
    assert fit.parameters.b == pytest.approx(best.x[2:], abs=1e-4)
    assert fit.parameters.w[0] > fit.parameters.w[1] + 0.1


def test_weights_weigh():
    assert combine_weighted(make_two(), {"first": 0.75, "second": 0.25}) == pytest.approx(np.array([[0.3, 0.7]]))


@pytest.mark.parametrize("classes", [2, 4])
def test_greedy_weights_are_those_of_a_plain_loop(classes):
    labels, members = draw_members([1.0, 0.8, 0.3], classes=classes)
    probabilities = {member: spread_classes(logits) for member, logits in members.items()}
    chosen, best = [], (np.inf, [])
    for _ in range(20):
        losses = {m: score(labels, np.mean([probabilities[c] for c in [*chosen, m]], axis=0)) for m in members}
        chosen.append(min(losses, key=losses.get))
        best = min(best, (losses[chosen[-1]], list(chosen)))

    weights = choose_greedy_weights(hold_out(labels, members), rounds=20)

    assert weights == {member: best[1].count(member) / len(best[1]) for member in members}


def test_greedy_weights_come_near_the_best_on_a_grid():
    labels, members = draw_members([1.0, 0.8, 0.3])
    weights = choose_greedy_weights(hold_out(labels, members))
    grid = [share for share in itertools.product(range(21), repeat=3) if sum(share) == 20]
    best = min(
        score(labels, combine_weighted(members, dict(zip(members, np.array(s) / 20, strict=True)))) for s in grid
    )

    assert sum(weights.values()) == pytest.approx(1)
    assert score(labels, combine_weighted(members, weights)) < best + 1e-3


def test_greedy_leaves_out_a_member_worse_than_chance():
    labels, members = draw_members([1.5, -2.0])

    assert choose_greedy_weights(hold_out(labels, members)) == {"member_0": 1, "member_1": 0}


def test_greedy_is_content_with_a_perfect_member():
    labels, members = draw_members([1.0, 1.0])
    members["perfect"] = 200.0 * labels[:, np.newaxis] - 100

    assert choose_greedy_weights(hold_out(labels, members))["perfect"] == 1


def test_greedy_of_two_identical_members_is_that_member():
    labels, members = draw_members([1.0])
    twins = {"first": members["member_0"], "second": members["member_0"]}
    weights = choose_greedy_weights(hold_out(labels, twins))

    assert combine_weighted(twins, weights) == pytest.approx(spread_classes(members["member_0"]))


def test_greedy_weighs_rare_rows_where_every_class_counts_the_same():
    labels = np.array([0] * 18 + [1] * 2)
    of_many = np.where(labels == 0, -3.0, -0.5)[:, np.newaxis]  # knows the frequent class
    of_few = np.where(labels == 0, 0.2, 3.0)[:, np.newaxis]  # knows the rare one
    members = {"of_many": of_many, "of_few": of_few}

    plain = choose_greedy_weights(hold_out(labels, members))
    balanced = choose_greedy_weights(hold_out(labels, members, is_balanced=True))

    assert plain["of_few"] < 0.2
    assert balanced["of_few"] > 0.4


@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_regression_turns_a_member_worse_than_chance_around(classes):
    labels, members = draw_members([-3.0, 0.0], classes=classes, n=300)

    combined = fit_logistic(hold_out(labels, members), classes)(members)

    assert (spread_classes(members["member_0"]).argmax(axis=1) == labels).mean() < 0.2
    assert (combined.argmax(axis=1) == labels).mean() > 0.7
    assert combined.sum(axis=1) == pytest.approx(np.ones(300))


def minimise_loss(features, labels, classes, row_weights):
    """Weights (features + 1, classes) that minimise the log loss summed over the rows and half the squared weights.

    Without a penalty on the intercepts; for two classes the weights of one logit, as a softmax of two would share the
    penalty between both.
    """
    width = 1 if classes == 2 else classes
    columns = np.hstack([features, np.ones((len(features), 1))])

    def compute_loss(flat):
        weights = flat.reshape(-1, width)
        logits = columns @ weights
        logits = np.hstack([np.zeros_like(logits), logits]) if width == 1 else logits
        log_losses = logsumexp(logits, axis=1) - logits[np.arange(len(labels)), labels]
        return row_weights @ log_losses + (weights[:-1] ** 2).sum() / 2

    start = np.zeros(columns.shape[1] * width)
    return minimize(compute_loss, start, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-9}).x.reshape(-1, width)


@pytest.mark.parametrize("is_balanced", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_regression_is_the_minimum_of_its_penalised_loss(classes, is_balanced):
    labels, members = draw_members([1.0, 0.4], n=60, classes=classes)
    labels = np.where(np.arange(60) < 9, 0, labels)  # not all classes are of one size, so that an intercept shows
    _, test = draw_members([1.0, 0.4], n=24, classes=classes, seed=1)
    features, others = (
        np.hstack([v if classes == 2 else v - v.mean(axis=1, keepdims=True) for v in logits.values()])
        for logits in (members, test)
    )
    counts = np.bincount(labels)
    row_weights = 60 / (classes * counts[labels]) if is_balanced else np.ones(60)
    weights = minimise_loss(features, labels, classes, row_weights)
    logits = np.hstack([others, np.ones((24, 1))]) @ weights
    logits = np.hstack([np.zeros_like(logits), logits]) if classes == 2 else logits

    combined = fit_logistic(hold_out(labels, members, is_balanced), classes)(test)

    # scikit-learn stops a little early, 0.001 away; half or twice the penalty would be 0.007 away or more
    np.testing.assert_allclose(combined, softmax(logits, axis=1), atol=2e-3, rtol=0)


def test_logistic_regression_takes_its_columns_by_name():
    labels, members = draw_members([2.0, 0.5, -1.0])
    predict = fit_logistic(hold_out(labels, members), 2)

    assert np.array_equal(predict(members), predict(dict(reversed(members.items()))))


def test_logistic_regression_survives_certainty_and_constants():
    labels, members = draw_members([1.0])
    members["perfect"] = 2e6 * labels[:, np.newaxis] - 1e6
    members["constant"] = np.zeros((len(labels), 1))

    combined = fit_logistic(hold_out(labels, members), 2)(members)

    assert np.isfinite(combined).all()
    assert np.array_equal(combined.argmax(axis=1), labels)


def test_a_class_that_no_held_out_row_has_gets_no_probability():
    labels, members = draw_members([2.0, 1.0], classes=3)
    known = labels != 1

    combined = fit_logistic(hold_out(labels, members).take(known), 3)(members)

    assert combined.shape == (len(labels), 3)
    assert np.array_equal(combined[:, 1], np.zeros(len(labels)))
    assert combined.sum(axis=1) == pytest.approx(np.ones(len(labels)))


def test_of_rows_of_one_class_that_one_is_sure():
    labels, members = draw_members([1.0, 1.0])

    combined = fit_logistic(hold_out(np.ones_like(labels), members), 3)(members)

    assert combined.tolist() == [[0, 1, 0]] * 120


def test_the_most_frequent_class_is_always_said_by_the_classes_shares():
    labels = np.array([2, 0, 2, 2, 1, 0, 2, 2])
    predict = fit_prior(hold_out(labels, {"only": np.zeros((8, 4))}), 4)

    assert predict({"only": np.ones((3, 4))}).tolist() == [[0.25, 0.125, 0.625, 0.0]] * 3
