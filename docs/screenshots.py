"""Photograph the page of a bundle and the first page of the site: light, dark and on a phone.

Usage: python docs/screenshots.py BUNDLE [SITE]    # SITE is what `make docs` builds, ./site by default

Needs Chromium (Debian's package), Playwright and Pillow. Writes docs/images/{report,site}-{light,dark,phone}.png.
"""

from __future__ import annotations

import functools
import io
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).parent / "images"
LOOKS = {"light": (1200, 900, "light"), "dark": (1200, 900, "dark"), "phone": (390, 844, "light")}
"""Width and height in pixels, and what the reader's system prefers."""
COLOURS = 64


class Quiet(SimpleHTTPRequestHandler):
    """Serves the site without a line for each file."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def photograph(browser: Browser, address: str, name: str, at: str | None = None) -> None:
    """Write one picture for each look; ``at`` is the element to begin with."""
    for look, (width, height, scheme) in LOOKS.items():
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.goto(address)
        page.wait_for_timeout(800)
        if at is not None and look != "phone":
            page.locator(at).first.evaluate("element => element.scrollIntoView({block: 'start'})")
            page.wait_for_timeout(300)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(COLOURS)
        picture.save(IMAGES / f"{name}-{look}.png", optimize=True)
        page.close()


def main() -> None:
    """Run from the command line."""
    bundle, site = Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "site")
    server = ThreadingHTTPServer(("localhost", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        photograph(browser, (bundle / "report.html").resolve().as_uri(), "report", "h2[id$=validation]")
        photograph(browser, f"http://localhost:{server.server_address[1]}/", "site")
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
