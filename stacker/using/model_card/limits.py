"""What a model card says of a model's limits, in plain words: pure functions."""

from collections.abc import Iterator

from stacker.pictures.tables import escape_name
from stacker.using.model_card.facts import CardFacts

LARGEST_SHARE = 0.8  # of one class; beyond it accuracy is the wrong measure
FEWEST_PHOTOS = 30  # of a class in the test split; below it its recall says little
SURE = 0.9


def write_limits(facts: CardFacts) -> list[str]:
    """The limits that the numbers show, and those that no number here can show."""
    return ["## Limits", "\n".join(f"- {limit}" for limit in _list_limits(facts))]


def _list_limits(facts: CardFacts) -> Iterator[str]:
    yield (
        f"It knows {len(facts.classes):,} classes, and nothing else. Its probabilities name one of them for a photo of "
        'anything at all; its prediction sets and "none of these" tell some such photos apart, not all.'
    )
    yield (
        "The scores hold for photos like the test photos: of the same source, cameras and times. Nothing was measured "
        "on others, nor on photos that somebody altered to mislead it."
    )
    yield "Nothing was measured by groups of people, places or conditions: scores may be lower for some of them."
    yield from _warn_of_counts(facts)
    yield from _warn_of_sure_errors(facts)
    yield from _warn_of_training(facts)


def _warn_of_counts(facts: CardFacts) -> Iterator[str]:
    counts = {name: sum(row.values()) for name, row in facts.test["confusion"].items()}
    name, most = max(counts.items(), key=lambda item: item[1])
    share = most / facts.test["n"]
    if share > LARGEST_SHARE:
        yield f"{share:.1%} of the test photos are {escape_name(name)}: to always say so is that accurate."
    few = [f"{escape_name(name)} ({count:,})" for name, count in counts.items() if count < FEWEST_PHOTOS]
    if few:
        more = f" and {len(few) - 10:,} more" if len(few) > 10 else ""
        yield f"Few test photos, so that the recall says little: {', '.join(few[:10])}{more}."


def _warn_of_sure_errors(facts: CardFacts) -> Iterator[str]:
    sure = [found for name, found in facts.test["calibration"].items() if float(name.split()[0]) >= SURE]
    photos = sum(found["n"] for found in sure)
    wrong = sum(round(found["n"] * (1 - found["accuracy"])) for found in sure)
    if wrong:
        lowest = min(float(name.split()[0]) for name in facts.test["calibration"] if float(name.split()[0]) >= SURE)
        yield (
            f"It can be sure and wrong: of {photos:,} test photos to whose class it gave more than {lowest:.0%}, "
            f"{wrong:,} {'is' if wrong == 1 else 'are'} of another."
        )


def _warn_of_training(facts: CardFacts) -> Iterator[str]:
    if facts.details.get("leaked"):
        yield (
            "**Leaked predictions.** The ensemble learnt from what its members say of photos that they had learnt: it "
            "trusts them more than it should. For comparison only."
        )
    weights = {member.backbone.weights for member in facts.settings.members.values()}
    if weights - {None}:
        yield (
            "Members began from weights that were trained on other photos (see above): what those photos lack or show "
            "too often is in this model too, and their terms may bind it."
        )
    if facts.test["groups"] < facts.test["n"]:
        yield f"Of {facts.test['n']:,} test photos, {facts.test['groups']:,} are no copies of one another."
