"""The page of a postmortem: an author finishes it, and nobody is kept out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.browser.conftest import Axe, Site, Visit, fits_and_keeps_nobody_out
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


def test_an_author_edits_a_section_and_finds_it_again(visit: Visit, address: str) -> None:
    """On a phone, by the form alone; the text is shown, and by whom it is. Nothing is wider than the screen."""
    page = visit.open(address)
    page.get_by_text("Edit this section: Root cause").click()
    page.get_by_label("Text of “Root cause”").fill("The token had expired.\n\n- nobody was told")
    page.locator("#author-root_cause").fill("Ana")
    page.locator("button[value=root_cause]").click()
    section = page.locator("section", has=page.locator("h2#root_cause"))
    assert section.get_by_text("The token had expired.", exact=True).first.is_visible()
    assert "written by Ana" in section.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_it_fits_every_screen_and_keeps_nobody_out(seen: Visit, address: str, axe: Axe) -> None:
    """With every form folded out, too."""
    seen.open(address)
    fits_and_keeps_nobody_out(seen, axe, "postmortem")
