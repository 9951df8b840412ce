"""What happens on the page when someone does something. Needs Gradio."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gradio

from stacker.using.page.answering import Answering, Photo, Refused
from stacker.using.page.cards import draw_cards
from stacker.using.page.examples import Rows
from stacker.using.page.threshold import Scored, draw_threshold, score
from stacker.using.page.uploads import Upload

# Again and again new contents: of the cards, of the scores that are kept, of the line below, and whether it is shown.
Contents = Iterator[tuple[Any, ...]]


class Events:
    """Answers to what users do; what is known of their photos stays with them."""

    def __init__(self, answering: Answering, validation: Rows | None):
        self._answering = answering
        self._validation = validation

    def take(self, uploads: list[Upload], threshold: float) -> Contents:
        """Files were dropped, or taken away; or the webcam took a picture."""
        yield from self._show(*self._answering.open_photos(uploads), threshold)

    def click_on(self, photos: Sequence[Photo]) -> Callable[..., Contents]:
        """One of these examples was clicked."""

        def click(threshold: float, event: gradio.SelectData) -> Contents:
            yield from self._show([photos[event.index]], [], threshold)

        return click

    def move(self, threshold: float, scores: Sequence[Scored]) -> str:
        """The threshold was moved: HTML of the line."""
        return draw_threshold(self._answering.classes, scores, threshold, self._validation)

    def _show(self, photos: Sequence[Photo], refused: Sequence[Refused], threshold: float) -> Contents:
        """First the verdicts, then the heat maps, one photo after another: they take longer."""
        classes = self._answering.classes
        findings = self._answering.answer(photos) if photos else []
        scores = [score(finding, classes[1]) for finding in findings]
        has_line = len(classes) == 2 and bool(scores)
        line = self.move(threshold, scores) if has_line else ""
        yield draw_cards(findings, refused), scores, line, gradio.update(visible=has_line)
        for row, finding in enumerate(findings):
            findings[row] = self._answering.explain(finding)
            yield draw_cards(findings, refused), gradio.skip(), gradio.skip(), gradio.skip()
