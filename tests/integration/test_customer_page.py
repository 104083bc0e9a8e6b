"""A customer's page says nothing that its own timeline, or the list of affected customers, denies."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from starlette.testclient import TestClient

from dashboards.app import create_app
from queries.store import Store
from tests.integration.otlp import SECOND, T0, Plain, attributes, segment, span, token, traces
from tests.integration.small_shop import FROM
from triage.window import format_time

pytestmark = pytest.mark.integration

WINDOW = {"from": format_time(FROM), "to": format_time(FROM + timedelta(hours=1))}
ERROR = Status(code=Status.STATUS_CODE_ERROR)
ALONE, EARLY, NAMED, HIT, ALIKE = "c-alone", "c-early", "c-named", "c-hit", "c-alike"
ODD_YEARS = ("c-1970", "c-2262")


def sent(
    trace: int, number: int, at_s: float, customer: str, name: str = "POST /checkout", *, failed: bool = False
) -> Span:
    """The first span of a trace, or a child of it."""
    start = T0 + int(at_s * SECOND)
    made = span(number, trace, int(number > 1), start, name=name, status=ERROR if failed else None)
    made.attributes.extend(attributes({"customer.id": customer} if customer else {}))
    return made


def alone(number: int) -> Span:
    """A failing span of no trace, with an order of its own."""
    made = sent(1, 1, number, ALONE, failed=True)
    made.trace_id = b""
    order: dict[str, Plain] = {"order.id": f"o-{number}", "order.amount": 10.0, "order.currency": "EUR"}
    made.attributes.extend(attributes(order))
    return made


def alike() -> Iterator[Span]:
    """Spans without ids that began at one moment: of two names, and of two kinds."""
    for name, kind in (("GET /b", 2), ("GET /b", 5), ("GET /a", 2)):
        yield span(0, 0, 0, T0, name=name, kind=kind, attributes=attributes({"customer.id": ALIKE}))


@pytest.fixture(scope="module")
def web(own_store: Store) -> Iterator[TestClient]:
    """Spans of no trace; an entry that failed before the window; runs of a batch that name customers in their parts."""
    spans = [alone(number) for number in range(3)]
    spans += [sent(1, 1, -2, EARLY, failed=True), sent(1, 2, 1, "", "child")]
    for run in range(4):
        spans += [sent(10 + run, 1, run, "shop", "run batch", failed=True), sent(10 + run, 2, run, NAMED, "bill")]
    spans += [sent(20, 1, 20, "shop", "run batch", failed=True), sent(20, 2, 20, HIT, "bill", failed=True)]
    spans += [*alike(), sent(30, 1, 30, ".", failed=True)]
    for trace, (name, start) in enumerate(zip(ODD_YEARS, (0, 2**63 - 1000), strict=True), start=40):
        spans.append(span(1, trace, 0, start, attributes=attributes({"customer.id": name})))
    own_store.insert("traces", segment(traces(*spans)), token())
    app = create_app(own_store, metrics=str, ready=lambda: None)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def page(web: TestClient, customer: str) -> str:
    """Its text, without markup."""
    answer = web.get(f"/customers/{customer}", params=WINDOW)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", answer.text.partition("<main")[2])))


def test_spans_of_no_trace_are_requests_with_orders_as_in_the_list(web: TestClient) -> None:
    """Each its own."""
    told = web.get(f"/api/v1/customers/{ALONE}", params=WINDOW).json()
    (item,) = [one for one in web.get("/api/v1/affected", params=WINDOW).json()["items"] if one["customer"] == ALONE]
    assert told["requests"] == told["failed_requests"] == told["failures"] == item["failures"] == 3
    assert [order["order"] for order in told["orders"]] == item["orders"] == ["o-0", "o-1", "o-2"]
    assert sum(order["amount"] for order in told["orders"]) == item["amount"]["EUR"] == 30


def test_requests_that_differ_in_kind_or_name_alone_are_each_on_a_page(web: TestClient) -> None:
    """The pages join to the whole list."""
    path = f"/api/v1/customers/{ALIKE}"
    whole = web.get(path, params=WINDOW).json()["items"]
    assert sorted(item["operation"] for item in whole) == ["GET /a", "GET /b", "GET /b"]
    page = web.get(path, params={**WINDOW, "limit": "1"}).json()
    items = page["items"]
    while page["next"]:
        page = web.get(path, params={"cursor": page["next"], "limit": "1"}).json()
        items += page["items"]
    assert items == whole


def test_what_failed_outside_the_window_is_not_called_well(web: TestClient) -> None:
    """The request is listed, since a part of it began in the window."""
    said = page(web, EARLY)
    assert "Made one request at 14:13; what failed in it began before or after this time." in said
    assert "nothing failed" not in said


def test_requests_of_others_that_failed_did_not_work(web: TestClient) -> None:
    """However many there are in a row."""
    said = page(web, NAMED)
    assert said.count("run batch failed (somebody else’s request that names them)") == 4
    assert "requests worked" not in said


def test_what_others_tried_is_not_told_as_theirs(web: TestClient) -> None:
    """The customer is named in it."""
    assert "Was named in run batch once at 14:13; it failed at shop; none of their own has worked since." in page(
        web, HIT
    )


def test_of_whom_nothing_was_heard_nothing_else_is_said(web: TestClient) -> None:
    """On the page and in the JSON, the same."""
    told = web.get(f"/api/v1/customers/{HIT}").json()
    assert (told["story"], told["items"]) == ("Nothing was heard of this customer in this window.", [])
    assert told["story"] in web.get(f"/customers/{HIT}").text


@pytest.mark.parametrize("name", ODD_YEARS)
def test_the_way_to_where_they_were_last_seen_can_be_gone(web: TestClient, name: str) -> None:
    """Also at the ends of the time that can be asked for."""
    link = re.search(r'href="([^"]*)">Look there', web.get(f"/customers/{name}").text)
    assert link
    assert web.get(html.unescape(link[1])).status_code == 200


def test_the_json_of_a_name_that_no_path_can_hold_is_found(web: TestClient) -> None:
    """By parameter."""
    link = re.search(r'href="([^"]*)">As JSON', web.get("/customers", params={"id": ".", **WINDOW}).text)
    assert link
    assert web.get(html.unescape(link[1])).json()["customer"] == "."
