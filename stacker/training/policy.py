"""Keras' policy for a member's network, and the precision that it predicts in."""

from stacker.settings.members import Member

COMPUTED_IN = {"mixed_bfloat16": "bfloat16", "mixed_float16": "float16"}


def choose_policy(member: Member) -> str:
    """Keras' policy for a member's network: float32 where that is not trained, as the kept features are in it."""
    precision = member.training.precision
    return precision if member.learns_from_images and precision in COMPUTED_IN else "float32"


def name_precision(member: Member, inference: str) -> str:
    """In which precision a network that was trained predicts.

    Args:
        member: its settings; the network keeps its policy.
        inference: the precision of the engine.
    """
    return COMPUTED_IN.get(choose_policy(member), inference) if inference == "float32" else inference
