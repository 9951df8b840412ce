"""`stacker next`."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from stacker.artifacts.terminal import escape_line
from stacker.cli.app import app


@app.command(name="next")
def choose(
    photos: Annotated[
        list[str],
        typer.Argument(help="Folders (with all below), files, patterns such as 'photos/**/*.jpg', or - for a list."),
    ],
    count: Annotated[int, typer.Option(min=1, help="How many photos you want to label.")] = 50,
    output: Annotated[Path, typer.Option(help="A folder for the list and the contact sheet.", file_okay=False)] = Path(
        "next"
    ),
    into: Annotated[
        Path | None, typer.Option(help="A new folder, to copy the chosen photos into, sorted by the model's guess.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The .h5 or label of an ensemble.", show_default="ensemble")] = None,
    engine: Annotated[Literal["auto", "keras", "openvino"], typer.Option(help="What runs the network.")] = "auto",
    precision: Annotated[Literal["auto", "float32", "bfloat16"], typer.Option(help="In which it runs.")] = "float32",
    batch_size: Annotated[int, typer.Option(min=1, help="Photos at a time.")] = 8,
) -> None:
    """Say which photos without a label to label next: those on which the members' votes differ, of many kinds.

    Writes photos.csv, in the order in which they were chosen, and contact_sheet.png. With --into the photos are copied
    as well, into a folder for each class that the model guesses: move those that are wrong, and add them to your own.
    A photo that cannot be read stops no other; the exit code is then 1.

    \b
    stacker next unlabelled/ --count 50
    stacker next unlabelled/ --into sorted/
    """  # noqa: D301 - \b is the sign for Click to keep the lines
    from stacker.checks.keras_import import keras_at_hand
    from stacker.using.choosing_model import find_model
    from stacker.using.photo_arguments import find_photos

    path, files = find_model(model), find_photos(photos, sys.stdin)
    with keras_at_hand():
        from stacker.using.classifier import load
        from stacker.using.next_photos.files import check_into, sort_photos, write_found
        from stacker.using.next_photos.search import find_next

        classifier = load(path, engine, precision, batch_size)
        if into is not None:
            check_into(into, classifier.classes)
        found = find_next(classifier, files, count)
        if into is not None and len(found.rows):
            sort_photos(files, found, into)
        written = write_found(classifier, files, found, output) if len(found.rows) else []
    read = len(files) - len(found.unreadable)
    print(f"{len(found.rows):,} of {read:,} photos chosen" + "".join(f"; {name}" for name in written))
    if len(found.rows) < min(count, read):
        print("no more: of all others the members are quite sure, or they are copies of these", file=sys.stderr)
    for row, reason in sorted(found.unreadable.items()):
        print(escape_line(f"{files[row]}: {reason}"), file=sys.stderr)
    if found.unreadable:
        raise typer.Exit(1)
