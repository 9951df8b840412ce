"""Whose features the rival `features` takes."""

from stacker.artifacts.fused_members import FusedMembers
from stacker.settings.whole import Settings


def choose_fused(settings: Settings) -> FusedMembers:
    """All members, or none: a rival that knows less than they do would be no rival."""
    trainable = [label for label, member in settings.members.items() if member.backbone.trainable]
    is_balanced = all(member.training.class_weights == "balanced" for member in settings.members.values())
    if trainable:
        return FusedMembers([], f"{trainable[0]} keeps no features (backbone.trainable: true)", is_balanced)
    if len(settings.members) < 2:
        return FusedMembers([], "there is one member", is_balanced)
    return FusedMembers(sorted(settings.members), "", is_balanced)
