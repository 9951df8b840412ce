"""All pictures of a comparison, drawn into `plots/`."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from stacker.artifacts.arrays import MANIFEST, load_images
from stacker.pictures.confusion_picture import draw_confusion
from stacker.pictures.contact_sheet import draw_contact_sheet
from stacker.pictures.leaderboard_picture import draw_leaderboard
from stacker.pictures.learning_curves_picture import draw_learning_curves
from stacker.pictures.look import fixed_look, save_picture
from stacker.pictures.reliability_picture import draw_reliability
from stacker.pictures.shown_photos import (
    Shown,
    collect_votes,
    find_least_sure,
    find_mistakes,
    read_paths,
    write_title,
)
from stacker.pictures.trade_off_pictures import draw_precision_recall, draw_roc
from stacker.scoring.leaderboard import Findings
from stacker.scoring.rows import Rows
from stacker.scoring.standings import Model

KINDS = ("ensemble", "member", "baseline")


def draw_pictures(findings: Findings, test: Rows, histories: dict[str, dict[str, list[str]]]) -> None:
    """Draw all pictures into `plots/`, of the models that are to be drawn."""
    standings = [standing for standing in findings.standings if standing.model.is_drawn]
    models = [standing.model for standing in standings]
    models.sort(key=lambda model: (KINDS.index(model.kind), model.name))  # so that `dvc plots diff` shows like by like
    with fixed_look():
        save_picture(draw_leaderboard(standings, findings.best_member), "leaderboard")
        save_picture(draw_learning_curves(histories), "learning_curves")
        save_picture(draw_roc(models, test.labels, findings.classes), "roc")
        save_picture(draw_precision_recall(models, test.labels, findings.classes), "precision_recall")
        save_picture(draw_confusion(models, test.labels, findings.classes), "confusion")
        save_picture(draw_reliability(models, test), "reliability")
        voters = [model for model in models if model.kind != "baseline"]
        judged = next((model for model in voters if model.kind == "ensemble"), None)
        judged = judged or next(model for model in voters if model.name == findings.best_member)
        save_picture(draw_mistakes(judged, voters, test.labels, findings.classes), "mistakes")


def draw_mistakes(judged: Model, voters: list[Model], labels: np.ndarray, classes: Sequence[str]) -> Figure:
    """The contact sheet of `judged`, whose vote stands above those of the others."""
    votes = {judged.name: judged.test, **{model.name: model.test for model in sorted(voters, key=lambda m: m.name)}}
    images, paths = load_images("test"), read_paths(MANIFEST, "test")
    wrong = int((judged.test.argmax(axis=1) != labels).sum())
    rows = find_mistakes(labels, judged.test) if wrong else find_least_sure(judged.test)
    shown = [Shown(images[row], paths[row], classes[labels[row]], collect_votes(votes, row, classes)) for row in rows]
    return draw_contact_sheet(shown, write_title(judged.name, len(shown), wrong, len(labels)))
