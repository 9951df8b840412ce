"""The whole procedure on kept features: heads, held-out predictions, meta-models, baselines; as the stages run it.

Where it is repeated, on other rows each time, it says how good the procedure is, not one model that it gave.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from stacker.artifacts.logits import spread_classes
from stacker.artifacts.predictions import Predictions
from stacker.ensembles.baselines import build_baselines
from stacker.ensembles.fused_features import fit_fused, join_features
from stacker.ensembles.held_out_rows import gather_held_out
from stacker.ensembles.meta_fitting import Watched, fit_meta_model
from stacker.ensembles.meta_weights import apply_meta_weights
from stacker.ensembles.ordering import order_members
from stacker.settings.inference import Inference
from stacker.settings.members import Member
from stacker.settings.meta_models import AdamMetaModel, PenalisedMetaModel
from stacker.settings.stacking import Stacking
from stacker.splits.held_out import Plan, plan_fits, plan_tuning
from stacker.training.choosing import choose_trainer
from stacker.training.held_out_predictions import predict_held_out
from stacker.training.member_data import MemberData


class Pool(NamedTuple):
    """Photos by their kept features.

    Attributes:
        features: by member, float32, (n, f).
        labels: int64, (n,).
        groups: int64, (n,); duplicates share a group.
        classes: the names.
    """

    features: Mapping[str, np.ndarray]
    labels: np.ndarray
    groups: np.ndarray
    classes: list[str]

    def take(self, rows: np.ndarray) -> "Pool":
        """Some of the photos."""
        features = {label: values[rows] for label, values in self.features.items()}
        return Pool(features, self.labels[rows], self.groups[rows], self.classes)


class Procedure(NamedTuple):
    """What is repeated: the settings of members, stacking and ensembles, as `params.yaml` has them."""

    members: Mapping[str, Member]
    stacking: Stacking
    meta_models: Mapping[str, PenalisedMetaModel | AdamMetaModel]
    inference: Inference
    is_fused: bool

    def run(self, train: Pool, validation: Pool, test: Pool) -> dict[tuple[str, str], np.ndarray]:
        """Learn from `train`, and predict `test`.

        Args:
            train: the photos to learn from.
            validation: those that early stopping watches.
            test: those to predict; their labels are not looked at.

        Returns:
            By kind ("member", "ensemble" or "baseline") and name, probabilities, float64, (n, classes).
        """
        stacking = self.stacking
        draw = (stacking.folds, stacking.holdout, stacking.seed)
        plan = plan_fits(stacking.fit_on, train.labels, train.groups, *draw, train.classes)
        pools = {"train": train, "validation": validation, "test": test}
        predictions = {label: self._fit_member(label, plan, pools) for label in self.members}
        predictions = {label: predictions[label] for label in order_members(predictions, train.labels)}
        answers = {("member", label): spread_classes(member.test) for label, member in predictions.items()}
        if len(predictions) < 2:
            return answers
        held_out = gather_held_out(predictions, train.labels, train.groups)
        for baseline in build_baselines(predictions, held_out, train.classes):
            answers["baseline", baseline.name] = baseline.test
        if self.is_fused:
            answers["baseline", "features"] = self._fuse(plan, pools)
        for label, settings in self.meta_models.items():
            held_out = gather_held_out(predictions, train.labels, train.groups, settings.class_weights)
            watched = Watched({name: member.validation for name, member in predictions.items()}, validation.labels)
            fitted = fit_meta_model(held_out, watched, len(train.classes), settings)
            logits = {name: member.test for name, member in predictions.items()}
            answers["ensemble", label] = spread_classes(apply_meta_weights(fitted.weights, logits))
        return answers

    def _fit_member(self, label: str, plan: Plan, pools: Mapping[str, Pool]) -> Predictions:
        data = MemberData(
            images={},
            labels={split: pools[split].labels for split in ("train", "validation")},
            features={split: pool.features[label] for split, pool in pools.items()},
            class_count=len(pools["train"].classes),
        )
        trainer = choose_trainer(label, self.members[label], data, self.inference)
        if trainer.has_choice:
            train, stacking = pools["train"], self.stacking
            trainer.tune(plan_tuning(plan, train.labels, train.groups, stacking.folds, stacking.seed))
        fitted = trainer.fit(plan.final.learn)
        predicted = dict(zip(pools, trainer.predict(fitted, *((split, None) for split in pools)), strict=True))
        held_out = predict_held_out(trainer, plan, predicted["train"], seconds=0.0)
        is_balanced = np.array(self.members[label].training.class_weights == "balanced")
        return Predictions(**predicted, **held_out, initial_test=np.empty((0, 1), np.float32), is_balanced=is_balanced)

    def _fuse(self, plan: Plan, pools: Mapping[str, Pool]) -> np.ndarray:
        train, stacking = pools["train"], self.stacking
        members = [{split: pool.features[label] for split, pool in pools.items()} for label in sorted(self.members)]
        folds = plan_tuning(plan, train.labels, train.groups, stacking.folds, stacking.seed)
        is_balanced = all(member.training.class_weights == "balanced" for member in self.members.values())
        fused, _ = fit_fused(join_features(members), train.labels, plan, folds, is_balanced)
        return spread_classes(fused.test)
