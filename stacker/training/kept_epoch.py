"""Which epoch's weights a fit keeps."""

from collections.abc import Sequence

from stacker.artifacts.curves import Epoch


def choose_kept(history: Sequence[Epoch], patience: int | None) -> int:
    """The first epoch of the lowest validation loss; without patience the last one.

    Args:
        history: the epochs of one phase, or of all.
        patience: the setting.

    Returns:
        An index of `history`.
    """
    if patience is None:
        return len(history) - 1
    return min(range(len(history)), key=lambda number: history[number].val_loss)
