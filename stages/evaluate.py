"""Score one member on the test split, from its saved predictions: no network runs.

Reads `data/predictions/<member>.npz`, the test labels and the class names; writes `metrics/<member>.json` and
`plots/{confusion,roc}/<member>.csv`.
Alone: `python -m stages.evaluate <member>`.
"""

from stages.arrays import load_classes, load_labels
from stages.errors import read_argument, run_stage
from stages.predictions import load_predictions, spread_classes
from stages.reports import write_report
from stages.scores import compute_scores


def main() -> None:
    label = read_argument("member")
    predictions = load_predictions(label)
    labels, classes = load_labels("test"), load_classes()
    facts = {}
    if len(predictions.initial_test):
        initial = compute_scores(labels, spread_classes(predictions.initial_test), classes)
        facts["initial"] = {name: initial[name] for name in ("accuracy", "log_loss")}
    write_report(label, labels, spread_classes(predictions.test), classes, facts)


if __name__ == "__main__":
    run_stage(main)
