"""`stacker demo`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from stacker.artifacts.errors import PipelineError
from stacker.cli.app import app
from stacker.using.page.listening import HERE, LOOPBACK

T = TypeVar("T")
EXTRA = ("fastapi", "gradio", "uvicorn")  # packages


@app.command()
def demo(
    model: Annotated[
        str | None, typer.Option(help="A saved .h5, or the label of an ensemble or a member.", show_default="ensemble")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 lets other machines in.")] = HERE,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 for any free one.")] = 7860,
    examples: Annotated[
        Path | None,
        typer.Option(
            help="A folder of photos to click on; folders in it that are called like classes say what they show.",
            show_default="photos of the test split",
        ),
    ] = None,
) -> None:
    """Serve a page on which to try a model: drop photos, see the verdict, each member's vote and its heat map.

    It needs the extra `demo`, but no internet; photos stay on this machine. Ctrl-C ends it.

    \b
    stacker demo
    stacker demo --model xception --examples holiday/ --port 8000
    """  # noqa: D301 - \b is the sign for Click to keep the lines
    check_extra()
    if host not in LOOPBACK:
        print(
            f"warning: whoever reaches this machine at {host} may use the page, without a password, and what they send "
            f"travels unencrypted. Browsers give a webcam to pages of {HERE} or over HTTPS alone",
            file=sys.stderr,
        )
    from stacker.checks.keras_import import keras_at_hand
    from stacker.using.choosing_model import find_model
    from stacker.using.page.listening import listen

    path = find_model(model)
    with listen(host, port) as listener, keras_at_hand():
        from stacker.using.classifier import load
        from stacker.using.page.answering import Answering
        from stacker.using.page.examples import load_examples, load_rows, open_examples
        from stacker.using.page.serving import serve_page

        # A network takes as long for a batch that is not full: of 32 photos, 13 s against 0.5 s for one.
        answering = Answering(load(path, batch_size=1))
        description = answering.classifier.description
        validation = _attempt("no validation scores", lambda: load_rows(description, "validation"))
        if examples is None:
            shown = _attempt("no examples", lambda: load_examples(description)) or []
        else:
            shown = open_examples(answering, examples)
        serve_page(answering, shown, validation, listener, host)


def _attempt(without: str, load: Callable[[], T]) -> T | None:
    """What is nice to have; why it is not there, is said: a model may come without the data that it was made from."""
    try:
        return load()
    except PipelineError as error:
        print(f"{without}: {error}", file=sys.stderr)
        return None


def check_extra() -> None:
    """Is the extra installed?

    Raises:
        PipelineError: it is not, saying how to install it.
    """
    from importlib.util import find_spec

    missing = [package for package in EXTRA if find_spec(package) is None]
    if missing:
        raise PipelineError(
            f"stacker demo needs the extra `demo`, which is not installed ({', '.join(missing)}): run "
            "`pip install --require-hashes -r requirements.lock -r locks/demo.lock`"
        )
