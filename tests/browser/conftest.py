"""Our pages in a real Chromium, in front of a real store with a shop's last quarter of an hour in it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pytest
import uvicorn
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, ViewportSize, expect, sync_playwright

from dashboards.app import create_app
from queries import schema
from queries.store import Store, varint
from tests.browser import odd_trace
from tests.integration import small_shop
from tests.integration.otlp import SECOND, segment, span, token, traces
from tests.npm import packages
from triage.demo.model import Shop
from triage.demo.write import otlp_requests

HERE = Path(__file__).parent
TOKEN = "open-sesame"
expect.set_options(timeout=30_000)  # as long as for what is done on a page: the machine may be busy
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
METRICS = 'triage_lag_seconds 0.4\ntriage_backlog_bytes 1024\ntriage_accepted_records_total{kind="traces"} 4000\n'
PHONE: ViewportSize = {"width": 360, "height": 740}
TABLET: ViewportSize = {"width": 768, "height": 1024}
DESK: ViewportSize = {"width": 1440, "height": 900}
SCREENS = [(PHONE, "light"), (DESK, "dark"), (PHONE, "dark"), (TABLET, "light"), (TABLET, "dark"), (DESK, "light")]
"""Each with what the reader's system prefers; the first two are looked at in CI, too."""
PICTURES = Path(__file__).parents[2] / "build" / "screens"
HISTORY_S = 900


@dataclass(frozen=True)
class Site:
    """Where the pages are: open, and behind a token."""

    url: str
    guarded_url: str
    store: Store


@dataclass
class Visit:
    """A page, with all that went wrong on it: what it wrote to the console, and what it asked of other sites."""

    page: Page
    site: Site
    scheme: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """The page at `path`."""
        self.page.goto(self.site.url + path)
        return self.page


@pytest.fixture(scope="module")  # a process holds one engine at a time: the next module opens its own
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    store = Store.open(f"chdb://{tmp_path_factory.mktemp('pages')}/clickhouse")
    schema.apply(store)
    fill(store)
    with listening(store, "") as url, listening(store, TOKEN) as guarded_url:
        yield Site(url, guarded_url, store)
    store.close()


def fill(store: Store) -> None:
    """A quarter of an hour of a shop whose gateway fails, a story that is known, and traces as odd as they come."""
    now = time.time()
    shop = Shop("gateway-5xx", seed=1, rate=0.5)
    fault = shop.fault(now - 500, now - 200)
    bodies: dict[str, list[bytes]] = {"traces": [], "logs": [], "metrics": []}
    for signal, body in otlp_requests(shop.between(now - HISTORY_S, now - 2, fault)):
        bodies[signal].append(varint(len(body)) + body)
    start = int(now) * SECOND
    items = [
        span(number + 1, odd_trace.LONG, int(number > 0), start + number * 100_000, name=f"item {number}")
        for number in range(odd_trace.LONG_SPANS)
    ]
    items[11_000].kind = Span.SPAN_KIND_CLIENT
    bodies["traces"].append(segment(traces(*items, resource={"service.name": "batch"}), *odd_trace.requests()))
    for kind, records in bodies.items():
        store.insert(kind, b"".join(records), token())
    small_shop.fill(store)


@contextmanager
def listening(store: Store, secret: str) -> Iterator[str]:
    """The application on a free port of loopback."""
    app = create_app(store, metrics=lambda: METRICS, ready=lambda: None, token=secret)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")  # while it is open, an event loop runs on the main thread
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def phone_tab(browser: Browser, site: Site) -> Iterator[Visit]:
    """A phone's tab. Tests share it: to make one takes longer than most of what is done in it."""
    yield from visiting(browser, site, PHONE, "light")


@pytest.fixture
def visit(phone_tab: Visit) -> Iterator[Visit]:
    """A visit on a phone."""
    yield from anew(phone_tab)


@pytest.fixture
def newcomer(browser: Browser, site: Site) -> Iterator[Visit]:
    """The same in a tab of its own."""
    yield from visiting(browser, site, PHONE, "light")


def anew(tab: Visit) -> Iterator[Visit]:
    """A visit in a tab that is there already: it leaves nothing behind, and has nothing to complain of."""
    yield tab
    tab.page.unroute_all()
    tab.page.evaluate("localStorage.clear(); sessionStorage.clear()")
    tab.page.context.clear_cookies()
    assert not tab.complaints


def visiting(
    browser: Browser, site: Site, viewport: ViewportSize, scheme: str, zone: str = "Asia/Kolkata", locale: str = "en-US"
) -> Iterator[Visit]:
    """A visit that has nothing to complain of in the end."""
    context = browser.new_context(
        viewport=viewport,
        color_scheme="dark" if scheme == "dark" else "light",
        timezone_id=zone,
        locale=locale,
        accept_downloads=True,
    )
    made = Visit(context.new_page(), site, scheme)

    def asked(request: Request) -> None:
        if not request.url.startswith((site.url, site.guarded_url, "data:")):
            made.complaints.append(f"asked {request.url}")

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            made.complaints.append(message.text)

    made.page.on("request", asked)
    made.page.on("console", said)
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
    yield made
    context.close()
    assert not made.complaints


Screen: TypeAlias = tuple[ViewportSize, str]
Axe: TypeAlias = Callable[[Page], list[tuple[str, str, int]]]


@pytest.fixture(scope="session")
def axe() -> Axe:
    """What axe-core finds that is serious: the rule, the first element that breaks it, and how many do."""
    script = (packages(HERE) / "axe-core" / "axe.min.js").read_text("utf-8")

    def serious(page: Page) -> list[tuple[str, str, int]]:
        page.evaluate(script)
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        return [
            (rule["id"], rule["nodes"][0]["html"][:300], len(rule["nodes"]))
            for rule in found
            if rule["impact"] in ("serious", "critical")
        ]

    return serious


LOOKS = [
    pytest.param(each, marks=[pytest.mark.full] if place > 1 else [], id=f"{each[0]['width']}-{each[1]}")
    for place, each in enumerate(SCREENS)
]


@pytest.fixture(params=LOOKS)
def screen(request: pytest.FixtureRequest) -> Screen:
    """A phone, a tablet and a desk, in light and dark."""
    screen: Screen = request.param
    return screen


@pytest.fixture(scope="module", params=LOOKS)
def tab(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A tab on each of them, which tests share."""
    yield from visiting(browser, site, *request.param)


@pytest.fixture
def seen(tab: Visit) -> Iterator[Visit]:
    """A visit on each of them."""
    yield from anew(tab)


def figures_drawn(page: Page) -> None:
    """Waits until plotly has drawn what can be seen."""
    expect(page.locator("[data-figure].is-live").first).to_be_visible(timeout=30_000)


def fits_and_keeps_nobody_out(
    visit: Visit, axe: Axe, name: str, *, whole: bool = True, has_figures: bool = False
) -> None:
    """Nothing is wider than the screen, folded out neither; axe-core finds nothing serious then. Leaves a picture."""
    page = visit.page
    page.wait_for_load_state()
    assert not too_wide(page)
    shoot(visit, name, whole=whole)
    page.evaluate("document.querySelectorAll('details').forEach((each, place) => { each.open = place < 60 })")
    if has_figures:
        figures_drawn(page)
    assert not too_wide(page)
    assert not axe(page)


def too_wide(page: Page) -> list[str]:
    """What reaches beyond the screen's right edge."""
    script = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
            .map(e => e.outerHTML.slice(0, 200)).slice(0, 5)"""
    return list(page.evaluate(script))


def shoot(visit: Visit, name: str, *, whole: bool = True) -> None:
    """A picture for people to look at, with what is drawn only once it is scrolled to."""
    page = visit.page
    page.evaluate("document.styleSheets[0].insertRule('* { content-visibility: visible !important }')")
    width = page.viewport_size["width"] if page.viewport_size else 0
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}-{width}-{visit.scheme}.png", full_page=whole)
