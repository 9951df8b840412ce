"""The parts of a model card on what the members are worth to one another: pure functions."""

from stacker.pictures.tables import build_table
from stacker.pictures.verdict_text import judge_ensemble, judge_removals
from stacker.scoring.contributions import describe_removal
from stacker.using.model_card.facts import CardFacts


def write_verdicts(facts: CardFacts) -> list[str]:
    """Of an ensemble, whether it is better and what each member adds; of a member, what it adds to each ensemble."""
    return _judge_ensemble(facts) if facts.is_ensemble else _judge_member(facts)


def _judge_ensemble(facts: CardFacts) -> list[str]:
    against = {
        _name_rival(facts, rival): comparison
        for rival, comparison in facts.find_comparisons(f"{facts.label}_against").items()
    }
    without = facts.find_comparisons(f"{facts.label}_without")
    n = int(facts.board["n"])
    parts = [judge_ensemble("the ensemble", against, n)] if against else []
    if without:
        parts += ["## What each member adds", *judge_removals(without, n)]
    pairs = _tabulate_pairs(facts)
    if not pairs:
        return parts
    oracle = facts.board["oracle.accuracy"]
    limit = (
        f"At least one member is right on {round(oracle * n):,} of {n:,} photos: no choice among their votes is better."
    )
    return [*parts, limit, pairs]


def _judge_member(facts: CardFacts) -> list[str]:
    n = int(facts.board["n"])
    sentences = [
        f"- From {ensemble}: {describe_removal(facts.label, without[facts.label], n)}"
        for ensemble in facts.ensembles
        if facts.label in (without := facts.find_comparisons(f"{ensemble}_without"))
    ]
    best = facts.board["best_member"]
    place = "It is the best member by held-out log loss." if best == facts.label else f"The best member is {best}."
    return ["## What it adds to an ensemble", "\n".join([place, *([""] if sentences else []), *sentences])]


def _name_rival(facts: CardFacts, key: str) -> str:
    return str(facts.board["best_member"]) if key == "best_member" else f"baseline: {key.removeprefix('baselines.')}"


def _tabulate_pairs(facts: CardFacts) -> str:
    rows = []
    for key, both_wrong in facts.find("pairs").items():
        pair, _, name = key.rpartition(".")
        if name == "both_wrong":
            values = facts.find(f"pairs.{pair}")
            correlation = values.get("error_correlation")
            shown = "undefined" if correlation is None else f"{correlation:.3f}"
            rows.append((pair.replace(".", ", "), shown, f"{values['disagreement']:.4f}", f"{both_wrong:,}"))
    return build_table(("members", "error correlation", "disagreement", "both wrong"), rows) if rows else ""
