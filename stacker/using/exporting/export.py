"""Write exports of a trained model, and check each at once."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import keras

from stacker.artifacts.descriptions import Description
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.outputs import replaced_directory
from stacker.using.classifier import Classifier
from stacker.using.exporting.contract import write_contract
from stacker.using.exporting.example_text import write_example
from stacker.using.exporting.formats import FORMATS
from stacker.using.exporting.golden_answers import write_golden
from stacker.using.exporting.running import Measured, run_example
from stacker.using.exporting.serving_model import Dtype, Inputs, build_serving_model
from stacker.using.exporting.words import write_words


class Exported(NamedTuple):
    """What became of one format.

    Attributes:
        name: of the format.
        folder: where the export lies, if it does.
        size: of the model itself, bytes.
        measured: what its example gave.
        problem: why there is none.
    """

    name: str
    folder: Path
    size: int = 0
    measured: Measured | None = None
    problem: str | None = None


def export_model(
    classifier: Classifier,
    names: Sequence[str],
    inputs: Inputs,
    dtype: Dtype,
    photos: Sequence[Path],
    card: str | None,
    output: Path,
) -> Iterator[Exported]:
    """Write a model in some formats, into `<output>/<label>/<format>/`, each whole or not at all.

    Args:
        classifier: the model, on the engine keras, in float32: what it says is expected of the exports.
        names: keys of `FORMATS`.
        inputs: as in `build_serving_model`.
        dtype: likewise.
        photos: the golden ones; none for those that are drawn.
        card: the model card; None where there is none.
        output: the folder of all exports.

    Returns:
        What became of each, as soon as it is known: one that fails stops no other.

    Raises:
        PipelineError: naming a golden photo that cannot be read.
    """
    model = build_serving_model(classifier.model, classifier.description, inputs, dtype)
    with tempfile.TemporaryDirectory() as golden:
        effect = write_golden(Path(golden), classifier, photos)
        for name in names:
            folder = output / classifier.description.label / name
            try:
                with replaced_directory(folder) as partial:
                    shutil.copytree(golden, partial / "golden")
                    write_export(partial, name, model, classifier.description, effect)
                    if card is not None:
                        (partial / "MODEL_CARD.md").write_text(card, encoding="utf-8")
                    exported = Exported(name, folder, measure_size(partial), run_example(partial))
            except PipelineError as error:
                exported = Exported(name, folder, problem=str(error))
            yield exported


def write_export(folder: Path, name: str, model: keras.Model, description: Description, jpeg_effect: float) -> None:
    """Write all of an export but its golden photos; arguments as in `write_contract`."""
    FORMATS[name].write(model, folder)
    write_contract(folder / "contract.json", name, model, description, jpeg_effect)
    inputs, dtype = [tensor.name for tensor in model.inputs], str(model.inputs[0].dtype)
    write_words(folder / "README.md", name, description, inputs, dtype, jpeg_effect)
    write_example(folder / "example.py", FORMATS[name].example, description.preparation.fit)


def measure_size(folder: Path) -> int:
    """Bytes of the model in an export."""
    return sum(
        path.stat().st_size for top in folder.glob("model*") for path in (top, *top.rglob("*")) if path.is_file()
    )
