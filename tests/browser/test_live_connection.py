"""A page that follows, in a real Chromium: it says when it no longer does, and why, and follows again."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from playwright.sync_api import Browser, Route, expect

from collectors.sources.events import Change, line
from dashboards.app import create_app
from queries.store import Store
from tests.browser.conftest import DESK, TOKEN, Site, Visit, visiting
from tests.integration.otlp import token

pytestmark = [pytest.mark.browser, pytest.mark.integration]

EVENTS = "**/api/v1/events"
COUNTED = """
window.counted = {};
const add = window.addEventListener;
window.addEventListener = function (kind, ...rest) {
  counted[kind] = (counted[kind] || 0) + 1;
  return add.call(this, kind, ...rest);
};
"""


@pytest.fixture
def desk(browser: Browser, site: Site) -> Iterator[Visit]:
    """A visit at a desk."""
    yield from visiting(browser, site, DESK, "light")


@contextmanager
def serving(store: Store, port: int) -> Iterator[None]:
    """The application on that port, until it is stopped."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(store, metrics=str, ready=lambda: None), port=port, log_config=None)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield
    server.should_exit = True
    server.force_exit = True
    thread.join(10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def tell_of_a_change(store: Store) -> None:
    """News for all who follow."""
    change = Change(id=token(), time_ns=time.time_ns(), kind="deploy", source="api")
    store.insert("events", line(change) + b"\n", token())


def test_a_service_that_stops_is_told_until_it_is_back(browser: Browser, site: Site) -> None:
    """With the time since when, though no news come that would have the page asked for."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    for visit in visiting(browser, Site(url, url, site.store), DESK, "light"):
        told = visit.page.locator(".not-live")
        with serving(site.store, port):
            with visit.page.expect_response(EVENTS):
                visit.open("/")
            expect(told).to_have_count(0)
            stood = visit.page.locator("h1").bounding_box()
        expect(told).to_have_text(
            re.compile(r"^not live since \d\d:\d\d UTC: the service does not answer$"), timeout=30_000
        )
        assert visit.page.locator("h1").bounding_box() == stood
        visit.page.evaluate("scrollTo({ top: 1e6, behavior: 'instant' })")
        expect(told.get_by_role("status")).to_be_in_viewport()
        with serving(site.store, port):
            expect(told).to_have_count(0, timeout=30_000)
            visit.page.goto("about:blank")


def test_a_page_that_may_not_follow_is_renewed_all_the_same(desk: Visit) -> None:
    """It says so, and holds no connection but the last however often it tries."""
    desk.page.add_init_script(COUNTED)
    tries: list[str] = []

    def refuse(route: Route) -> None:
        tries.append(route.request.url)
        route.fulfill(status=503)

    desk.page.route(EVENTS, refuse)
    page = desk.open("/")
    told = page.locator(".not-live")
    expect(told).to_contain_text("no news come, the page is renewed every 10 seconds", timeout=20_000)
    page.wait_for_timeout(12_000)
    assert len(tries) > 2
    assert page.evaluate("counted.pagehide") == 1
    page.unroute(EVENTS)
    expect(told).to_have_count(0, timeout=20_000)


def test_who_is_no_longer_logged_in_is_asked_to_log_in_again(desk: Visit) -> None:
    """By a link that leads back here; a login page that is open elsewhere stays good."""
    page, url = desk.page, desk.site.guarded_url
    page.goto(f"{url}/incidents?state=open")
    page.get_by_label("Token").fill(TOKEN)
    with page.expect_response(EVENTS):
        page.get_by_role("button", name="Log in").click()
    page.context.clear_cookies()
    tell_of_a_change(desk.site.store)
    again = page.locator(".not-live").get_by_role("link", name="log in again")
    expect(again).to_be_visible(timeout=20_000)
    assert not page.context.cookies()
    again.click()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{url}/incidents?state=open")


def test_a_page_that_is_come_back_to_follows_again(desk: Visit) -> None:
    """And is asked for anew, as news may have been missed. (Chromium keeps no page for Back while it is driven.)"""
    with desk.page.expect_response(EVENTS):
        page = desk.open("/")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    with page.expect_response(EVENTS), page.expect_response(f"{desk.site.url}/"):
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(page.locator(".not-live")).to_have_count(0)


def test_the_readers_own_time_goes_on_with_the_pages(desk: Visit) -> None:
    """Both are the time of the page that is shown."""

    def later(route: Route) -> None:
        answer = route.fetch()
        body = re.sub(
            r'(class="zone"><time datetime=")[^"]+(">)[^<]+', r"\g<1>2031-01-01T10:00:00Z\g<2>10:00", answer.text()
        )
        route.fulfill(response=answer, body=body)

    with desk.page.expect_response(EVENTS):
        page = desk.open("/")
    page.route(f"{desk.site.url}/", later)
    tell_of_a_change(desk.site.store)
    expect(page.locator(".bar .zone")).to_have_text("10:00 UTC · 3:30 PM here", timeout=20_000, use_inner_text=True)
