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
from stacker.using.exporting.asking import ask_classifier, ask_openvino
from stacker.using.exporting.contract import write_contract
from stacker.using.exporting.example_text import write_example
from stacker.using.exporting.formats import FORMATS
from stacker.using.exporting.golden_answers import write_golden
from stacker.using.exporting.quantised import Quantised, Quantising, measure_quantised
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
        quantised: how far it lies off, in int8.
        problem: why there is none.
    """

    name: str
    folder: Path
    size: int = 0
    measured: Measured | None = None
    quantised: Quantised | None = None
    problem: str | None = None


def export_model(
    classifier: Classifier,
    names: Sequence[str],
    inputs: Inputs,
    dtype: Dtype,
    photos: Sequence[Path],
    card: str | None,
    output: Path,
    quantising: Quantising | None = None,
) -> Iterator[Exported]:
    """Write a model in some formats, into `<output>/<label>/<format>/`, each whole or not at all.

    In int8 the folder is `<format>_int8/`, and the answers to the golden photos are the export's own: single photos
    move far in it, so that the model's answers would not show whether a photo is prepared well.

    Args:
        classifier: the model, on the engine keras, in float32: what it says is expected of the exports.
        names: keys of `FORMATS`.
        inputs: as in `build_serving_model`.
        dtype: likewise.
        photos: golden ones beside those that are drawn.
        card: the model card; None where there is none.
        output: the folder of all exports.
        quantising: the photos that int8 takes, in which the formats are written then; None for float32.

    Returns:
        What became of each, as soon as it is known: one that fails stops no other.

    Raises:
        PipelineError: naming a golden photo that cannot be read.
    """
    model = build_serving_model(classifier.model, classifier.description, inputs, dtype)
    ask = ask_classifier(classifier)
    with tempfile.TemporaryDirectory() as scratch:
        golden = Path(scratch) / "golden"
        golden.mkdir()  # the folder above is for its owner alone, and a copy of it would be too
        effect = write_golden(golden, classifier, ask, photos)
        for name in names:
            folder = output / classifier.description.label / (name if quantising is None else f"{name}_int8")
            quantised = None
            try:
                with replaced_directory(folder) as partial:
                    shutil.copytree(golden, partial / "golden")
                    if quantising is None:
                        FORMATS[name].write(model, partial)
                    else:
                        FORMATS[name].write(model, partial, quantising.calibration)
                        own = ask_openvino(partial)
                        effect = write_golden(partial / "golden", classifier, own, photos)
                        quantised = measure_quantised(own, ask, quantising)
                    write_papers(partial, name, model, classifier.description, effect, quantised)
                    if card is not None:
                        (partial / "MODEL_CARD.md").write_text(card, encoding="utf-8")
                    done = Exported(name, folder, measure_size(partial), run_example(partial), quantised)
            except PipelineError as error:
                done = Exported(name, folder, problem=str(error))
            yield done


def write_papers(
    folder: Path,
    name: str,
    model: keras.Model,
    description: Description,
    jpeg_effect: float,
    quantised: Quantised | None = None,
) -> None:
    """Write all of an export but the network and its golden photos; arguments as in `write_contract`."""
    write_contract(folder / "contract.json", name, model, description, jpeg_effect, quantised)
    inputs, dtype = [tensor.name for tensor in model.inputs], str(model.inputs[0].dtype)
    write_words(folder / "README.md", name, description, inputs, dtype, jpeg_effect, quantised)
    write_example(folder / "example.py", FORMATS[name].example, description.preparation.fit)


def measure_size(folder: Path) -> int:
    """Bytes of the model in an export."""
    return sum(
        path.stat().st_size for top in folder.glob("model*") for path in (top, *top.rglob("*")) if path.is_file()
    )
