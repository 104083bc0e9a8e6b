"""Our pages as people meet them: on a phone, in the dark, with hostile telemetry, at 3 a.m."""

import csv
import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import odd_trace
from tests.browser.conftest import TOKEN, Axe, Site, Visit, fits_and_keeps_nobody_out
from tests.integration.small_shop import FROM, HOSTILE, trace_id
from tests.integration.small_shop import ODD as ODD_CUSTOMER
from triage.window import format_time

pytestmark = [pytest.mark.browser, pytest.mark.integration]

WINDOW = urlencode({"from": format_time(FROM), "to": format_time(FROM + timedelta(hours=1))})
PAGES = {
    "now": "/",
    "affected": "/affected",
    "affected-known": f"/affected?{WINDOW}",
    "affected-nothing": f"/affected?{WINDOW}&version=9",
    "affected-silent": "/affected?service=nobody",
    "affected-wrong": "/affected?from=soon&slower_than_ms=fast",
    "customer": f"/customers/{quote(ODD_CUSTOMER, safe='')}?{WINDOW}",
    "customer-hostile": f"/customers/{quote(HOSTILE, safe='')}?{WINDOW}",
    "customer-quiet": "/customers/c-2",
    "trace": f"/traces/{trace_id(1)}",
    "trace-odd": f"/traces/{trace_id(odd_trace.ODD)}",
    "trace-long": f"/traces/{trace_id(odd_trace.LONG)}",
    "missing": "/nothing/here",
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_fits_every_screen_and_keeps_nobody_out(seen: Visit, axe: Axe, name: str) -> None:
    """Nothing is asked of another site, and nothing is complained of."""
    page = seen.open(PAGES[name])
    expect(page.locator("h1.sentence")).to_be_visible()
    fits_and_keeps_nobody_out(seen, axe, name, whole=name not in ("affected", "trace-long"))


def test_the_door_fits_every_screen_and_keeps_nobody_out(seen: Visit, axe: Axe) -> None:
    """Where a token is asked for; after a wrong one, too."""
    page = seen.page
    page.goto(seen.site.guarded_url)
    page.get_by_label("Token").fill("not this one")
    page.get_by_role("button").click()
    expect(page.locator("#token-note.error")).to_be_visible()
    fits_and_keeps_nobody_out(seen, axe, "login")


class TestAffected:
    def test_the_sentence_comes_first_and_the_figures_are_the_apis(self, visit: Visit) -> None:
        """Who was hit, and how many have not got through since."""
        page = visit.open(PAGES["affected-known"])
        expect(page.locator("h1")).to_have_text(
            re.compile("^4 customers were hit by failures between .*; 2 have not got")
        )
        answer = page.request.get(f"{visit.site.url}/api/v1/affected?{WINDOW}").json()
        stats = [text.split("\n") for text in page.locator(".stats .stat").all_inner_texts()]
        assert {name: value for name, value, *_ in stats} | {} == {
            "Not recovered": str(answer["not_recovered"]),
            "Recovered": str(answer["recovered"]),
            "Never noticed": str(answer["masked"]),
            "At risk": "49.90\xa0EUR",
            "Failures": str(answer["failures"]),
            "Named": "90\xa0%",
        }
        rows = page.locator("#affected tbody tr")
        assert rows.count() == len(answer["items"]) == 4

    def test_the_form_asks_the_question(self, visit: Visit) -> None:
        """What is filled in stands in the address, and comes back in the form."""
        page = visit.open(PAGES["affected-known"])
        page.get_by_text("Change the question").click()
        page.get_by_label("Service").fill("payment")
        page.get_by_label("From").fill("1790000000")
        page.get_by_label("To", exact=True).fill("1790000025")
        page.get_by_role("button", name="Ask").click()
        expect(page.locator("h1")).to_have_text(re.compile("1 customer was hit by failures in payment"))
        assert "service=payment" in page.url
        assert page.locator("#service").input_value() == "payment"

    def test_a_wrong_question_says_which_field_and_keeps_the_rest(self, visit: Visit) -> None:
        """The form is open, the field is marked, and what was right is still there."""
        page = visit.open("/affected?from=soon&service=payment")
        field = page.get_by_label("From")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#from-note")).to_contain_text("15m")
        assert page.get_by_label("Service").input_value() == "payment"

    def test_an_answer_of_nothing_tells_calm_from_silence(self, visit: Visit) -> None:
        """Data that came and did not fail is no outage; a service that never reported is no calm."""
        visit.open(PAGES["affected-nothing"])
        expect(visit.page.locator(".absent")).to_contain_text("Data is arriving, nothing matches")
        visit.open(PAGES["affected-silent"])
        expect(visit.page.locator(".absent.stale")).to_contain_text("Nothing ever arrived")

    def test_evidence_opens_the_waterfall_at_the_span(self, visit: Visit) -> None:
        """One tap from the customer to the span that failed, unfolded, with its logs."""
        page = visit.open(f"/affected?{WINDOW}&service=payment")
        page.locator("#affected tbody tr").first.get_by_role("link", name="TimeoutError").first.click()
        unfolded = page.locator(".looked-at details[open]").first
        expect(unfolded).to_contain_text("TimeoutError: no answer within 2 s")
        expect(unfolded).to_contain_text("card declined")

    def test_the_list_goes_on_to_its_end(self, visit: Visit) -> None:
        """Page by page, saying which part of how many; the window stays."""
        page = visit.open(f"/affected?{WINDOW}&limit=3")
        expect(page.locator("h2#customers")).to_contain_text("1–3 of 4")
        page.get_by_role("link", name="Next 1 customers").click()
        expect(page.locator("h2#customers")).to_contain_text("4–4 of 4")
        expect(page.get_by_text("That is all of them.")).to_be_visible()

    def test_all_of_it_can_be_downloaded(self, visit: Visit) -> None:
        """As CSV, with the customers that the page shows."""
        page = visit.open(PAGES["affected-known"])
        with page.expect_download() as started:
            page.get_by_role("link", name="Download all as CSV").click()
        rows = list(csv.DictReader(Path(started.value.path()).read_text("utf-8").splitlines()))
        assert [row["outcome"] for row in rows].count("not_recovered") == 2

    def test_an_order_leads_to_its_traces(self, visit: Visit) -> None:
        """From the list and from its customer's story, with the window kept."""
        page = visit.open(PAGES["affected-known"])
        order = page.locator("#affected td.orders a").first
        name = order.inner_text()
        paths = [order.get_attribute("href") or ""]
        order.locator("xpath=ancestor::tr").locator("td.name a").click()
        paths.append(page.locator("#orders ~ ul a", has_text=name).first.get_attribute("href") or "")
        for path in paths:
            expect(visit.open(path).locator("h1")).to_contain_text(re.compile(r"^\d+ traces? between"))
            assert page.locator("#order").input_value() == name

    def test_a_customers_link_opens_whatever_they_are_called(self, visit: Visit) -> None:
        """Slashes, signs, markup: the page of each of them opens, its window kept."""
        page = visit.open(PAGES["affected-known"])
        for link in [each.get_attribute("href") or "" for each in page.locator("#affected td.name a").all()]:
            visit.open(link)
            expect(page.locator("h1")).not_to_contain_text("Nothing was heard")


class TestCustomer:
    def test_the_story_is_told_in_plain_words(self, visit: Visit) -> None:
        """The sentence, then the timeline, the evidence folded away."""
        page = visit.open(PAGES["customer"])
        expect(page.locator("h1")).to_have_text(
            "Tried to check out twice at 14:13; both failed at payment; it has not worked since."
        )
        evidence = page.locator(".story details").first
        expect(evidence.locator("a").first).not_to_be_visible()
        evidence.locator("summary").click()
        expect(evidence.locator("a").first).to_be_visible()

    def test_a_quiet_window_says_where_to_look(self, visit: Visit) -> None:
        """When they were last named, one tap away."""
        page = visit.open(PAGES["customer-quiet"])
        page.get_by_role("link", name="Look there").click()
        expect(page.locator(".story")).to_contain_text("POST /checkout")


class TestTrace:
    def test_a_long_trace_says_what_it_does_not_show(self, visit: Visit) -> None:
        """How many there are, how many are drawn, and the way to the others."""
        page = visit.open(PAGES["trace-long"])
        expect(page.locator(".caveat")).to_contain_text("12,000 spans: 10,000 are drawn")
        expect(page.locator("h2#spans")).to_contain_text("lines 1–200 of 10,000")
        page.get_by_role("link", name="Next 200 lines").click()
        expect(page.locator("h2#spans")).to_contain_text("lines 201–400 of 10,000")
        page.get_by_role("link", name="The next ones").click()
        expect(page.locator("h2#spans")).to_contain_text("of 2,000")

    def test_hostile_text_is_shown_and_does_nothing(self, visit: Visit) -> None:
        """Markup is text, what has no width is visible, what is endless is folded."""
        page = visit.open(PAGES["trace-odd"])
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert page.title().endswith("triage")
        assert page.locator("main script, main img").count() == 0
        assert not [href for href in page.locator("main a").all() if "evil" in (href.get_attribute("href") or "")]
        expect(page.locator("main")).to_contain_text("U+202E")
        expect(page.locator("main")).to_contain_text("100,000 characters")

    def test_every_span_of_an_odd_trace_has_its_line(self, visit: Visit) -> None:
        """Orphans, loops and twins included; each oddity is said."""
        page = visit.open(PAGES["trace-odd"])
        assert page.locator(".waterfall > li").count() == 51
        for note in ("its caller has not arrived", "form a loop", "names itself", "behind its caller"):
            expect(page.locator(".waterfall")).to_contain_text(note)


class TestNow:
    def test_it_says_whether_data_arrives_and_who_fails(self, visit: Visit) -> None:
        """The services with what they failed, their way to the customers, and the way in."""
        page = visit.open("/")
        expect(page.locator("#services-table")).to_contain_text("gateway")
        expect(page.locator("main")).to_contain_text("Lag")
        page.locator("#services-table a", has_text="inventory").first.click()
        expect(page.locator("h1")).to_contain_text("in inventory")


class TestReader:
    def test_times_are_utc_with_the_readers_own_at_hand(self, visit: Visit) -> None:
        """The zone of the reader's machine is added."""
        page = visit.open(PAGES["affected-known"])
        expect(page.locator("p.after")).to_contain_text("your time")
        assert "Asia/" in (page.locator("main time").first.get_attribute("title") or "")

    def test_it_all_works_without_javascript(self, browser: Browser, site: Site) -> None:
        """Question, answer, evidence."""
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(site.url + PAGES["affected-known"])
        page.locator("#affected .evidence a").first.click()
        expect(page.locator(".looked-at")).to_be_visible()
        context.close()

    def test_the_keyboard_is_enough(self, visit: Visit) -> None:
        """The first stop skips to the content; a span opens with Enter."""
        page = visit.open(PAGES["trace"])
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.locator(".waterfall summary").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator(".waterfall details").first).to_have_attribute("open", "")


class TestLogin:
    def test_a_person_enters_the_token_once(self, newcomer: Visit, axe: Axe) -> None:
        """And comes to the page that they asked for; a wrong token is said so."""
        page, url = newcomer.page, newcomer.site.guarded_url
        page.goto(f"{url}/traces/{trace_id(1)}?span={2:016x}")
        assert not axe(page)
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("#token-note")).to_contain_text("not the token")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Log in").click()
        assert page.url.endswith(f"/traces/{trace_id(1)}?span={2:016x}")
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("Token")).to_be_visible()
