"""`stacker predict`."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from stacker.artifacts.terminal import escape_line
from stacker.cli.app import app


@app.command()
def predict(
    photos: Annotated[
        list[str],
        typer.Argument(help="Files, folders (with all below), patterns such as 'photos/**/*.jpg', or - for a list."),
    ],
    model: Annotated[
        str | None, typer.Option(help="A saved .h5, or the label of an ensemble or a member.", show_default="ensemble")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="A .csv, .jsonl or .parquet to write; else a table on standard output.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many classes to list, the likely ones first.")] = 1,
    members: Annotated[bool, typer.Option("--members", help="Each member's vote beside the verdict.")] = False,
    engine: Annotated[Literal["auto", "keras", "openvino"], typer.Option(help="What runs the network.")] = "auto",
    precision: Annotated[Literal["auto", "float32", "bfloat16"], typer.Option(help="In which it runs.")] = "float32",
    batch_size: Annotated[int, typer.Option(min=1, help="Photos at a time.")] = 8,
) -> None:
    """Say what is on photos, which may be of any size and format that `prepare` takes.

    The verdict names the classes that the model does not rule out ("cat", "cat or dog"), or says "none of these" where
    a photo is unlike those that it was trained on. A photo that cannot be read stops no other; the exit code is then 1.

    \b
    stacker predict holiday/ --output holiday.csv --members
    find / -name '*.jpg' | stacker predict - --output all.parquet
    """  # noqa: D301 - \b is the sign for Click to keep the lines
    from stacker.checks.keras_import import keras_at_hand
    from stacker.using.answer_files import check_output
    from stacker.using.choosing_model import find_model
    from stacker.using.photo_arguments import find_photos

    check_output(output)
    path, found = find_model(model), find_photos(photos, sys.stdin)
    with keras_at_hand():
        from stacker.using.classifier import load
        from stacker.using.predicting import predict_files

        unreadable = predict_files(
            load(path, engine, precision, min(batch_size, len(found))), found, output, top, members
        )
    for line in unreadable:
        print(escape_line(line), file=sys.stderr)
    if unreadable:
        raise typer.Exit(1)
