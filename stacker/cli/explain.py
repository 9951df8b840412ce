"""`stacker explain`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from stacker.artifacts.errors import WrongUseError
from stacker.artifacts.terminal import escape_line
from stacker.cli.app import app

MOST_LISTED = 20  # classes in a message


@app.command()
def explain(
    photos: Annotated[
        list[str],
        typer.Argument(help="Files, folders (with all below), patterns such as 'photos/**/*.jpg', or - for a list."),
    ],
    output: Annotated[
        Path, typer.Option(file_okay=False, help="The folder for the pictures; other files in it are left alone.")
    ],
    class_name: Annotated[
        str | None,
        typer.Option(
            "--class", metavar="NAME", help="The class that heat maps are for.", show_default="the most likely one"
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A saved .h5, or the label of an ensemble or a member.", show_default="ensemble")
    ] = None,
) -> None:
    """Draw why a photo gets its verdict: for each photo a picture with every member's heat map and vote.

    A heat map (Grad-CAM) is yellow where the photo speaks most for the class in that member's eyes. It shows where, not
    why, and it is coarse: a member sees about ten by ten places. A photo that cannot be read stops no other; the exit
    code is then 1.

    \b
    stacker explain mistakes/*.jpg --output explained
    stacker explain holiday/ --output explained --class dogs --model xception
    """  # noqa: D301 - \b is the sign for Click to keep the lines
    from stacker.artifacts.descriptions import read_description
    from stacker.checks.keras_import import keras_at_hand
    from stacker.using.choosing_model import find_model
    from stacker.using.explanations.picture_paths import name_pictures
    from stacker.using.photo_arguments import find_photos

    path = find_model(model)
    class_index = find_class(class_name, read_description(path).classes)
    found = find_photos(photos, sys.stdin)
    pictures = name_pictures(found, output)
    with keras_at_hand():
        from stacker.using.classifier import load
        from stacker.using.explanations.explaining import BATCH, explain_files

        # Gradients are Keras' alone: the answers come from there too.
        outcome = explain_files(load(path, "keras", batch_size=BATCH), found, pictures, class_index)
    for line in outcome.drawn:
        print(escape_line(line))
    for line in outcome.failed:
        print(escape_line(line), file=sys.stderr)
    if outcome.failed:
        raise typer.Exit(1)


def find_class(name: str | None, classes: list[str]) -> int | None:
    """The index of a class; None for no name.

    Raises:
        WrongUseError: there is no such class.
    """
    from stacker.settings.near_names import find_near, list_or

    if name is None:
        return None
    if name not in classes:
        known = find_near(name, classes) or classes
        more = "" if len(known) <= MOST_LISTED else f", or one of {len(known) - MOST_LISTED} more"
        raise WrongUseError(f"--class: the model knows no {name!r}: name {list_or(known[:MOST_LISTED])}{more}")
    return classes.index(name)
