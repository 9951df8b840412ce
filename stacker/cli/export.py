"""`stacker export`."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stacker.artifacts.errors import PipelineError
from stacker.cli.app import app

if TYPE_CHECKING:
    from stacker.using.exporting.export import Exported


class FormatName(StrEnum):
    """The keys of `stacker.using.exporting.formats.FORMATS`; Typer takes no list of literals."""

    KERAS = "keras"
    SAVEDMODEL = "savedmodel"
    ONNX = "onnx"
    LITERT = "litert"
    OPENVINO = "openvino"


@app.command()
def export(
    formats: Annotated[list[FormatName], typer.Argument(help="Which formats to write.")],
    model: Annotated[
        str | None, typer.Option(help="A saved .h5, or the label of an ensemble or a member.", show_default="ensemble")
    ] = None,
    inputs: Annotated[
        Literal["image", "members"], typer.Option(help="One image that all members get, or one a member.")
    ] = "image",
    input_dtype: Annotated[Literal["uint8", "float32"], typer.Option(help="Of the images, 0 to 255.")] = "uint8",
    golden: Annotated[
        list[str] | None,
        typer.Option(
            help="Photos to check each export by, beside five that are drawn; they go along with it. Files, folders or "
            "patterns; the option can be given several times.",
            show_default=False,
        ),
    ] = None,
    precision: Annotated[
        Literal["float32", "int8"],
        typer.Option(
            help="int8, for openvino alone: smaller, and on most CPUs several times as fast. It needs the extra int8, "
            "and the prepared photos of the project, to set its scales by and to tell how far it lies off."
        ),
    ] = "float32",
    output: Annotated[Path, typer.Option(help="The folder of all exports.")] = Path("exports"),
) -> None:
    """Write a model for other programs, into exports/MODEL/FORMAT/, with all that it takes to get the same answers.

    Beside the model lie how a photo has to be prepared, photos whose answers are known, the model card, and a short
    example that needs no code of ours, from the image file on. It is run at once, on the CPU, and a line a format says
    what it gave. An export whose answers differ is not kept; the exit code is then 1.

    \b
    stacker export onnx
    stacker export keras openvino --model mobilenet_v2 --golden 'photos/*.jpg'
    stacker export openvino --precision int8
    """  # noqa: D301 - \b is the sign for Click to keep the lines
    from stacker.checks.keras_import import keras_at_hand
    from stacker.using.choosing_model import find_model
    from stacker.using.exporting.formats import check_installed
    from stacker.using.exporting.quantised import check_precision, load_quantising
    from stacker.using.photo_arguments import find_photos

    names = list(dict.fromkeys(name.value for name in formats))
    check_precision(names, precision)
    check_installed(names)
    path, photos = find_model(model), find_photos(golden, sys.stdin) if golden else []
    os.environ["KERAS_BACKEND"] = "tensorflow"  # every format is made by it; a model of another backend loads in it
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # a GPU rounds to TF32, which differs by more than an export may
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # what its converters do, step by step
    with keras_at_hand():
        from stacker.using.classifier import load
        from stacker.using.exporting.export import export_model
        from stacker.using.exporting.model_card import make_card

        classifier = load(path, "keras")
        quantising = load_quantising(classifier.description) if precision == "int8" else None
        try:
            card = make_card(path, classifier.description)
        except PipelineError as error:
            card = None
            print(f"warning: no model card goes along: {error}", file=sys.stderr)
        failed = False
        for exported in export_model(classifier, names, inputs, input_dtype, photos, card, output, quantising):
            failed |= exported.measured is None
            print(describe(exported), file=sys.stderr if exported.measured is None else sys.stdout, flush=True)
    if failed:
        raise typer.Exit(1)


def describe(exported: "Exported") -> str:
    """What became of one format, in a line."""
    if exported.measured is None:
        return f"error: {exported.name}: {exported.problem}"
    measured = exported.measured
    return (
        f"{exported.name:<10} {exported.size / 1e6:7.1f} MB, largest difference {measured.from_files:.1e} from the "
        f"file on, {measured.network:.1e} in the network alone, {measured.milliseconds:.1f} ms a photo: "
        f"{exported.folder}{describe_int8(exported)}"
    )


def describe_int8(exported: "Exported") -> str:
    """How far an export in int8 lies off, in a further line."""
    if exported.quantised is None:
        return ""
    off = exported.quantised
    return (
        f"\n{'in int8':<10} {off.photos} test photos: accuracy {off.accuracy:.2%}, of the model "
        f"{off.float32_accuracy:.2%}; {off.equal_decisions:.2%} of the decisions equal; a probability differs by "
        f"{off.mean_difference:.1e} in the mean, {off.largest_difference:.1e} at most"
    )
