"""Rows of a wide array, a block at a time: of 1,000 classes, each further array of all rows takes half a gigabyte.

What is small stays in one block, and is computed as if there were none.
"""

BLOCK_VALUES = 2**20  # of one block: 8 MiB in float64, which also stays in the processor's cache


def cut_blocks(rows: int, width: int) -> list[slice]:
    """Slices of `rows` rows of `width` values, in order; one for no rows at all."""
    step = max(1, BLOCK_VALUES // max(1, width))
    return [slice(start, min(start + step, rows)) for start in range(0, max(1, rows), step)]
