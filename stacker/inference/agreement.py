"""How far two passes of one network may lie apart."""

TOLERANCES = {"float32": 1e-3, "bfloat16": 0.1}  # of a probability


def find_tolerance(*precisions: str) -> float:
    """The largest difference of two probabilities that the coarsest of the precisions explains."""
    return max(TOLERANCES[precision] for precision in precisions)
