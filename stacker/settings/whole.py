"""The whole of `params.yaml`: what the stage `check` reads, so that every setting is checked before work starts."""

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, model_validator

from stacker.settings.architectures import ARCHITECTURES
from stacker.settings.backbone import SharedBackbone
from stacker.settings.backend import Backend
from stacker.settings.cross_validation import CrossValidation
from stacker.settings.data import Data
from stacker.settings.fetch import Source
from stacker.settings.inference import Inference
from stacker.settings.members import Member
from stacker.settings.merging import complete_members, locate_setting
from stacker.settings.meta_models import EnsembleCheck, MetaModel
from stacker.settings.reading import PARAMS, explain_wrong, read_document, validate_at
from stacker.settings.sections import Label, Section
from stacker.settings.stacking import Stacking
from stacker.settings.training import Training
from stacker.settings.unread import find_unread

# Files of the pipeline's own, keys of the leaderboard's metrics, and the layers that stand beside a member's input:
# Keras wants every name once.
RESERVED_LABELS = re.compile(
    r"members|ensembles|baselines|pairs|oracle|leaderboard|details|audit|leave_one_out|resize|scale_pixels|network|"
    r"pool|head|augmented_images|member_outputs|hidden_\d+|logits|probabilities|meta_model"
)


class Settings(Section):
    """All of `params.yaml`, with each member complete. Every block must be there, if only as `{}`: DVC tracks it."""

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

    @model_validator(mode="after")
    def check_together(self) -> "Settings":
        if not self.members:
            raise ValueError("`members` is empty: name at least one")
        problems = [problem for label, member in self.members.items() for problem in self._check_member(label, member)]
        problems += [problem for label in self.meta_models for problem in self._check_meta_model(label)]
        if self.cross_validation:
            problems += [f"cross_validation: {problem}" for problem in self._list_learners_from_images()]
        if self.meta_models and len(self.members) < 2:
            problems.append(
                f"stacking needs at least two members, received one ({next(iter(self.members))}): "
                "add a member, or set `meta_models: {}` to train it alone"
            )
        if problems:
            raise ValueError("\n  ".join(problems))
        return self

    def _list_learners_from_images(self) -> Iterator[str]:
        for label, member in self.members.items():
            training = member.training
            if member.backbone.trainable or training.augmentation is not None or training.fine_tune is not None:
                yield (
                    f"repeats the whole procedure on kept features, and {label} learns from images: set "
                    "`cross_validation: {}`, or take away `backbone.trainable`, `training.augmentation` and "
                    "`training.fine_tune`"
                )

    def _check_member(self, label: str, member: Member) -> Iterator[str]:
        if RESERVED_LABELS.fullmatch(label) or label.removeprefix("member_") in self.members.keys() - {label}:
            yield f"members.{label}: that label is kept for a file or a layer of the pipeline's own: choose another"
        minimum = ARCHITECTURES[member.backbone.name].minimum_size
        image_size = member.backbone.image_size or self.data.image_size
        if image_size < minimum:
            yield (
                f"members.{label}: {member.backbone.name} needs images of at least {minimum} px, received "
                f"{image_size}: raise `data.image_size`, or set this member's `backbone.image_size`"
            )

    def _check_meta_model(self, label: str) -> Iterator[str]:
        if RESERVED_LABELS.fullmatch(label):
            yield f"meta_models.{label}: that label is kept for a file or a layer of the pipeline's own: choose another"
        if label in self.members:
            yield f"meta_models.{label}: a member is called {label} too, and their files would be the same: rename one"
        if self.meta_models[label].calibration and self.stacking.fit_on == "train":
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
    unread = list(find_unread(document, settings.members))
    if unread:
        raise explain_wrong(unread, path)
    return settings
