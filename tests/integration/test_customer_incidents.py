"""The incidents that a customer was in: a customer tells of an incident if, and only if, it tells of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.testclient import TestClient

from dashboards.app import create_app
from queries.store import Store
from tests.integration import small_shop
from tests.integration.otlp import SECOND, T0, attributes, segment, span, token, traces
from tests.integration.small_shop import ERROR, FROM, HOSTILE, ODD
from tests.symptoms import RUNBOOK, Passes, gateway_errors
from triage.incident.book import StoredBook
from triage.model import Question
from triage.window import format_time

pytestmark = pytest.mark.integration

END = FROM + timedelta(hours=1)
WINDOW = {"from": format_time(FROM), "to": format_time(END)}
QUICK = "c-quick"
MASKED = "c-masked"
CUSTOMERS = (ODD, "c-2", "c-3", HOSTILE)
ASKED = {
    "payment": Question(FROM, END, service="payment"),
    "gateway": Question(FROM, END, service="gateway"),
    "charge": Question(FROM, END, operation="POST /charge", version="2.4.0"),
    "route": Question(FROM, END, route="/checkout"),
    "version": Question(FROM, END, version="9"),
    "slow": Question(FROM, END, operation="POST /checkout", slower_than_ms=4.5),
    "slower": Question(FROM, END, operation="POST /checkout", slower_than_ms=5.5),
    "behind": Question(FROM, END, operation="POST /mail", slower_than_ms=100),
    "order": Question(FROM, END, operation="POST /order", slower_than_ms=2000),
}


@dataclass(frozen=True)
class Web:
    client: TestClient
    incidents: dict[str, str]
    outcomes: dict[str, dict[str, str]]
    """Of each incident's customers."""


def _masked_then_slow() -> list[Span]:
    """What failed behind a request is never noticed; then two orders take six seconds, the last five minutes later."""
    named, serves = attributes({"customer.id": MASKED}), Span.SPAN_KIND_SERVER
    return [
        span(1, 901, 0, T0 + 10 * SECOND, name="GET /products", kind=serves, attributes=named),
        span(2, 901, 1, T0 + 10 * SECOND, name="GET /alike", kind=serves, status=ERROR),
        span(3, 902, 0, T0 + 20 * SECOND, 6 * SECOND, name="POST /order", kind=serves, attributes=named),
        span(4, 903, 0, T0 + 320 * SECOND, 6 * SECOND, name="POST /order", kind=serves, attributes=named),
    ]


@pytest.fixture(scope="module")
def web(own_store: Store) -> Iterator[Web]:
    """The small shop, with an incident for each of the questions."""
    small_shop.fill(own_store)
    named = attributes({"customer.id": QUICK, "order.id": "o-9"})
    entry = span(1, 900, 0, T0 + SECOND, SECOND // 1000, name="POST /checkout", kind=Span.SPAN_KIND_SERVER)
    entry.attributes.extend(named)
    priced = attributes({"order.id": "o-9", "order.amount": 49.9, "order.currency": "EUR"})
    later = span(2, 900, 1, T0 + SECOND, 3 * SECOND, name="POST /mail", attributes=priced)
    own_store.insert("traces", segment(traces(entry, later, *_masked_then_slow())), token())
    ids = {}
    for name, question in ASKED.items():
        passes = Passes(runbook=RUNBOOK)
        passes.look(30, replace(gateway_errors(name), from_=FROM, question=question))
        StoredBook(own_store).write(list(passes.book.events.values()))
        ids[name] = passes.only.id
    app = create_app(own_store, metrics=str, ready=lambda: None)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        listed = {name: client.get(f"/api/v1/incidents/{id_}/affected").json()["items"] for name, id_ in ids.items()}
        outcomes = {name: {item["customer"]: item["outcome"] for item in items} for name, items in listed.items()}
        yield Web(client, ids, outcomes)


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_a_customer_tells_of_the_incidents_that_tell_of_them(web: Web, customer: str) -> None:
    """By service, operation, route, version and slowness."""
    hit = {name: outcomes[customer] for name, outcomes in web.outcomes.items() if customer in outcomes}
    answer = web.client.get(f"/api/v1/customers/{quote(customer, safe='')}", params=WINDOW).json()
    told = {item["id"]: item["outcome"] for item in answer["incidents"]}
    assert told == {web.incidents[name]: outcome for name, outcome in hit.items()}
    assert ("gateway" in hit) == (customer != "c-3")
    assert "payment" in hit
    assert ("slow" in hit) == (customer != HOSTILE)  # whose operation has another name
    assert not {"version", "slower"} & hit.keys()


def test_an_incident_before_or_after_their_window_is_not_told(web: Web) -> None:
    """Only what hit them in it."""
    late = {"from": format_time(FROM + timedelta(seconds=35)), "to": WINDOW["to"]}
    answer = web.client.get("/api/v1/customers/c-2", params=late).json()
    names = {item["id"] for item in answer["incidents"]}
    assert names == {web.incidents["slow"]}


def test_the_page_names_them(web: Web) -> None:
    """Each a link."""
    page = web.client.get("/customers/c-2", params=WINDOW).text
    assert f'<a href="/incidents/{web.incidents["payment"]}' in page


def test_a_customer_for_whom_nothing_failed_is_hit_where_an_incident_says_so(web: Web) -> None:
    """What was slow for them is told with what it took; the page and the JSON say the same, and not "not hit"."""
    late = {"from": format_time(FROM + timedelta(seconds=35)), "to": WINDOW["to"]}
    answer = web.client.get("/api/v1/customers/c-2", params=late).json()
    assert (answer["failures"], answer["outcome"]) == (0, None)
    assert answer["incidents"][0]["outcome"] == "not_recovered"
    assert answer["story"].startswith("One incident hit them, and they have not recovered: ")
    assert [item["slow"] for item in answer["items"]].count(True) == 1
    page = web.client.get("/customers/c-2", params=late).text
    assert "not hit" not in page
    assert "not recovered</span> there" in " ".join(page.split())
    assert "worked, but took 5\xa0ms" in page
    assert answer["story"].endswith("POST /checkout worked at 14:14, but took 5 ms.")


def test_a_quick_request_is_not_called_slow_for_what_is_slow_behind_it(web: Web) -> None:
    """It worked; when they last tried is told as the incident's list says, and their order once, with its amount."""
    (listed,) = web.client.get(f"/api/v1/incidents/{web.incidents['behind']}/affected").json()["items"]
    answer = web.client.get(f"/api/v1/customers/{QUICK}", params=WINDOW).json()
    (item,) = answer["items"]
    assert (listed["customer"], listed["outcome"], item["slow"]) == (QUICK, "masked", False)
    assert answer["last_attempt"] == listed["last_attempt"] == item["time"]
    assert item["orders"] == [{"order": "o-9", "amount": 49.9, "currency": "EUR"}]
    assert answer["story"].endswith("Something was slow behind one request, and they never noticed.")
    page = web.client.get(f"/customers/{QUICK}", params=WINDOW).text
    assert "worked; something behind it was slow" in page
    assert "but took" not in page
    assert "unknown" not in page.partition("Last attempt")[2].partition("</div>")[0]


def test_what_matters_most_is_told_alike_in_the_heading_and_below(web: Web) -> None:
    """Slow orders outweigh a failure that they never noticed, and the last of them is when they last tried."""
    (listed,) = web.client.get(f"/api/v1/incidents/{web.incidents['order']}/affected").json()["items"]
    answer = web.client.get(f"/api/v1/customers/{MASKED}", params=WINDOW).json()
    assert (answer["outcome"], listed["outcome"]) == ("masked", "not_recovered")
    assert answer["story"].startswith("One incident hit them, and they have not recovered: ")
    assert answer["last_attempt"] == listed["last_attempt"] == answer["items"][-1]["time"]
    page = " ".join(web.client.get(f"/customers/{MASKED}", params=WINDOW).text.split())
    assert "not recovered" in page.partition("<dt>Now</dt>")[2].partition("</div>")[0]
