"""The pages of an incident and of now, in a real Chromium: figures as the API has them, live, in peace."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Route, ViewportSize, expect

from tests.browser.conftest import (
    DESK,
    PHONE,
    TOKEN,
    Axe,
    Screen,
    Site,
    Visit,
    anew,
    figures_drawn,
    fits_and_keeps_nobody_out,
    listening,
    visiting,
)
from tests.integration.broken_shop import HISTORY_S, Broken, broken_shop
from triage.incident.book import StoredBook
from triage.incident.model import Event, Kind

pytestmark = [pytest.mark.browser, pytest.mark.integration]

SCENARIOS = (
    "gateway-5xx",
    *(
        pytest.param(name, marks=pytest.mark.full)
        for name in (
            "bad-deploy",
            "cache-storm",
            "erp-slow",
            "token-expired",
            "contract-drift",
            "inventory-duplicates",
            "inventory-out-of-order",
        )
    ),
)
ON_A_PAGE = 50
SHORT_S = {"gateway-5xx": 1200}
"""How much history is enough to know what is usual, where that is less than others need."""
HOSTILE = '</script><img src=x onerror="document.title=1">\u202e' + "é" * 300


@dataclass(frozen=True)
class Broke:
    """The pages of a shop that is broken, and what is in its store."""

    site: Site
    shop: Broken
    id: str

    @property
    def path(self) -> str:
        """The incident's page."""
        return f"/incidents/{self.id}"

    def write(self, *events: Event) -> None:
        """As a watcher, or another process, would."""
        StoredBook(self.shop.store).write(events)


@pytest.fixture(scope="module", params=SCENARIOS)
def broke(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broke]:
    directory, history_s = tmp_path_factory.mktemp("broke"), SHORT_S.get(request.param, HISTORY_S)
    with broken_shop(directory, request.param, history_s=history_s) as shop, listening(shop.store, "") as url:
        yield Broke(Site(url, url, shop.store), shop, shop.incident.id)


@pytest.fixture(scope="module")
def desk_tab(browser: Browser, broke: Broke) -> Iterator[Visit]:
    yield from visiting(browser, broke.site, DESK, "light")


@pytest.fixture(scope="module")
def phone_tab(browser: Browser, broke: Broke) -> Iterator[Visit]:
    yield from visiting(browser, broke.site, PHONE, "light")


@pytest.fixture
def desk(desk_tab: Visit) -> Iterator[Visit]:
    """A visit at a desk."""
    yield from anew(desk_tab)


@pytest.fixture
def phone(phone_tab: Visit) -> Iterator[Visit]:
    """A visit on a phone."""
    yield from anew(phone_tab)


def numbers(text: str) -> list[int]:
    return [int(each.replace(",", "")) for each in re.findall(r"\d[\d,]*", text)]


def test_the_pages_fit_every_screen_and_keep_nobody_out(
    browser: Browser, broke: Broke, axe: Axe, screen: Screen, request: pytest.FixtureRequest
) -> None:
    """Nothing is asked of others, and nothing is complained of."""
    for visit in visiting(browser, broke.site, *screen):
        for where, path in {"incident": broke.path, "now": "/", "incidents": "/incidents"}.items():
            page = visit.open(path)
            expect(page.locator("h1.sentence")).to_be_visible()
            name = f"broke-{request.node.callspec.params['broke']}-{where}"
            fits_and_keeps_nobody_out(visit, axe, name, has_figures=where != "incidents")


def test_the_figures_are_the_apis(desk: Visit, broke: Broke) -> None:
    """Customers hit and how they fare, the rows, the owner and the steps, on the page and over the API."""
    page = desk.open(broke.path)
    told = page.request.get(f"{broke.site.url}/api/v1/incidents/{broke.id}").json()
    answer = page.request.get(f"{broke.site.url}/api/v1/incidents/{broke.id}/affected").json()
    hit = page.locator(".hit").inner_text()
    counted = numbers(hit.split(" at risk")[0])[:4]
    assert counted == [answer[key] for key in ("customers", "not_recovered", "recovered", "masked")]
    rows = page.locator("#customers tbody tr")
    assert rows.count() == min(len(answer["items"]), 50)
    assert rows.first.locator("td").nth(2).inner_text() == str(answer["items"][0]["failures"])
    expect(page.locator("h1")).to_contain_text(told["title"][:60])
    expect(page.locator("main")).to_contain_text(f"Owner: {told['runbook']['owner']['name']}")
    assert page.locator(".ticks li").count() == len(told["runbook"]["mitigation"])
    truth = json.loads(broke.shop.truth.to_json())
    assert answer["customers"] == len(truth["customers"])


def test_the_front_page_says_the_same(desk: Visit, broke: Broke) -> None:
    """The incident with its customers, and the three checks as the API has them for the same minutes."""
    page = desk.open("/")
    told = page.request.get(f"{broke.site.url}/api/v1/incidents/{broke.id}").json()
    expect(page.locator(".open-incidents li")).to_have_count(1)
    expect(page.locator(".open-incidents")).to_contain_text(f"{told['impact']['customers']:,} customer")
    assert page.locator(".check").count() == 3
    page.locator(".open-incidents a").click()
    expect(page).to_have_url(re.compile(broke.id))


def test_a_step_is_ticked_and_stands_in_the_timeline(phone: Visit, broke: Broke) -> None:
    """With the name that was given, which the page remembers; and it can be taken back."""
    page = phone.open(broke.path)
    page.locator(".author input").first.fill("Ada é;")
    page.locator(".ticks button").first.click()
    expect(page.locator(".ticks button").first).to_have_attribute("aria-pressed", "true", timeout=40_000)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".kicker")).to_contain_text("acknowledged", timeout=40_000)
    expect(page.locator(".author input").first).to_have_value("Ada é;")
    page.locator("h2#when").click()
    expect(page.locator(".story")).to_contain_text("acknowledged")
    expect(page.locator(".story")).to_contain_text("Done:")
    page.locator(".ticks button").first.click()
    expect(page.locator(".ticks button").first).to_have_attribute("aria-pressed", "false", timeout=40_000)


def test_on_a_phone_the_rest_is_folded(phone: Visit, broke: Broke) -> None:
    """The sentence, the customers, the owner and what to do first are there; the parts open with a tap."""
    page = phone.open(broke.path)
    for seen in ("h1.sentence", ".hit", ".ticks"):
        expect(page.locator(seen)).to_be_visible()
    expect(page.locator("#customers")).to_be_hidden()
    assert page.locator("script[src*=plotly]").count() == 0, "no figure can be seen yet"
    page.locator("h2#who").click()
    expect(page.locator("#customers")).to_be_visible()


def test_a_phone_keeps_its_place_in_the_list(phone: Visit, broke: Broke) -> None:
    """However it is sorted and whichever page it is of; nothing that can't be seen is in the way of the keyboard."""
    page = phone.open(broke.path)
    page.locator("h2#who").click()
    has_more = numbers(page.locator(".hit strong").inner_text())[0] > ON_A_PAGE
    for name in ("amount", "Next") if has_more else ("amount",):
        page.locator("details.part[open]").get_by_role("link", name=name).first.click()
        page.wait_for_load_state()
        expect(page.locator("#customers")).to_be_visible()
        expect(page.locator("h2#who")).to_be_in_viewport()
    assert page.locator("thead a").count() == 0


def test_all_rows_are_copied_on_a_phone_too(browser: Browser, broke: Broke) -> None:
    """Also those that were never scrolled to."""
    for visit in visiting(browser, broke.site, PHONE, "light"):
        visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=broke.site.url)
        page = visit.open(f"{broke.path}#who")
        page.locator("[data-copy]").first.click()
        expect(page.locator("[data-copy]").first).to_have_text(re.compile("^Copied"))
        copied = [line.split("\t") for line in page.evaluate("navigator.clipboard.readText()").split("\n")]
        items = page.request.get(f"{broke.site.url}/api/v1/incidents/{broke.id}/affected").json()["items"][:50]
        assert [line[0] for line in copied[1:]] == [each["customer"] for each in items]
        assert all(cell for line in copied for cell in line)


def test_a_service_leads_to_whom_its_failures_hit(desk: Visit, broke: Broke) -> None:
    """In the incident's time; the list of incidents can be had as JSON."""
    page = desk.open(broke.path)
    owner = page.request.get(f"{broke.site.url}/api/v1/incidents/{broke.id}").json()["service_owner"]
    link = page.locator("p.more", has_text="Owner:").get_by_role("link")
    path = link.get_attribute("href") or ""
    assert path in [each.get_attribute("href") for each in page.locator(".narrow a").all()]
    kind, where = ("partner", "towards") if "?partner=" in path else ("service", "in")
    expect(page.locator("p.more", has_text="Owner:")).to_contain_text(f"{kind} {owner['service']}: @{owner['slack']}")
    link.click()
    expect(page.locator("h1")).to_contain_text(f"{where} {owner['service']}")
    expect(page).to_have_url(re.compile("from=.*&to="))
    page = desk.open("/incidents?from=1d")
    path = page.get_by_role("link", name="As JSON").get_attribute("href") or ""
    listed = page.request.get(f"{broke.site.url}{path}").json()["items"]
    assert [each["id"] for each in listed] == page.locator("#incidents td.name a").all_inner_texts()


def test_customers_can_be_sorted_and_read_to_the_end(desk: Visit, broke: Broke) -> None:
    """By each column, in pages, and downloaded whole."""
    page = desk.open(broke.path)
    total = numbers(page.locator(".hit strong").inner_text())[0]
    page.get_by_role("link", name="customer", exact=True).click()
    names = page.locator("#customers td.name").all_inner_texts()
    assert names == sorted(names, key=str.encode)
    seen = len(names)
    while page.locator(".pages a", has_text="Next").count():
        page.locator(".pages a", has_text="Next").click()
        page.wait_for_load_state()
        seen += page.locator("#customers tbody tr").count()
    assert seen == total
    with page.expect_download() as started:
        page.get_by_role("link", name="All as CSV", exact=True).click()
    assert len(started.value.path().read_text("utf-8").splitlines()) == total + 1


class TestFigures:
    def test_a_figure_has_its_values_behind_it(self, desk: Visit, broke: Broke) -> None:
        """Drawn by plotly, with the same values in the table, and the window in the axis."""
        page = desk.open(broke.path)
        figures_drawn(page)
        figure = page.locator("[data-figure]").first
        data = json.loads(figure.locator("script").text_content() or "")
        figure.get_by_text("As table").click()
        assert figure.locator("tbody tr").count() == len(data["times"]) == len(data["values"])
        assert figure.locator(".live .scatterlayer path.js-line").count() >= 1
        assert max(value for value in data["values"] if value is not None) > data["band"][1]

    def test_dragging_chooses_the_window_of_the_page(self, desk: Visit) -> None:
        """It stands in the address, the figure shows it, and Back goes back."""
        page = desk.open("/")
        page.locator("summary", has_text="The checks as figures").click()
        figures_drawn(page)
        box = page.locator("[data-figure].is-live .nsewdrag").first.bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 60, steps=5)
        page.mouse.up()
        expect(page).to_have_url(re.compile(r"from=.*&to="))
        expect(page.get_by_role("link", name="now", exact=True)).to_be_visible(timeout=40_000)
        page.go_back()
        expect(page).to_have_url(re.compile(r"/$"))

    def test_without_javascript_the_drawing_stays(self, browser: Browser, broke: Broke) -> None:
        """And so does all else: the steps are forms."""
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(broke.site.url + broke.path)
        expect(page.locator("[data-figure] svg.drawn .line").first).to_be_visible()
        page.locator(".note-form textarea").fill("Looked at it.")
        page.get_by_role("button", name="Add to the timeline").click()
        expect(page.locator(".story")).to_contain_text("Looked at it.")
        context.close()

    def test_a_page_is_light(self, browser: Browser, broke: Broke) -> None:
        """Under 300 kB without plotly.js, which may be kept for ever."""
        sizes: dict[str, int] = {}
        headers: dict[str, str] = {}

        def weigh(response: object) -> None:
            url, body = response.url, response.body()  # type: ignore[attr-defined]  # playwright's Response
            sizes[url] = len(body)
            headers[url] = response.headers.get("cache-control", "")  # type: ignore[attr-defined]

        for visit in visiting(browser, broke.site, DESK, "light"):
            visit.page.on("requestfinished", lambda request: weigh(request.response()))
            for path in (broke.path, "/"):
                sizes.clear()
                visit.open(path)
                visit.page.wait_for_timeout(300)
                assert sum(size for url, size in sizes.items() if "plotly-" not in url) < 300_000
        assert all("immutable" in kept for url, kept in headers.items() if "plotly-" in url)


class TestLive:
    def test_what_is_read_does_not_move_while_the_rest_goes_on(self, desk: Visit, broke: Broke) -> None:
        """A note of somebody else waits behind a word; typed text, focus and open folds stay as they are."""
        page = desk.open(broke.path)
        page.locator("#note").fill("half a sentence")
        page.locator("[data-figure] summary").first.click()
        read = page.locator("#note")
        read.scroll_into_view_if_needed()
        page.wait_for_timeout(3000)  # it has begun to follow
        stood = read.bounding_box()
        now = broke.shop.incident.timeline[-1].time + timedelta(seconds=1)
        broke.write(Event(broke.id, f"{broke.id}.note.other", now, Kind.NOTE, "Grace", HOSTILE))
        offered = page.get_by_role("button", name=re.compile("1 new"))
        expect(offered).to_be_visible(timeout=40_000)
        assert page.locator("#note").input_value() == "half a sentence"
        expect(page.locator("[data-figure] details").first).to_have_attribute("open", "")
        assert read.bounding_box() == stood  # in the window: what is above may have grown
        assert "Grace" not in page.locator(".story").inner_text()
        offered.click()
        expect(page.locator(".story")).to_contain_text("Grace")
        assert page.locator("main img").count() == 0

    def test_a_new_incident_is_told_on_the_front_page(self, desk: Visit, broke: Broke) -> None:
        """The sentence changes in place, and its row waits."""
        page = desk.open("/")
        page.wait_for_timeout(3000)
        open_another(broke, "INC-OTHR")
        expect(page.locator("h1")).to_contain_text("2 incidents are not over", timeout=40_000)
        expect(page.get_by_role("button", name="1 new")).to_be_visible()
        expect(page.locator("p.after")).to_contain_text("your time")

    @pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
    def test_a_button_keeps_its_place(self, browser: Browser, broke: Broke, size: ViewportSize) -> None:
        """When somebody else acknowledges meanwhile, a press there does nothing; the focus stays, too."""
        id_ = f"INC-BT{size['width']}"
        then = open_another(broke, id_)
        for visit in visiting(browser, broke.site, size, "light"):
            page = visit.open(f"/incidents/{id_}")
            buttons = page.locator(".slots button")
            acknowledge = page.get_by_role("button", name="Acknowledge", exact=True)
            acknowledge.focus()
            page.wait_for_timeout(3000)  # until it follows, and times are the reader's
            places = [each.bounding_box() for each in buttons.all()]
            broke.write(Event(id_, f"{id_}.acknowledged", then, Kind.ACKNOWLEDGED, "Grace " + "é" * 100))
            done = page.get_by_role("button", name="Acknowledged by Grace")
            expect(done).to_have_attribute("aria-disabled", "true", timeout=40_000)
            expect(done).to_be_focused()
            assert [each.bounding_box() for each in buttons.all()] == places
            assert places[0]
            page.mouse.click(places[0]["x"] + 20, places[0]["y"] + 20)
            page.keyboard.press("Enter")
            page.locator(".slots ~ .author input").press("Enter")
            page.get_by_role("button", name="Mitigated", exact=True).click()
            expect(page.get_by_role("button", name="Mitigated by somebody")).to_be_focused(timeout=40_000)
            told = page.request.get(f"{broke.site.url}/api/v1/incidents/{id_}").json()["timeline"]
            assert [each["kind"] for each in told][1:] == ["acknowledged", "mitigated"]

    def test_a_step_that_somebody_else_ticked_can_be_taken_back(self, desk: Visit, broke: Broke) -> None:
        """With the name that was given before."""
        then = open_another(broke, "INC-STEP")
        page = desk.open("/incidents/INC-STEP")
        page.locator(".author input").first.fill("Ada")
        step = page.locator(".ticks button").first
        words = step.locator("span").last.inner_text()
        page.wait_for_timeout(3000)
        broke.write(Event("INC-STEP", "INC-STEP.step", then, Kind.STEP, "Grace", words, "done"))
        expect(step).to_have_attribute("aria-pressed", "true", timeout=40_000)
        expect(step).to_have_attribute("value", "undo-1")
        step.click()
        expect(step).to_have_attribute("aria-pressed", "false", timeout=40_000)
        expect(page.locator(".story li").last).to_contain_text("Ada")


class TestPressing:
    def test_what_is_typed_elsewhere_stays_and_so_does_the_place(self, phone: Visit, broke: Broke) -> None:
        """A step is ticked while a note is being written; then the note is added, and its box is empty."""
        open_another(broke, "INC-TYPE")
        page = phone.open("/incidents/INC-TYPE")
        page.locator("h2#when").click()
        page.locator("#note").fill("half a sentence")
        page.locator(".author input").first.fill("Ada")
        step = page.locator(".ticks button").first
        step.scroll_into_view_if_needed()
        stood = step.bounding_box()
        step.focus()
        page.keyboard.press("Space")
        expect(step).to_have_attribute("aria-pressed", "true", timeout=40_000)
        expect(step).to_be_focused()
        expect(page.locator("#note")).to_have_value("half a sentence")
        assert step.bounding_box() == stood  # in the window: what is above may have grown
        page.get_by_role("button", name="Add to the timeline").click()
        expect(page.locator(".story li").last).to_contain_text("half a sentence", timeout=40_000)
        expect(page.locator("#note")).to_have_value("")
        expect(page.locator(".story")).to_contain_text("Done:")
        assert page.get_by_role("button", name=re.compile(r"\d new")).count() == 0

    def test_what_is_refused_is_said_beside_the_button(self, phone: Visit, broke: Broke) -> None:
        """A note of nothing, and one that the service does not get; what was typed is still there."""
        page = phone.open(broke.path)
        page.locator("h2#when").click()
        said = page.locator(".note-form [role=status]")
        page.locator("#note").fill("   ")
        page.get_by_role("button", name="Add to the timeline").click()
        expect(said).to_have_text("Not done: a note needs a text", timeout=40_000)
        page.locator("#note").fill("Rolled back.")
        page.route("**/incidents/*", lambda route: route.abort())
        page.get_by_role("button", name="Add to the timeline").click()
        expect(said).to_have_text("Perhaps not done: the service does not answer", timeout=40_000)
        expect(page.locator("#note")).to_have_value("Rolled back.")
        page.unroute("**/incidents/*")
        page.get_by_role("button", name="Add to the timeline").click()
        expect(page.locator(".story")).to_contain_text("Rolled back.", timeout=40_000)

    def test_what_is_not_known_is_not_said(self, phone: Visit, broke: Broke) -> None:
        """Whether it was done, where the answer was lost: the page tells; that the page shows it, where it does not."""
        open_another(broke, "INC-LOST")
        page = phone.open("/incidents/INC-LOST")

        def lose(route: Route, lost: str) -> None:
            if route.request.method != lost:
                route.continue_()
                return
            if lost == "POST":
                route.fetch(max_redirects=0)
            route.abort()

        said = page.locator(".slots [role=status]")
        page.route("**/incidents/*", lambda route: lose(route, "POST"))
        page.get_by_role("button", name="Acknowledge", exact=True).click()
        expect(said).to_have_text("Perhaps not done: the service does not answer", timeout=40_000)
        expect(page.get_by_role("button", name="Acknowledged by")).to_be_visible(timeout=40_000)
        page.unroute("**/incidents/*")
        page.route("**/incidents/*", lambda route: lose(route, "GET"))
        page.get_by_role("button", name="Mitigated", exact=True).click()
        why = "Done; the page could not be renewed: the service does not answer"
        expect(said).to_have_text(why, timeout=40_000)

    def test_who_is_no_longer_logged_in_loses_nothing(self, browser: Browser, broke: Broke) -> None:
        """They log in again in another tab, and press once more."""
        with listening(broke.shop.store, TOKEN) as url:
            for visit in visiting(browser, Site(url, url, broke.shop.store), PHONE, "light"):
                page = visit.open(broke.path)
                page.get_by_label("Token").fill(TOKEN)
                page.get_by_role("button", name="Log in").click()
                page.locator("h2#when").click()
                page.locator("#note").fill("Rolled back once more.")
                page.context.clear_cookies()
                page.get_by_role("button", name="Add to the timeline").click()
                said = page.locator(".note-form [role=status]")
                expect(said).to_have_text("Not done: log in again", timeout=40_000)
                with page.expect_popup() as opened:
                    said.get_by_role("link").click()
                opened.value.get_by_label("Token").fill(TOKEN)
                opened.value.get_by_role("button", name="Log in").click()
                expect(opened.value.locator(".kicker")).to_be_visible(timeout=40_000)
                page.get_by_role("button", name="Add to the timeline").click()
                expect(page.locator(".story")).to_contain_text("Rolled back once more.", timeout=40_000)


def open_another(broke: Broke, id_: str) -> datetime:
    """An incident like the one that there is; when it was opened."""
    one = broke.shop.incident
    opened = next(each for each in one.timeline if each.kind == Kind.OPENED)
    broke.write(Event(id_, f"{id_}.opened", one.opened_at, Kind.OPENED, "triage", opened.text, opened.details))
    return one.opened_at
