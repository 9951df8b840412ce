"""The part of a page that a tool writes, between two marks."""

END = "<!-- generated: end -->"


def replace_part(page: str, begin: str, part: str) -> str:
    """`page` with `part` between the mark `begin` and the one that ends it.

    Raises:
        ValueError: a mark is missing.
    """
    before, found, rest = page.partition(begin)
    _, end, after = rest.partition(END)
    if not found or not end:
        raise ValueError(f"expected the marks {begin!r} and {END!r}")
    return f"{before}{begin}\n{part}{end}{after}"
