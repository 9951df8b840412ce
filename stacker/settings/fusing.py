"""Whose features the rival `features` takes."""

from stacker.artifacts.fused_members import FusedMembers
from stacker.settings.whole import Settings


def choose_fused(settings: Settings) -> FusedMembers:
    """All members, or none: a rival that knows less than they do would be no rival."""
    trainable = [label for label, member in settings.members.items() if member.backbone.trainable]
    is_balanced = all(member.training.class_weights == "balanced" for member in settings.members.values())
    reason = ""
    if trainable:
        reason = f"{trainable[0]} keeps no features (backbone.trainable: true)"
    elif len(settings.members) < 2:
        reason = "there is one member"
    return FusedMembers(sorted(settings.members), reason, is_balanced)
