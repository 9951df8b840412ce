"""Which saved model is meant: a path, or a label."""

from pathlib import Path

from stacker.artifacts.errors import WrongUseError
from stacker.artifacts.model_paths import MEMBERS, MODELS

SUFFIX = ".h5"


def find_model(model: str | None = None) -> Path:
    """The file of a saved model.

    Args:
        model: the path of a file; the label of an ensemble or of a member; None for the only ensemble, or, of several,
            for the one called `ensemble`.

    Raises:
        WrongUseError: there is no such model, listing those there are.
    """
    ensembles = _list_models(MODELS)
    labelled = {**_list_models(MEMBERS), **ensembles}
    if model is None:
        chosen = ensembles.get("ensemble") or (next(iter(ensembles.values())) if len(ensembles) == 1 else None)
        if chosen is None:
            raise WrongUseError(f"which model? Name one with --model, by its path or its label: {_name(labelled)}")
        return chosen
    if model in labelled:
        return labelled[model]
    path = Path(model)
    if path.suffix != SUFFIX or not path.is_file():
        raise WrongUseError(
            f"no model {model!r}: name the path of a saved {SUFFIX} file, or a label: {_name(labelled)}"
        )
    return path


def _list_models(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def _name(labelled: dict[str, Path]) -> str:
    return ", ".join(labelled) or "(there is none here: run `dvc repro`, or `dvc checkout`)"
