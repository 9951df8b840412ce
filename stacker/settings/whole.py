"""The whole of `params.yaml`: what the stage `check` reads, so that every setting is checked before work starts."""

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter

from stacker.settings.backbone import SharedBackbone
from stacker.settings.backbone_limits import list_beyond_backbone
from stacker.settings.backend import Backend
from stacker.settings.backend_limits import list_beyond_backend
from stacker.settings.cross_validation import CrossValidation
from stacker.settings.data import Data
from stacker.settings.fetch import Source
from stacker.settings.inference import Inference
from stacker.settings.members import Member
from stacker.settings.merging import complete_members, locate_setting
from stacker.settings.meta_models import EnsembleCheck, MetaModel
from stacker.settings.near_names import list_and
from stacker.settings.reading import PARAMS, explain_wrong, read_document, validate_at
from stacker.settings.resources import Resources
from stacker.settings.sections import Label, Section
from stacker.settings.stacking import Stacking
from stacker.settings.training import Training
from stacker.settings.unread import find_unread

# Files of the pipeline's own, keys of the leaderboard's metrics, and the layers that stand beside a member's input:
# Keras wants every name once.
RESERVED_LABELS = re.compile(
    r"members|ensembles|baselines|pairs|oracle|splits|leaderboard|details|audit|leave_one_out|resize|scale_pixels|"
    r"network|pool|head|augmented_images|member_outputs|hidden_\d+|logits|probabilities|meta_model"
)


class Settings(Section):
    """All of `params.yaml`, with each member complete. Every block that DVC tracks must be there, if only as `{}`."""

    backend: Backend
    fetch: dict[Label, Source]
    data: Data
    backbone: SharedBackbone
    training: Training
    members: dict[Label, Member]
    stacking: Stacking
    meta_models: dict[Label, MetaModel]
    ensemble_check: EnsembleCheck
    inference: Inference
    cross_validation: dict[Label, CrossValidation]
    resources: dict[Label, Resources] = {}  # no stage tracks it, so that a file may leave it out


def list_contradictions(settings: Settings) -> Iterator[str]:
    """A line for each block that does not go with another one, what is wrong with it and what to do."""
    if not settings.members:
        yield "members: there is none: name at least one"
        return
    for label, member in settings.members.items():
        yield from _check_member(settings, label, member)
    yield from list_beyond_backend(settings.backend, settings.members, settings.inference)
    for label in settings.meta_models:
        yield from _check_meta_model(settings, label)
    for label in settings.resources.keys() - settings.members.keys() - settings.meta_models.keys():
        labels = ", ".join([*settings.members, *settings.meta_models])
        yield f"resources.{label}: there is no such member or ensemble: choose from {labels}"
    learners = list_learners_from_images(settings) if settings.cross_validation else []
    if learners:
        yield (
            f"cross_validation: it repeats the whole procedure on kept features, and {list_and(learners)} "
            f"{'learns' if len(learners) == 1 else 'learn'} from images: set `cross_validation: {{}}`, or take away "
            "`backbone.trainable`, `training.augmentation` and `training.fine_tune`"
        )
    if settings.meta_models and len(settings.members) < 2:
        yield (
            f"members: stacking needs at least two, received one ({next(iter(settings.members))}): add a member, or "
            "set `meta_models: {}` to train it alone"
        )


def list_learners_from_images(settings: Settings) -> list[str]:
    """The members whose training runs the network, so that no kept features say what it gives."""
    return [label for label, member in settings.members.items() if member.learns_from_images]


def _check_member(settings: Settings, label: str, member: Member) -> Iterator[str]:
    if RESERVED_LABELS.fullmatch(label) or label.removeprefix("member_") in settings.members.keys() - {label}:
        yield f"members.{label}: that label is kept for a file or a layer of the pipeline's own: choose another"
    for problem in list_beyond_backbone(member.backbone, settings.data.image_size):
        yield f"members.{label}: {problem}"


def _check_meta_model(settings: Settings, label: str) -> Iterator[str]:
    if RESERVED_LABELS.fullmatch(label):
        yield f"meta_models.{label}: that label is kept for a file or a layer of the pipeline's own: choose another"
    if label in settings.members:
        yield f"meta_models.{label}: a member is called {label} too, and their files would be the same: rename one"
    if settings.meta_models[label].calibration and settings.stacking.fit_on == "train":
        yield (
            f"meta_models.{label}.calibration: a temperature is fitted on held-out rows, and `stacking.fit_on: "
            "train` holds out none: set it to oof or holdout, or calibration to null"
        )


def load_settings(path: Path = PARAMS) -> Settings:
    """Read and check the whole of `path`.

    Raises:
        PipelineError: naming each wrong setting, what was received and what is valid.
    """
    document = read_document(path)
    settings = validate_at(
        TypeAdapter(Settings), complete_members(document), lambda place: locate_setting(place, document), path
    )
    lines = [*list_contradictions(settings), *find_unread(document, settings.members)]
    if lines:
        raise explain_wrong(lines, path)
    return settings
