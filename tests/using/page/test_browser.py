"""The page in a real Chromium, as people use it: no request leaves this machine."""

import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from page_models import HOSTILE, write_header_only, write_plain_photo, write_red_photo

pytestmark = [pytest.mark.extra, pytest.mark.browser]
pytest.importorskip("gradio")
api = pytest.importorskip("playwright.sync_api")

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]  # a webcam that shows a pattern
TIMEOUT = 30_000  # milliseconds, for a machine that has much else to do
# Chromium cuts off the stream of answers when a page is closed, or needs no more of it.
EXPECTED = {"net::ERR_ABORTED"}


@pytest.fixture(scope="module")
def browser():
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"there is no browser here: none of {', '.join(NAMES)} is on the PATH")
    with api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, args=OPTIONS)


@pytest.fixture
def open_page(browser, served):
    """Open the page as another user; at the end, no page has asked anyone else for anything, or has failed."""
    asked: list[str] = []
    addresses: set[str] = set()
    trouble: list[str] = []
    contexts = []

    def open_one(running=served):
        addresses.add(running.address)
        context = browser.new_context(permissions=["camera"])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: trouble.append(f"{request.url}: {request.failure}"))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
        page.goto(running.address)
        page.locator("#cards").wait_for()
        return page

    yield open_one
    for context in contexts:
        context.close()
    ours = {urlsplit(address).netloc for address in addresses}
    elsewhere = {url for url in asked if urlsplit(url).netloc not in ours}
    assert asked
    assert {url for url in elsewhere if not url.startswith(("data:", "blob:"))} == set()
    assert [line for line in trouble if not any(known in line for known in EXPECTED)] == []


def drop(page, *paths: Path) -> None:
    page.locator("input[type=file]").first.set_input_files(list(paths))


def read_cards(page) -> list[tuple[str, str]]:
    """The name and the verdict on each card, when all heat maps are there."""
    page.locator(".card").first.wait_for()
    api.expect(page.locator(".waiting")).to_have_count(0, timeout=TIMEOUT)
    return list(
        zip(page.locator(".card .name").all_inner_texts(), page.locator(".verdict").all_inner_texts(), strict=True)
    )


def test_several_photos_are_answered_each_with_its_verdict_and_its_heat_maps(open_page, tmp_path):
    page = open_page()

    drop(
        page,
        write_plain_photo(tmp_path / "bright.png", 230),
        write_plain_photo(tmp_path / "half.png", 163),
        write_red_photo(tmp_path / "red.png"),
    )

    assert read_cards(page) == [
        ("1. bright.png", "light"),
        ("2. half.png", "Not sure: light or dark"),
        ("3. red.png", "None of these"),
    ]
    assert page.locator(".card").first.locator(".bars dt").all_inner_texts() == ["dark", "light"]
    assert page.locator(".card").first.locator("figure b").all_inner_texts() == ["first", "second"]
    images = page.locator(".card img")
    assert images.count() == 3 * 3
    assert all(images.nth(number).evaluate("image => image.naturalWidth") == 16 for number in range(9))


def test_the_slider_moves_the_line_between_two_classes(open_page, tmp_path):
    page = open_page()
    assert not page.locator("#threshold").is_visible()
    drop(page, write_plain_photo(tmp_path / "bright.png", 230), write_plain_photo(tmp_path / "half.png", 163))
    read_cards(page)
    called = page.locator(".called li")
    assert called.all_inner_texts() == ["bright.png: light", "half.png: light"]

    page.locator("#threshold input[type=number]").fill("0.9")
    page.locator("#threshold input[type=number]").press("Enter")

    api.expect(called).to_have_text(["bright.png: light", "half.png: dark"], timeout=TIMEOUT)


def test_an_example_is_answered_and_the_page_says_whether_that_is_right(open_page):
    page = open_page()
    assert page.locator("h2.group").all_inner_texts() == ["Photos it gets right", "Photos it gets wrong"]

    page.locator(".examples").nth(1).locator("button").click()

    assert read_cards(page) == [("1. wrong.png", "dark")]
    assert "A mistake: it is light." in page.locator(".why").inner_text()


def test_the_webcam_takes_a_picture(open_page):
    page = open_page()
    page.get_by_role("tab", name="Webcam").click()
    page.get_by_text("Click to Access Webcam").click()
    page.wait_for_function("document.querySelector('video')?.videoWidth > 0")  # a click before that takes nothing

    page.get_by_role("button", name="capture photo").click()

    ((_, verdict),) = read_cards(page)
    assert verdict


def test_what_is_no_image_or_too_large_is_refused_with_its_reason(open_page, tmp_path):
    page = open_page()
    (tmp_path / "note.jpg").write_text("just text")
    write_header_only(tmp_path / "huge.png", 10_000, 6_000)

    drop(page, tmp_path / "note.jpg", write_plain_photo(tmp_path / "good.png", 20), tmp_path / "huge.png")

    assert read_cards(page) == [("1. good.png", "dark")]
    assert page.locator(".refused li").all_inner_texts() == [
        "note.jpg: this is no image of a kind that is taken (AVIF, BMP, GIF, JPEG, PNG, TIFF or WEBP)",
        "huge.png: it has 60.0 megapixels (10,000 x 6,000); at most 50 megapixels are taken",
    ]


def test_a_file_of_more_than_20_megabytes_is_refused(open_page, tmp_path):
    page = open_page()
    with (tmp_path / "large.bmp").open("wb") as stream:
        stream.truncate(20 * 1024**2 + 1)

    drop(page, tmp_path / "large.bmp")

    page.get_by_text("exceed the maximum allowed size of 20.0 Mb").wait_for()
    assert page.locator(".card").count() == 0


def test_the_name_of_a_file_is_text_whatever_it_says(open_page, tmp_path):
    page = open_page()
    name = "<img src=x onerror=alert(1)>${1+1}{{value}}.png"
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))

    drop(page, write_plain_photo(tmp_path / "photo.png", 230).rename(tmp_path / name))

    assert read_cards(page) == [(f"1. {name}", "light")]
    assert dialogs == []


def test_the_name_of_a_class_is_text_wherever_the_page_has_it(open_page, served_hostile, tmp_path):
    page = open_page(served_hostile)
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))

    drop(page, write_plain_photo(tmp_path / "bright.png", 230))

    shown = [name.replace("\x1b", "") for name in HOSTILE]
    ((_, verdict),) = read_cards(page)
    assert verdict.replace("\x1b", "") == shown[1]
    bars = page.locator(".card").first.locator(".bars dt").all_inner_texts()
    assert [name.replace("\x1b", "") for name in bars] == shown
    assert shown[1] in page.locator("#threshold").inner_text().replace("\x1b", "")
    assert page.locator("img[src=x]").count() == page.locator("svg[onload]").count() == 0
    assert dialogs == []


def test_two_users_at_once_each_get_their_own_answers(open_page, tmp_path):
    first, second = open_page(), open_page()
    bright = [write_plain_photo(tmp_path / f"bright_{number}.png", 230) for number in range(4)]
    dark = [write_plain_photo(tmp_path / f"dark_{number}.png", 20) for number in range(3)]

    drop(first, *bright)
    drop(second, *dark)

    assert read_cards(second) == [(f"{number + 1}. dark_{number}.png", "dark") for number in range(3)]
    assert read_cards(first) == [(f"{number + 1}. bright_{number}.png", "light") for number in range(4)]
    first.locator("#threshold input[type=number]").fill("1")
    first.locator("#threshold input[type=number]").press("Enter")
    api.expect(first.locator(".called li")).to_have_text([f"bright_{n}.png: dark" for n in range(4)], timeout=TIMEOUT)
    assert second.locator(".called li").all_inner_texts() == [f"dark_{number}.png: dark" for number in range(3)]
