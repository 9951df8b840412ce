"""Photograph the page of `stacker demo` for the README: `docs/images/demo.png`.

Usage: `python -m tools.photograph_page`, where the default settings have run, in an environment with the extra `demo`
and the group `browser`, on a machine with Chromium.
"""

import io
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image

PICTURE = Path("docs/images/demo.png")
PHOTO = Path("data/raw/digits/odd/0539.png")  # one on which the members disagree
SIZE = (1280, 960)  # pixels: as wide as the page gets, and as high as it then is


def main() -> None:
    command = [sys.executable, "-m", "stacker", "demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        address = next(iter(server.stdout or ())).split()[0]
        picture = photograph(address)
        server.terminate()
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(256).save(PICTURE, optimize=True)
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1024:.0f} kB")


def photograph(address: str) -> bytes:
    """The page with the answer to `PHOTO`, as a PNG file."""
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme="light")
        page.goto(address)
        page.locator("input[type=file]").first.set_input_files(PHOTO)
        page.locator(".card").wait_for()
        expect(page.locator(".waiting")).to_have_count(0, timeout=60_000)
        page.mouse.move(0, 0)
        return bytes(page.screenshot())


if __name__ == "__main__":
    main()
