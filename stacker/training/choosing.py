"""Choose the way in which a member is trained: the one place that does."""

from stacker.settings.inference import Inference
from stacker.settings.members import Member, choose_solver
from stacker.settings.training import FineTune
from stacker.training.activation_trainer import ActivationTrainer
from stacker.training.activations import require_disk
from stacker.training.cutting import Cut, find_cut
from stacker.training.head_trainer import HeadTrainer
from stacker.training.image_trainer import ImageTrainer
from stacker.training.linear_fits import MOST_VALUES
from stacker.training.linear_trainer import LinearTrainer
from stacker.training.member_data import MemberData
from stacker.training.member_parts import MemberParts
from stacker.training.trainer import Trainer

# Early in a network activations are large, and what made them was cheap: keeping them fills the disk for little. At
# 1.1 MiB a photo, a middle layer of Xception, it still paid (benchmarks/RESULTS.md).
LARGEST_MIB = 4.0  # a photo


def choose_trainer(label: str, member: Member, data: MemberData, inference: Inference) -> Trainer:
    """The way to train a member. It depends on settings and architecture alone: equal ones give equal bytes.

    Args:
        label: the member's.
        member: its settings.
        data: what it is trained on.
        inference: how its networks run where they are not trained.

    Raises:
        PipelineError: `training.fine_tune` names no layers to train, or the disk has no room for activations to keep.
    """
    parts = MemberParts(label, member, data)
    fine_tune = member.training.fine_tune
    if member.backbone.trainable or member.training.augmentation is not None:
        return ImageTrainer(parts, inference)
    if fine_tune is None:
        return (
            LinearTrainer(parts, inference) if fits_to_optimum(label, member, data) else HeadTrainer(parts, inference)
        )
    cut = look_for_cut(parts, fine_tune)
    problem = explain_images(cut, fine_tune)
    if problem is not None:
        print(f"{label}: fine-tuning from the images: {problem}")
        return ImageTrainer(parts, inference)
    print(f"{label}: fine-tuning from kept activations, {cut.mib * 1024:.0f} KiB a photo")
    require_disk(label, cut.mib * sum(map(len, data.images.values())))
    return ActivationTrainer(parts, inference, fine_tune)


def fits_to_optimum(label: str, member: Member, data: MemberData) -> bool:
    """Is a member's head, of one layer, fitted to its optimum? Where that would take too long, it is said."""
    rows, width = data.features["train"].shape
    values = rows * width * data.class_count
    if member.training.solver == "auto" and choose_solver(member) == "lbfgs" and values > MOST_VALUES:
        print(
            f"{label}: fitted by mini-batches: {rows:,} rows of {width:,} features in {data.class_count:,} classes "
            "take too long to the optimum (set `training.solver: lbfgs` to wait for it)"
        )
        return False
    return choose_solver(member) == "lbfgs"


def look_for_cut(parts: MemberParts, fine_tune: FineTune) -> Cut:
    """Where the frozen part of a member's network will end in fine-tuning."""
    network = parts.look_at_backbone().get_layer("network")
    parts.unfreeze(network, fine_tune)
    cut = find_cut(network)
    network.trainable = False  # as it was
    return cut


def explain_images(cut: Cut, fine_tune: FineTune) -> str | None:
    """Why fine-tuning should read the images rather than activations kept at `cut`; None if it should not."""
    if not fine_tune.keep_activations:
        return "fine_tune.keep_activations is false"
    if not cut.is_computed:
        return "nothing is computed before the first trained layer"
    if cut.mib > LARGEST_MIB:
        return f"activations at the first trained layer take {cut.mib:.1f} MiB a photo, more than {LARGEST_MIB:.0f}"
    return None
