"""The pages of an incident in which nothing fails. In a file of its own: a process has one engine at a time."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import SCREENS, Axe, Site, fits_and_keeps_nobody_out, listening, visiting
from tests.integration.broken_shop import broken_shop

pytestmark = [pytest.mark.browser, pytest.mark.integration]


@pytest.mark.full
def test_a_moved_figure_names_the_change_and_nobody(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, axe: Axe
) -> None:
    """Nothing fails, so nobody is known to be hit; what changed just before is shown."""
    directory = tmp_path_factory.mktemp("moved")
    with broken_shop(directory, "kpi-drop", rate=10, fault_s=900) as shop, listening(shop.store, "") as url:
        for screen in SCREENS:
            for visit in visiting(browser, Site(url, url, shop.store), *screen):
                page = visit.open(f"/incidents/{shop.incident.id}")
                expect(page.locator(".hit")).to_have_text("No customer is known to be hit")
                fits_and_keeps_nobody_out(visit, axe, "broke-kpi-drop-incident", has_figures=True)
                expect(page.locator("main")).to_contain_text("pay-button serves")
                expect(visit.open("/").locator(".open-incidents")).to_contain_text("no customer known to be hit")
