"""The page of a postmortem: an author finishes it, and nobody is kept out."""

from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import TOKEN, Axe, Site, Visit, fits_and_keeps_nobody_out
from tests.integration.small_shop import FROM
from tests.symptoms import RUNBOOK, Passes, gateway_errors
from triage.incident.book import StoredBook

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(site: Site) -> str:
    """The postmortem of an incident of the small shop, whose customers and operations have hostile names."""
    passes, symptom = Passes(runbook=RUNBOOK), gateway_errors("payment")
    assert symptom.question
    to = FROM + timedelta(minutes=5)
    passes.look(30, replace(symptom, from_=FROM, question=replace(symptom.question, from_=FROM, to=to)))
    passes.looks(40, 120)
    StoredBook(site.store).write(list(passes.book.events.values()))
    return f"/incidents/{passes.only.id}/postmortem"


def test_an_author_edits_a_section_and_finds_it_again(newcomer: Visit, address: str) -> None:
    """On a phone, by the form alone; the text is shown, and by whom it is. Nothing is wider than the screen."""
    page = newcomer.open(address)
    page.get_by_text("Edit this section: Root cause").click()
    page.get_by_label("Text of “Root cause”").fill("The token had expired.\n\n- nobody was told")
    page.locator("#author-root_cause").fill("Ana")
    page.locator("button[value=root_cause]").click()
    section = page.locator("section", has=page.locator("h2#root_cause"))
    assert section.get_by_text("The token had expired.", exact=True).first.is_visible()
    assert "written by Ana" in section.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def begin(page: Page, section: str, text: str) -> None:
    """Writes into a section's form, and does not save it."""
    page.get_by_text(f"Edit this section: {section}").click()
    page.get_by_label(f"Text of “{section}”").fill(text)


def log_in(page: Page) -> None:
    page.get_by_label("Token").fill(TOKEN)
    with page.expect_navigation():  # a page that is not whole yet may move under the pointer
        page.get_by_role("button", name="Log in").click()


def test_what_was_typed_survives_a_session_that_ended(newcomer: Visit, address: str) -> None:
    """Saving leads to the token, and from there back to the text; another section's is still there as well."""
    page = newcomer.page
    page.goto(newcomer.site.guarded_url + address)
    log_in(page)
    begin(page, "Impact", "An hour of writing.")
    begin(page, "Remediation", "Another one.")
    page.context.clear_cookies()
    page.locator("#author-remediation").fill("Ana")
    page.locator("button[value=remediation]").click()
    log_in(page)
    expect(page.get_by_label("Text of “Remediation”")).to_have_value("Another one.")
    expect(page.locator("section", has=page.locator("h2#remediation")).get_by_text("is back")).to_be_visible()
    page.locator("#author-remediation").fill("Ana")
    page.locator("button[value=remediation]").click()
    expect(page.get_by_text("written by Ana").first).to_be_visible()
    assert not page.get_by_label("Text of “Remediation”").is_visible()
    expect(page.get_by_label("Text of “Impact”")).to_have_value("An hour of writing.")
    expect(page.locator("#author-impact")).to_have_value("Ana")
    page.get_by_role("button", name="Discard what I typed").locator("visible=true").click()
    page.reload()
    assert not page.get_by_label("Text of “Impact”").is_visible()


def test_nobody_is_overwritten_unawares(newcomer: Visit, address: str) -> None:
    """Who was overtaken sees both texts, and saves again."""
    page, url = newcomer.open(address), newcomer.site.url
    begin(page, "What we learned", "Mine.")
    page.locator("#author-lessons").fill("Ana")
    theirs = {"author": "Bob", "text": "His."}
    put = page.request.put(f"{url}/api/v1{address}/lessons", data=theirs)
    assert put.ok
    page.locator("button[value=lessons]").click()
    section = page.locator("section", has=page.locator("h2#lessons"))
    expect(section).to_contain_text("written by Bob")
    expect(section).to_contain_text("Bob wrote this section meanwhile")
    expect(page.get_by_label("Text of “What we learned”")).to_have_value("Mine.")
    page.locator("button[value=lessons]").click()
    expect(section).to_contain_text("written by Ana")


def test_a_text_that_came_back_overwrites_nobody_unawares(newcomer: Visit, address: str) -> None:
    """Who was overtaken while their session ended sees both texts, and saves again."""
    page = newcomer.page
    page.goto(newcomer.site.guarded_url + address)
    log_in(page)
    begin(page, "Detection and response", "Mine.")
    page.locator("#author-detection").fill("Ana")
    assert page.request.put(f"{newcomer.site.url}/api/v1{address}/detection", data={"author": "Bob", "text": "His."}).ok
    page.context.clear_cookies()
    page.locator("button[value=detection]").click()
    log_in(page)
    expect(page.get_by_label("Text of “Detection and response”")).to_have_value("Mine.")
    section = page.locator("section", has=page.locator("h2#detection"))
    for said in ("Bob wrote this section meanwhile", "written by Ana"):
        page.locator("#author-detection").fill("Ana")
        page.locator("button[value=detection]").click()
        expect(section).to_contain_text(said)


def test_an_overtaken_text_stays_until_it_is_saved_or_discarded(newcomer: Visit, address: str) -> None:
    """It is back after a look elsewhere, and can be saved, for both were seen; discarded, it makes way for theirs."""
    page, url = newcomer.open(address), newcomer.site.url
    text = page.get_by_label("Text of “Summary”")
    section = page.locator("section", has=page.locator("h2#summary"))
    begin(page, "Summary", "Mine, and longer.")
    page.locator("#author-summary").fill("Ana")
    assert page.request.put(f"{url}/api/v1{address}/summary", data={"author": "Bob", "text": "His."}).ok
    page.locator("button[value=summary]").click()
    expect(section).to_contain_text("Bob wrote this section meanwhile")
    page.goto(url)
    page.goto(url + address)
    expect(text).to_have_value("Mine, and longer.")
    page.locator("#author-summary").fill("Ana")
    page.locator("button[value=summary]").click()
    expect(section).to_contain_text("written by Ana")
    begin(page, "Summary", "Mine again.")
    page.locator("#author-summary").fill("Ana")
    assert page.request.put(f"{url}/api/v1{address}/summary", data={"author": "Bob", "text": "His last."}).ok
    page.locator("button[value=summary]").click()
    expect(text).to_have_value("Mine again.")
    page.get_by_role("button", name="Discard what I typed").locator("visible=true").click()
    expect(text).to_have_value("His last.")
    page.goto(url + address)
    assert not text.is_visible()
    expect(text).to_have_value("His last.")


def test_it_fits_every_screen_and_keeps_nobody_out(seen: Visit, address: str, axe: Axe) -> None:
    """With every form folded out, too."""
    seen.open(address)
    fits_and_keeps_nobody_out(seen, axe, "postmortem")
