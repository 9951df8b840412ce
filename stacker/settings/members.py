"""The block `members`: what each member is, its own settings over the shared `backbone` and `training`."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, model_validator

from stacker.settings.backbone import ArchitectureName, Backbone
from stacker.settings.merging import validate_member
from stacker.settings.sections import Count, Section, expand_name
from stacker.settings.training import Training


class Head(Section):
    standardize: bool = False
    hidden: list[Count] = []
    activation: Literal["relu", "elu", "gelu", "leaky_relu", "mish", "selu", "silu", "tanh"] = "relu"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    output: Literal["auto", "sigmoid", "softmax"] = "auto"


class Member(Section):
    """One member, complete."""

    backbone: Annotated[Backbone, BeforeValidator(expand_name, json_schema_input_type=ArchitectureName | Backbone)]
    head: Head = Head()
    training: Training = Training()

    @property
    def learns_from_images(self) -> bool:
        """Does its training run its network? If not, it learns from kept features alone."""
        training = self.training
        return self.backbone.trainable or training.augmentation is not None or training.fine_tune is not None

    @model_validator(mode="after")
    def check_together(self) -> "Member":
        check_warmup(self.training)
        if self.backbone.trainable and self.training.fine_tune:
            raise ValueError(
                "`backbone.trainable: true` trains the whole network from the start: `training.fine_tune` must be null"
            )
        if self.backbone.trainable and self.head.standardize:
            raise ValueError(
                "`head.standardize` takes its statistics from kept features, and `backbone.trainable: true` keeps "
                "none: set one of them to false"
            )
        hindrances = list_hindrances(self)
        if self.training.solver == "lbfgs" and hindrances:
            raise ValueError(
                "`training.solver: lbfgs` fits a head of one layer on kept features to its optimum, and cannot with "
                f"{' and '.join(hindrances)}: set `training.solver: minibatch`, or take it away"
            )
        return self


def list_hindrances(member: Member) -> list[str]:
    """What of a member's settings keeps its head from being fitted to one optimum, as it would stand in the file."""
    head, training = member.head, member.training
    found = {
        f"`head.hidden: {head.hidden}`": bool(head.hidden),
        f"`head.dropout: {head.dropout}`": bool(head.dropout),
        "`backbone.trainable: true`": member.backbone.trainable,
        "`training.augmentation`": training.augmentation is not None,
        "`training.fine_tune`": training.fine_tune is not None,
    }
    return [setting for setting, is_there in found.items() if is_there]


def choose_solver(member: Member) -> Literal["lbfgs", "minibatch"]:
    """How a member's head is fitted: to its optimum, where it has one and the settings do not say otherwise."""
    if member.training.solver != "auto":
        return member.training.solver
    return "minibatch" if list_hindrances(member) else "lbfgs"


def check_warmup(training: Training) -> None:
    """A rate that rises needs a schedule to rise in, and epochs left at the full rate in every phase."""
    warmup = training.warmup_epochs
    if not warmup:
        return
    if training.schedule == "constant":
        raise ValueError(
            "`training.warmup_epochs` needs `training.schedule: cosine`, received constant: set one of them"
        )
    phases = {"training.epochs": training.epochs}
    if training.fine_tune is not None:
        phases["training.fine_tune.epochs"] = training.fine_tune.epochs
    short = [f"`{name}: {epochs}`" for name, epochs in phases.items() if epochs <= warmup]
    if short:
        raise ValueError(
            f"`training.warmup_epochs: {warmup}` leaves no epoch at the full learning rate of {' and '.join(short)}: "
            f"lower it to at most {min(phases.values()) - 1}, or raise the epochs above it"
        )


def load_member(label: str) -> Member:
    """The member called `label`, complete and checked.

    Raises:
        PipelineError: there is no such member, or a setting of it is wrong.
    """
    return validate_member(TypeAdapter(Member), label)
