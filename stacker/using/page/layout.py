"""The page itself: what is where. Needs Gradio."""

from collections.abc import Sequence
from typing import Any

import gradio

from stacker.using.page.answering import Answering, Photo
from stacker.using.page.cards import describe_model, draw_cards
from stacker.using.page.components import build_camera, build_drop, confine
from stacker.using.page.events import Events
from stacker.using.page.examples import Rows, split_examples
from stacker.using.page.style import FONTS, MONOSPACED
from stacker.using.page.threshold import DEFAULT
from stacker.using.page.uploads import LIMITS

CLEANED_EVERY, KEPT = 600, 3600  # seconds: how often uploads are looked through, and how long one is kept
# Requests that are worked on, photo by photo in turn, and that wait; who comes then is told that the queue is full.
MOST_RUNNING, MOST_WAITING = 8, 30
PRIVATE = {"api_visibility": "private"}


def build_page(answering: Answering, examples: Sequence[Photo], validation: Rows | None) -> gradio.Blocks:
    """The page.

    Args:
        answering: what answers.
        examples: photos to click on.
        validation: what the model predicted of the validation split, where that is at hand.
    """
    description, events = answering.classifier.description, Events(answering, validation)
    title = f"stacker demo: {description.label}"
    with gradio.Blocks(title=title, analytics_enabled=False, delete_cache=(CLEANED_EVERY, KEPT)) as page:
        gradio.HTML(describe_model(description), elem_id="head")
        with gradio.Row():
            with gradio.Column(scale=2, min_width=300):
                drop, camera = build_inputs()
                galleries = build_galleries(split_examples(answering, examples))
                slider, contents = build_threshold(events, answering.classes[1])
            with gradio.Column(scale=3, min_width=420):
                cards = gradio.HTML(draw_cards([]), elem_id="cards")
        answer: dict[str, Any] = {
            "outputs": [cards, *contents],
            "concurrency_id": "answer",  # all these events share the limit
            "concurrency_limit": MOST_RUNNING,
            "show_progress": "minimal",
            "show_progress_on": cards,
            **PRIVATE,
        }
        drop.change(events.take, [drop, slider], **answer)
        camera.input(events.take, [camera, slider], **answer)
        for gallery, photos in galleries:
            gallery.select(events.click_on(photos), [slider], **answer)
    confine(page)
    return page.queue(max_size=MOST_WAITING, api_open=False)


def build_inputs() -> tuple[gradio.File, gradio.Image]:
    """Where one gives photos: a place to drop files, and the webcam."""
    with gradio.Tab("Photos"):
        drop = build_drop(label="Photos", height=200)
        gradio.HTML(f'<p class="hint">{LIMITS}</p>')
    with gradio.Tab("Webcam"):
        camera = build_camera(label="Webcam", buttons=[], format="png")
    return drop, camera


def build_galleries(groups: dict[str, list[Photo]]) -> list[tuple[gradio.Gallery, list[Photo]]]:
    """Photos to click on, below the title of their group."""
    galleries = []
    for title, photos in groups.items():
        gradio.HTML(f'<h2 class="group">{title}</h2>')
        gallery = gradio.Gallery(
            [(photo.image, photo.truth or photo.name) for photo in photos],
            label=title,
            show_label=False,
            container=False,
            columns=4,
            height="auto",
            allow_preview=False,
            interactive=False,
            buttons=[],
            format="png",
            elem_classes="examples",
        )
        galleries.append((gallery, photos))
    return galleries


def build_threshold(events: Events, second: str) -> tuple[gradio.Slider, list[Any]]:
    """The slider, which appears with the first answer where there are two classes.

    Returns:
        The slider, and what answers fill: the scores that are kept, the line below the slider, and the whole.
    """
    scores = gradio.State([], time_to_live=KEPT)
    with gradio.Column(visible=False, elem_id="threshold") as whole:
        slider = gradio.Slider(0, 1, DEFAULT, step=0.01, label=f"Say “{second}” from this probability on")
        line = gradio.HTML()
    slider.change(
        events.move,
        [slider, scores],
        line,
        concurrency_limit=None,
        show_progress="hidden",
        trigger_mode="always_last",
        **PRIVATE,
    )
    return slider, [scores, line, whole]


def choose_theme() -> gradio.themes.Base:
    """Gradio's own look, in fonts that every machine has."""
    return gradio.themes.Default(font=FONTS, font_mono=MONOSPACED, primary_hue="blue")
