"""Takes the README's pictures from the real pages, with the simulated shop and the system's Chromium."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

HERE = Path(__file__).parent
DEMO = ("-m", "triage", "demo", "--no-browser", "--seed", "7")
FREE_PORTS = ("--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--web", "127.0.0.1:0")
DESK: ViewportSize = {"width": 1200, "height": 860}
FAULT_RUNS_S = 45
"""The fault goes on for so long before the pictures are taken, so that some customers get through again."""


def main() -> None:
    """Writes the pictures beside this file."""
    with demo() as url, browser() as page:
        time.sleep(FAULT_RUNS_S)
        page.goto(url)
        page.screenshot(path=HERE / "affected.png")
        home = url.split("/affected")[0]
        page.goto(home)
        page.screenshot(path=HERE / "now.png")
        page.locator(".open-incidents a").first.click()
        page.locator("[data-figure].is-live").first.wait_for()
        page.screenshot(path=HERE / "incident.png")
        page.set_viewport_size({"width": 390, "height": 844})
        page.reload()
        page.screenshot(path=HERE / "incident-phone.png")
        page.set_viewport_size(DESK)
        page.goto(url)
        page.locator("a[href^='/traces/']").first.click()
        page.wait_for_load_state()
        page.screenshot(path=HERE / "trace.png")


@contextmanager
def demo() -> Iterator[str]:
    """The demo, once it has told its answer: the address of the page with it."""
    process = subprocess.Popen([sys.executable, *DEMO, *FREE_PORTS], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        for line in process.stdout:
            if match := re.match(r"See (http://\S+)", line):
                yield match[1]
                return
        raise SystemExit("the demo ended before it had an answer")
    finally:
        process.terminate()
        process.wait()


@contextmanager
def browser() -> Iterator[Page]:
    """A page in the system's Chromium, as wide as the content ever gets."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium:
        raise SystemExit("there is no Chromium here")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched.new_page(viewport=DESK, color_scheme="light")
        launched.close()


if __name__ == "__main__":
    main()
