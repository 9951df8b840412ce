"""The command `card`."""

from pathlib import Path
from typing import Annotated

import typer

from stacker.cli.app import app


@app.command()
def card(
    model: Annotated[
        str | None,
        typer.Option(help="A label of params.yaml, or a file of models/.", show_default="the ensemble"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The file to write.", show_default="the terminal", dir_okay=False)
    ] = None,
) -> None:
    """Write a model card: what the model is, its data, every score with its interval, and its limits.

    It is markdown with the block of metadata that the Hugging Face Hub reads, made from metrics/ and dvc.lock alone: no
    photo is read and no network runs. Licences, and what the model is for, are left for you to fill in.

    stacker card --output README.md

    stacker card --model xception
    """
    from stacker.artifacts.outputs import replaced_file
    from stacker.using.model_card.card import write_card

    text = write_card(model)
    if output is None:
        print(text, end="")
        return
    with replaced_file(output) as path:
        path.write_text(text, encoding="utf-8")
