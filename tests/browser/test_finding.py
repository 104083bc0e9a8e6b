"""Search, changes and the runbook as people meet them: what is found is the API's, and hostile text does nothing."""

import json
from urllib.parse import urlencode

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Axe, Site, Visit, fits_and_keeps_nobody_out
from tests.browser.test_pages import WINDOW
from tests.integration.otlp import SECOND, T0, any_value, attributes, logs, segment, token
from tests.integration.small_shop import HOSTILE, LAST, ODD, trace_id
from triage.search import going_back

pytestmark = [pytest.mark.browser, pytest.mark.integration]

LONG_TEXT = "x" * 50_000 + " needle <img src=x onerror=alert(1)> " + "y" * 50_000
PAGES = {
    "search": f"/search?{WINDOW}",
    "search-logs": f"/search?kind=logs&{WINDOW}&text=card",
    "search-nothing": f"/search?{WINDOW}&service=nobody",
    "search-wrong": "/search?from=soon&attribute=%3Dx",
    "changes": "/changes?from=1h",
    "changes-wrong": "/changes?kind=odd",
    "runbook": "/runbook",
}


@pytest.fixture(scope="module", autouse=True)
def told(site: Site) -> None:
    """A change as hostile as they come, and a log record as long."""
    change = {
        "id": "api:1", "time_ns": T0, "kind": "deploy", "source": "api", "service": "payment", "version": "2.4.0",
        "environment": HOSTILE, "title": f"deploy {HOSTILE}", "author": "x" * 5000, "url": "https://evil.example/",
        "status": "success", "details": json.dumps({"markup": HOSTILE}),
    }  # fmt: skip
    site.store.insert("events", json.dumps({"Kind": "change", "Body": json.dumps(change)}).encode(), token())
    record = LogRecord(
        time_unix_nano=T0 + 90 * SECOND,
        severity_number=13,  # type: ignore[arg-type]  # an enum's number
        body=any_value(LONG_TEXT),
        attributes=attributes({HOSTILE: HOSTILE, "long": "z" * 100_000}),
    )
    site.store.insert("logs", segment(logs(record, resource={"service.name": HOSTILE})), token())


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no reason to stop looking early."""
    monkeypatch.setattr(going_back, "ENOUGH_S", 60.0)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_every_screen_and_keeps_nobody_out(seen: Visit, axe: Axe, name: str) -> None:
    """What is found, what is not, and what was asked wrongly."""
    expect(seen.open(PAGES[name]).locator("h1.sentence")).to_be_visible()
    fits_and_keeps_nobody_out(seen, axe, name)


class TestSearch:
    def test_what_is_found_is_what_the_api_finds(self, visit: Visit) -> None:
        """The same traces in the same order, each a link to its waterfall, customers with the window kept."""
        page = visit.open(PAGES["search"])
        items = page.request.get(f"{visit.site.url}/api/v1/traces?{WINDOW}").json()["items"]
        links = [each.get_attribute("href") for each in page.locator("#found td.name a").all()]
        assert links == [f"/traces/{item['trace_id']}?span={item['span_id']}" for item in items]
        expect(page.locator("h1")).to_contain_text(f"{len(items)} traces between")
        page.get_by_role("link", name=ODD).first.click()
        expect(page.locator("h1")).to_contain_text("Tried to check out twice")

    def test_the_form_asks_and_keeps_what_was_asked(self, visit: Visit) -> None:
        """Fields stand in the address; the other tab takes along what both know."""
        page = visit.open(PAGES["search"])
        if not page.get_by_label("Service").is_visible():
            page.get_by_text("Change the question").click()
        page.get_by_label("Service").fill("payment")
        page.get_by_label("Outcome").select_option(label="the span failed")
        page.get_by_role("button", name="Search").click()
        assert "service=payment" in page.url
        assert "error=true" in page.url
        expect(page.locator("h1")).to_contain_text("5 traces")
        page.get_by_text("Change the question").click()
        assert page.get_by_label("Service").input_value() == "payment"
        page.get_by_role("link", name="Log records").click()
        expect(page.locator("h1")).to_contain_text("1 log record between")

    def test_pages_go_on_to_the_end(self, visit: Visit) -> None:
        """With the question pinned, and the way back to the first."""
        page = visit.open(f"/search?{WINDOW}&service=gateway&limit=5")
        expect(page.locator("h1")).to_contain_text("The latest 5 traces")
        page.get_by_role("link", name="Earlier ones").click()
        expect(page.locator("h1")).to_contain_text("The next 2 traces")
        expect(page.get_by_text("That is all of them.")).to_be_visible()
        page.get_by_role("link", name="first page").click()
        expect(page.locator("h1")).to_contain_text("7 traces")

    def test_a_match_is_marked_and_markup_is_text(self, visit: Visit) -> None:
        """In the middle of a record as long as they come; nothing in it runs, and the page stays small."""
        answer = visit.page.request.get(f"{visit.site.url}/search?kind=logs&{WINDOW}&text=NEEDLE")
        assert len(answer.body()) < 300_000
        page = visit.open(f"/search?kind=logs&{WINDOW}&text=NEEDLE")
        assert page.locator("mark").all_inner_texts() == ["needle"]
        expect(page.locator("#found")).to_contain_text("<img src=x onerror=alert(1)>")
        assert page.locator("main img, main script").count() == 0
        page = visit.open(f"/search?kind=logs&{urlencode({'text': HOSTILE[:9]})}&{WINDOW}")
        assert page.locator("mark").all_inner_texts() == ["<script>a"]

    def test_a_wrong_question_says_which_field(self, visit: Visit) -> None:
        """And keeps the rest."""
        page = visit.open(PAGES["search-wrong"] + "&service=payment")
        expect(page.locator("#from-note")).to_contain_text("15m")
        expect(page.locator("#attribute-note")).to_contain_text("KEY=VALUE")
        assert page.get_by_label("Service").input_value() == "payment"

    def test_nothing_found_tells_calm_from_silence(self, visit: Visit) -> None:
        """Data that came and is something else is no silence."""
        visit.open(PAGES["search-nothing"])
        expect(visit.page.locator(".absent.calm")).to_contain_text("spans arrived in this window")
        visit.open("/search?from=100&to=200")
        expect(visit.page.locator(".absent.stale")).to_contain_text("No data")

    def test_a_page_that_took_too_long_says_how_far_it_looked(
        self, visit: Visit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And goes on from there."""
        monkeypatch.setattr(going_back, "ENOUGH_S", 0.0)
        page = visit.open(f"/search?{WINDOW}&service=gateway&limit=90")
        expect(page.locator("h1")).to_contain_text("No trace so far between")
        expect(page.locator(".caveat")).to_contain_text("Looked back to")
        monkeypatch.setattr(going_back, "ENOUGH_S", 60.0)
        page.get_by_role("link", name="Go on from there").click()
        expect(page.locator("h1")).to_contain_text("The next 7 traces")

    def test_it_works_without_javascript(self, browser: Browser, site: Site) -> None:
        """Question, answer, evidence."""
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{site.url}/search?{urlencode({'customer': HOSTILE})}&{WINDOW}")
        page.locator("#found td.name a").click()
        assert trace_id(LAST) in page.url
        context.close()


class TestChanges:
    def test_a_change_is_told_as_the_api_tells_it(self, visit: Visit) -> None:
        """Who says so, of which service; its text does nothing and its link is only text."""
        page = visit.open(f"/changes?{WINDOW}")
        items = page.request.get(f"{visit.site.url}/api/v1/changes?{WINDOW}&kind=deploy").json()["items"]
        assert [item["service"] for item in items] == ["payment"]
        row = page.locator("#found tbody tr")
        expect(row).to_contain_text("<script>alert(1)</script>")
        expect(row).to_contain_text("told by api")
        assert page.locator("main a[href*='evil']").count() == 0
        row.get_by_role("link", name="who was affected").click()
        expect(page.locator("h1")).to_contain_text("customers were hit")

    def test_filters_are_in_the_address(self, visit: Visit) -> None:
        """By kind, and by service."""
        page = visit.open(f"/changes?{WINDOW}&kind=flag")
        expect(page.locator("h1")).to_contain_text("No flag change is known")
        page = visit.open("/changes?kind=odd")
        expect(page.locator("#kind-note")).to_contain_text("deploy")


class TestRunbook:
    def test_rows_read_as_the_api_tells_them(self, visit: Visit) -> None:
        """Each with its symptom, who acts and what they do first."""
        page = visit.open("/runbook")
        items = page.request.get(f"{visit.site.url}/api/v1/runbook").json()["items"]
        rows = page.locator("section.row")
        assert rows.count() == len(items)
        expect(rows.first).to_contain_text(items[0]["symptom"])
        expect(rows.first.locator(".steps li").first).to_have_text(items[0]["mitigation"][0])
        expect(rows.first).to_contain_text(items[0]["owner"]["name"])
