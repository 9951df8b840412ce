"""Settings that no member reads are mistakes: such as epochs, where every head is fitted to its optimum."""

from collections.abc import Iterator, Mapping

from stacker.settings.members import Member, choose_solver
from stacker.settings.reading import Document
from stacker.settings.training import Training

READ_BY_LBFGS = {"solver", "C", "class_weights", "initial_scores", "seed"}
READ_BY_MINIBATCH = Training.model_fields.keys() - {"C"}
ADVICE = {
    "lbfgs": "a head without hidden layers is fitted to its optimum, which knows no such setting: remove it, or set "
    "`training.solver: minibatch`",
    "minibatch": "only `training.solver: lbfgs` knows this setting, for heads without hidden layers: remove it",
}


def find_unread(document: Document, members: Mapping[str, Member]) -> Iterator[str]:
    """A line for every setting of a block `training` that nothing reads, with what to do.

    A shared setting is read if one of the members reads it.

    Args:
        document: the whole of `params.yaml`.
        members: those of the document, complete and checked.
    """
    if not members:
        return
    solvers = {label: choose_solver(member) for label, member in members.items()}
    shared = document["training"] or {}
    own = {label: document["members"][label].get("training") or {} for label in members}
    yield from _list_unread("training", shared, set(solvers.values()))
    for label, block in own.items():
        yield from _list_unread(f"members.{label}.training", block, {solvers[label]})


def _list_unread(where: str, block: Document, solvers: set[str]) -> Iterator[str]:
    read: set[str] = set()
    for solver in solvers:
        read |= READ_BY_LBFGS if solver == "lbfgs" else READ_BY_MINIBATCH
    defaults = Training().model_dump()
    for name in sorted(block.keys() - read):
        if block[name] != defaults[name]:
            yield f"{where}.{name}: {ADVICE[min(solvers)]}; received {block[name]!r}"
