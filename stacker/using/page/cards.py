"""What is found in photos as HTML: a card for each. Every name is the user's, so it is escaped."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO

import numpy as np
from PIL import Image

from stacker.artifacts.descriptions import Description
from stacker.pictures.heat_overlay import lay_heat_map
from stacker.using.page.answering import Finding, Refused

SMALL = 160  # pixels a side: smaller images are kept exact, and shown in squares
MOST_BARS = 8  # classes with a bar; the others are added up
WAITING = '<p class="waiting" role="status">The heat maps are being computed …</p>'
EMPTY = '<p class="empty">Drop photos on the left, or click an example: the answer appears here.</p>'


def draw_cards(findings: Sequence[Finding], refused: Sequence[Refused] = ()) -> str:
    """HTML: what is not taken, then a card for each photo, in the order in which they were given."""
    if not findings and not refused:
        return EMPTY
    problems = "".join(f"<li><b>{escape(name)}</b>: {escape(reason)}</li>" for name, reason in refused)
    alert = f'<div class="refused" role="alert"><p>Not taken:</p><ul>{problems}</ul></div>' if problems else ""
    return alert + "".join(draw_card(number, finding) for number, finding in enumerate(findings, start=1))


def draw_card(number: int, finding: Finding) -> str:
    """HTML of one photo: the verdict, a bar for each class, each member's vote and heat map."""
    name, image, truth = finding.photo
    return (
        f'<article class="card {finding.kind}"><div class="photo">{draw_image(image, name)}'
        f'<p class="name">{number}. {escape(name)}</p></div>'
        f'<div class="said"><h3 class="verdict">{escape(say_verdict(finding))}</h3>'
        f'<p class="why">{escape(say_why(finding, truth))}</p>{draw_bars(finding.probabilities)}</div>'
        f'<div class="members">{draw_members(finding)}</div></article>'
    )


def say_verdict(finding: Finding) -> str:
    """Such as "cat", "Not sure: cat or dog" or "None of these"."""
    if finding.kind == "unlike":
        return finding.verdict.capitalize()
    return finding.verdict if finding.kind == "sure" else f"Not sure: {finding.verdict}"


def say_why(finding: Finding, truth: str | None) -> str:
    """What the verdict rests on; and whether the likeliest class is right, where that is known."""
    likeliest = finding.likeliest
    why = {
        "sure": "Sure enough to rule out every other class.",
        "unsure": f"Not sure enough to settle for one class; the likeliest is {likeliest}.",
        "unlike": f"Unlike the photos that it was trained on; of the classes, {likeliest} would be the likeliest.",
    }[finding.kind]
    if truth is None:
        return why
    return f"{why} {'Right' if truth == likeliest else 'A mistake'}: it is {truth}."


def draw_bars(probabilities: Mapping[str, float]) -> str:
    """HTML: a bar for each class, in their order; where there are many, the likeliest first, and the rest as one."""
    shown = list(probabilities.items())
    if len(shown) > MOST_BARS:
        shown.sort(key=lambda pair: -pair[1])
        rest = shown[MOST_BARS:]
        shown = [*shown[:MOST_BARS], (f"{len(rest)} others", sum(probability for _, probability in rest))]
    return f'<dl class="bars">{"".join(_draw_bar(name, probability) for name, probability in shown)}</dl>'


def _draw_bar(name: str, probability: float) -> str:
    return (
        f'<dt>{escape(name)}</dt><dd><span class="track"><span class="bar" style="width:{probability:.2%}"></span>'
        f'</span><span class="number">{say_probability(probability)}</span></dd>'
    )


def draw_members(finding: Finding) -> str:
    """HTML: a figure for each member, its heat map above its vote."""
    title = f'<p class="legend">Each member’s vote, and what speaks for {escape(finding.likeliest)} in its eyes</p>'
    figures = "".join(_draw_member(label, finding) for label in finding.votes)
    return title + figures + ("" if finding.heat_maps else WAITING)


def _draw_member(label: str, finding: Finding) -> str:
    votes = finding.votes[label]
    guess = max(votes, key=votes.__getitem__)
    stance = "agrees" if guess == finding.likeliest else "differs"
    image, heat = finding.photo.image, finding.heat_maps.get(label)
    shown = image if heat is None or heat.size == 1 else lay_heat_map(image, heat)
    picture = "" if heat is None else draw_image(shown, f"heat map of {label}")
    return (
        f'<figure class="{stance}">{picture}<figcaption><b>{escape(label)}</b>'
        f'<span class="vote">{escape(guess)} {say_probability(votes[guess])}</span>{say_heat(heat)}'
        "</figcaption></figure>"
    )


def say_heat(heat: np.ndarray | None) -> str:
    """HTML: why a heat map, float32, (h, w), shows nothing; empty where it shows something."""
    if heat is None or (heat.size > 1 and heat.max() > 0):
        return ""
    reason = "nothing speaks for it" if heat.size > 1 else "cannot tell where: sees it as one place"
    return f'<span class="hint">{reason}</span>'


def draw_image(image: np.ndarray, text: str) -> str:
    """HTML of an image, with the text for those who cannot see it."""
    return f'<img src="{encode_image(image)}" alt="{escape(text)}">'


def encode_image(image: np.ndarray) -> str:
    """A `data:` address that holds the image itself: uint8, (height, width, 3), RGB, 0-255."""
    kind = "PNG" if max(image.shape[:2]) < SMALL else "JPEG"
    stream = BytesIO()
    Image.fromarray(image).save(stream, kind, quality=88)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def say_probability(probability: float) -> str:
    """HTML: in percent, never as sure as 0 or 100."""
    if probability < 0.001:
        return "&lt; 0.1 %"
    return "&gt; 99.9 %" if probability > 0.999 else f"{100 * probability:.1f} %"


def describe_model(description: Description) -> str:
    """HTML: which model answers, of which classes, and how often it was right on what it had not learnt."""
    members, held_out = list(description.members), description.held_out
    made_of = f", of {', '.join(escape(label) for label in members)}" if description.kind == "ensemble" else ""
    return (
        f"<h1>{escape(say_classes(description.classes))}?</h1><p>{escape(description.label)}{made_of}: right on "
        f"{100 * held_out.right / held_out.n:.1f} % of {held_out.n:,} photos that it had not learnt.</p>"
    )


def say_classes(classes: Sequence[str]) -> str:
    """Such as "cat, dog or fox"; of many the first few."""
    if len(classes) > MOST_BARS:
        return f"{', '.join(classes[:MOST_BARS])} or one of {len(classes) - MOST_BARS} others"
    return f"{', '.join(classes[:-1])} or {classes[-1]}"
