"""The reader's own time beside UTC, wherever and whenever they read."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PHONE, Site, Visit, visiting

pytestmark = pytest.mark.browser


@contextmanager
def reader(browser: Browser, site: Site, zone: str) -> Iterator[Visit]:
    """A visit from that zone, by a British clock."""
    visits = visiting(browser, site, PHONE, "light", zone, "en-GB")
    yield next(visits)
    assert next(visits, None) is None


@pytest.mark.parametrize(
    ("zone", "from_", "to", "told"),
    [
        ("Europe/London", "2026-07-01T10:00:00Z", "2026-07-01T11:00:00Z", "11:00 – 12:00"),
        ("Europe/London", "2026-10-24T22:00:00Z", "2026-10-25T03:00:00Z", "24 Oct 23:00 – 25 Oct 03:00"),
        ("Europe/London", "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z", ""),
        ("Asia/Kolkata", "2026-11-20T18:00:00Z", "2026-11-20T23:00:00Z", "20 Nov 23:30 – 21 Nov 04:30"),
        ("Asia/Kolkata", "2026-11-01T10:00:00Z", "2026-11-08T10:00:00Z", "1 Nov 15:30 – 8 Nov 15:30"),
        ("Pacific/Auckland", "2026-11-20T18:00:00Z", "2026-11-20T19:00:00Z", "21 Nov 07:00 – 21 Nov 08:00"),
        ("Africa/Abidjan", "2026-07-01T10:00:00Z", "2026-07-01T11:00:00Z", ""),
    ],
)
def test_a_window_is_told_in_the_readers_time(
    browser: Browser, site: Site, zone: str, from_: str, to: str, told: str
) -> None:
    """By the offset of its own moments, whatever today's is, and with the day where it is another one."""
    with reader(browser, site, zone) as visit:
        page = visit.open(f"/search?from={from_}&to={to}")
        expect(page.locator(".yours")).to_have_text(f" ({told} your time)" if told else "")


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Pacific/Auckland", "02:05:00 UTC · 15:05:00 here"),
        ("America/St_Johns", "02:05:00 UTC · 27 Nov, 22:35:00 here"),
        ("Africa/Abidjan", "02:05:00 UTC"),
    ],
)
def test_a_figure_tells_it_under_the_cursor(browser: Browser, site: Site, zone: str, told: str) -> None:
    """What stands beside a value."""
    with reader(browser, site, zone) as visit:
        assert visit.open("/").evaluate("both('2026-11-28T02:05:00Z')") == told


def test_on_paper_nothing_is_folded_or_dark(browser: Browser, site: Site) -> None:
    """From a dark phone as well: the parts stand open, links say where they lead, and no form is printed."""
    visits = visiting(browser, site, PHONE, "dark")
    page = next(visits).open("/affected?from=1h")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<details class=part><p>in it</p></details>')"
    )
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--paper')") == "#ffffff"
    expect(page.get_by_text("in it")).to_be_visible()
    assert page.locator("form").locator("visible=true").count() == 0
    link = page.locator("main a[href]").first
    told = link.evaluate("link => getComputedStyle(link, '::after').content")
    assert site.url in told
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.get_by_text("in it")).to_be_hidden()
    assert next(visits, None) is None
