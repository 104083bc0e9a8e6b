"""What is to be put right after an incident in the data: the same over the API, as CSV, and on the page."""

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from collectors.sources import debezium
from collectors.sources.events import line
from collectors.sources.source import Columns, Delivery
from dashboards.api.cursors import write_cursor
from dashboards.app import create_app
from queries import schema
from queries.store import Store
from tests.loading import empty
from tests.symptoms import Passes
from triage.demo.fault import Fault
from triage.demo.model import Shop
from triage.demo.post import CDC_PATH
from triage.demo.stream import UNSIGNED, Surroundings
from triage.demo.truth import Truth
from triage.detectors import window_at
from triage.detectors.inventory import inventory
from triage.incident.book import StoredBook

pytestmark = pytest.mark.integration

OPENS, FAULT_S, ENDS_S = 1_790_085_600, 720, 870
LATER_S = ENDS_S + 300
SCENARIOS = {"inventory-out-of-order": "stale", "inventory-duplicates": "again"}


@dataclass(frozen=True)
class Web:
    """The API on a store with an incident in a small shop's rows; the truth about them."""

    client: TestClient
    store: Store
    data: Path
    incident: str
    truth: dict[str, list[dict[str, str]]]
    scenario: str

    def get(self, what: str, **parameters: str) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/incidents/{self.incident}/{what}", params={"as_of": AS_OF, **parameters})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def all(self, what: str, limit: int) -> list[dict[str, Any]]:
        """Every item, a page at a time."""
        items: list[dict[str, Any]] = []
        page: dict[str, Any] = self.get(what, limit=str(limit))
        items += page["items"]
        while page["next"]:
            answer = self.client.get(
                f"/api/v1/incidents/{self.incident}/{what}", params={"limit": limit, "cursor": str(page["next"])}
            )
            page = answer.json()
            items += page["items"]
        return items

    def csv(self, what: str) -> list[dict[str, str]]:
        answer = self.client.get(f"/api/v1/incidents/{self.incident}/{what}.csv", params={"as_of": AS_OF})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        return list(csv.DictReader(io.StringIO(answer.text)))


def moment(second: float) -> datetime:
    return datetime.fromtimestamp(OPENS + second, UTC)


AS_OF = moment(LATER_S).isoformat().replace("+00:00", "Z")


def write_rows(store: Store, shop: Shop, fault: Fault, truth: Truth) -> None:
    """What the shop's databases tell, without its telemetry."""
    around = Surroundings(shop, OPENS, [fault], [truth], UNSIGNED)
    told = [*around.opening()]
    for each in shop.between(OPENS, OPENS + LATER_S, fault):
        truth.tell(each)
        told += around.after(each)
    told += around.closing((OPENS + LATER_S) * 10**9)
    rows = [post for post in told if post.path == CDC_PATH]
    events = (event for post in rows for event in debezium.read(Delivery({}, post.body, post.at_ns), Columns()))
    store.insert("events", b"".join(line(event) for event in events), f"rows-{shop.scenario.name}")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reconciliation")


@pytest.fixture(scope="module")
def own_store(directory: Path) -> Iterator[Store]:
    with closing(Store.open(f"chdb://{directory}/data/clickhouse")) as store:
        schema.apply(store)
        yield store


@pytest.fixture(scope="module", params=SCENARIOS)
def web(request: pytest.FixtureRequest, own_store: Store, directory: Path) -> Iterator[Web]:
    """A quarter of an hour of a shop, whose rows go wrong near its end; then it goes on well for five minutes."""
    empty(own_store)
    shop = Shop(request.param, 3, 6.0)
    fault = shop.fault(OPENS + FAULT_S, OPENS + ENDS_S)
    truth = Truth(shop, fault)
    write_rows(own_store, shop, fault, truth)
    passes = Passes()
    for second in (60, 70):
        passes.look(second, *inventory(window_at(moment(ENDS_S)), own_store.ask))
    StoredBook(own_store).write(list(passes.book.events.values()))
    app = create_app(own_store, metrics=str, ready=lambda: None, base_url="http://127.0.0.1")
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield Web(
            client, own_store, directory / "data", passes.only.id, json.loads(truth.to_json()), shop.scenario.name
        )


def test_every_wrong_row_is_listed_with_what_is_right(web: Web) -> None:
    """Just those that the truth names; what is right is what the monolith, which nothing befell, counts."""
    items = web.all("reconciliation", limit=7)
    wrong = [change for item in items for change in item["wrong"]]
    true = {row["customer"] for row in web.truth["customers"]}
    assert {change["customer"] for change in wrong} == true
    assert {change["kind"] for change in wrong} == {SCENARIOS[web.scenario]}
    for item in items:
        own, other = item["values"]
        assert (item["table"], other["system"], item["right"]) == ("inventory.stock", "monolith", other["value"])
        assert item["difference"] == item["right"] - own["value"]
        assert own["at"]["position"].startswith("lsn=")
    told = web.get("reconciliation", limit="1")
    assert (told["rows"], told["unknown"], told["customers"]) == (len(items), 0, len(true))
    assert sum(bool(item["confirmed"]) for item in items) > len(items) / 2
    rows = web.csv("reconciliation")
    assert [(row["key"], row["right"]) for row in rows] == [(item["key"], f"{item['right']:g}") for item in items]


def test_the_plan_puts_each_right_once_and_keeps_its_keys(web: Web) -> None:
    """The same keys whenever and however it is asked; no order is cancelled, since there is enough of everything."""
    lines = web.all("compensation", limit=50)
    rows = web.csv("compensation")
    keys = [line["idempotency_key"] for line in lines]
    assert keys == [row["idempotency_key"] for row in rows]
    assert len(set(keys)) == len(keys)
    differing = web.get("reconciliation", limit="1")["differing"]
    told = web.get("compensation", limit="1")
    actions = dict(told["actions"])
    assert actions["set_count"] == differing > 0
    assert not {"cancel", "refund", "count"} & actions.keys()
    assert (actions.get("void", 0) > 0) == (web.scenario == "inventory-duplicates")
    assert "executes none of it" in str(told["proposal"])
    replayed = [line for line in lines if line["action"] == "replay"]
    assert all(line["evidence"]["position"] for line in replayed)


def test_the_page_shows_the_first_rows_and_the_way_to_all(web: Web) -> None:
    """With the same figures, and what is proposed."""
    page = web.client.get(f"/incidents/{web.incident}").text
    assert "Which rows" in page
    assert "What would make it good" in page
    for what in ("reconciliation", "compensation"):
        assert f"/api/v1/incidents/{web.incident}/{what}.csv" in page
    assert "executes none of it" in page


def test_the_postmortem_says_that_rows_are_still_wrong(web: Web) -> None:
    """It counts them, proposes to put them right, and a check of its plan fails as long as they are not."""
    differing = web.get("reconciliation")["differing"]
    text = web.client.get(f"/api/v1/incidents/{web.incident}/postmortem.md").text
    assert re.search(rf"- {differing} rows are concerned: {differing} must be put right\.", text)
    assert (
        f"| Put {differing} rows right: triage incidents compensate {web.incident} proposes how | inventory |" in text
    )
    found = web.client.post(f"/api/v1/incidents/{web.incident}/verify", json={"author": "Ana"}).json()
    (check,) = [each for each in found["checks"] if each["name"] == "rows"]
    assert (check["what"], check["status"]) == ("Every row concerned says what is right", "fail")
    assert not found["passed"]


def test_the_affected_csv_says_what_befell_whom(web: Web) -> None:
    """In plain words, with the incident, its window, and as of when."""
    answer = web.client.get(f"/api/v1/incidents/{web.incident}/affected.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["customer"] for row in rows} == {row["customer"] for row in web.truth["customers"]}
    assert {row["incident"] for row in rows} == {web.incident}
    assert all(row["what_failed"] and row["orders"] and row["from"] < row["to"] and row["as_of"] for row in rows)
    said = web.client.get(f"/api/v1/incidents/{web.incident}/affected").json()
    assert (said["of_rows"], said["slow"]) == (True, False)


@pytest.mark.parametrize("what", ["reconciliation", "compensation"])
def test_a_page_after_what_is_no_longer_there_is_refused(web: Web, what: str) -> None:
    """Rather than leave out a row, or a line, in silence."""
    cursor = write_cursor((AS_OF, "gone"))
    answer = web.client.get(f"/api/v1/incidents/{web.incident}/{what}", params={"cursor": cursor})
    assert (answer.status_code, "start again" in answer.json()["detail"]) == (400, True)


def test_what_is_asked_wrongly_is_a_problem(web: Web) -> None:
    """No such incident, no time, no cursor."""
    base = f"/api/v1/incidents/{web.incident}"
    assert web.client.get("/api/v1/incidents/INC-NONE/compensation").status_code == 404
    for parameters in ({"as_of": "tomorrow"}, {"cursor": "x"}, {"limit": "0"}):
        for what in ("reconciliation", "compensation"):
            assert web.client.get(f"{base}/{what}", params=parameters).status_code == 400, (what, parameters)
    assert web.client.get(f"{base}/compensation.csv", params={"as_of": "tomorrow"}).status_code == 400
