"""Models with made-up answers, for tests of what is drawn and written of them."""

import numpy as np

from stacker.scoring.scores import compute_summary
from stacker.scoring.standings import Model

NOTHING = np.empty((0, 2))


def make_models(members, classes, n=60):
    """Labels, and members, two baselines and an ensemble that know something of them."""
    generator = np.random.default_rng(0)
    labels = np.arange(n) % classes
    names = [("member", f"member_{number}") for number in range(members)]
    names += [("baseline", "mean"), ("baseline", "greedy"), ("ensemble", "ensemble")]
    concentration = np.eye(classes)[labels] * 3 + 1
    draws = [np.stack([generator.dirichlet(row) for row in concentration]) for _ in names]
    scores = [compute_summary(labels, draw, np.arange(n)) for draw in draws]
    return labels, [Model(kind, name, *answers) for (kind, name), *answers in zip(names, scores, draws, strict=True)]


def read_text(figure):
    """All that is written in a figure."""
    return "\n".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))


def name_classes(count):
    return [f"class {number}" for number in range(count)]
