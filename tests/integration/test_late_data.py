"""What arrives while pages are read: no page tells again what was told, and what was yet to come is told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, NumberDataPoint, Sum
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.testclient import TestClient

from dashboards.app import create_app
from queries.store import Store
from tests.integration.otlp import SECOND, T0, attributes, metrics, segment, span, token, traces
from tests.integration.small_shop import ERROR, FROM, trace_id
from tests.loading import empty
from tests.symptoms import Passes, gateway_errors
from triage.incident.book import StoredBook
from triage.model import Question
from triage.symptom import Symptom
from triage.window import format_time

pytestmark = pytest.mark.integration

WINDOW = {"from": format_time(FROM), "to": format_time(FROM + timedelta(hours=1))}
DELTA = 1


@pytest.fixture
def api(own_store: Store) -> Iterator[TestClient]:
    empty(own_store)
    app = create_app(own_store, metrics=str, ready=lambda: None)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def pages(api: TestClient, path: str, **parameters: str) -> Iterator[dict[str, Any]]:
    """A page at a time, each once it is asked for."""
    asked = {**parameters}
    while True:
        answer = api.get(f"/api/v1/{path}", params=asked)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        yield page
        if page["next"] is None:
            return
        asked = {"cursor": page["next"], "limit": "100"}


def failure(number: int, customer: str, at_s: int) -> Span:
    return span(
        number, number, start=T0 + at_s * SECOND, attributes=attributes({"customer.id": customer}), status=ERROR
    )


def send(store: Store, *spans: Span, service: str = "payment") -> None:
    store.insert("traces", segment(traces(*spans, resource={"service.name": service})), token())


def test_a_customers_requests_go_on_where_the_page_ended(api: TestClient, own_store: Store) -> None:
    """One that arrives late, among those that were told, moves nothing."""
    send(own_store, *(failure(number, "ann", number) for number in (1, 3, 5, 7)))
    told = pages(api, "customers/ann", **WINDOW, limit="2")
    first = next(told)
    send(own_store, failure(2, "ann", 2))
    ids = [item["trace_id"] for page in (first, *told) for item in page["items"]]
    assert ids == [trace_id(number) for number in (1, 3, 5, 7)]


def orders(minute: int, many: int) -> Metric:
    start = T0 + (40 + minute * 60) * SECOND  # on the minute
    point = NumberDataPoint(start_time_unix_nano=start, time_unix_nano=start + SECOND, as_int=many)
    return Metric(
        name="shop.orders",
        sum=Sum(aggregation_temporality=DELTA, is_monotonic=True, data_points=[point]),  # type: ignore[arg-type]  # an enum's number
    )


def test_a_figures_values_go_on_where_the_page_ended(api: TestClient, own_store: Store) -> None:
    """A minute that becomes known late moves nothing."""
    own_store.insert("metrics", segment(metrics(*(orders(minute, 5) for minute in (0, 2, 3, 4)))), token())
    told = pages(api, "kpis/orders", **WINDOW, limit="2")
    first = next(told)
    own_store.insert("metrics", segment(metrics(orders(1, 7))), token())
    items = [item for page in (first, *told) for item in page["items"]]
    assert [item["value"] for item in items] == [5, 5, 5, 5]
    assert len({item["time"] for item in items}) == 4


def failing(service: str, detector: str = "gateway_errors") -> Symptom:
    """A service fails while the customers check out."""
    question = Question(from_=FROM, to=FROM + timedelta(minutes=5), service=service)
    return replace(gateway_errors(), detector=detector, from_=FROM, question=question)


def test_an_incidents_customers_are_those_of_the_symptoms_it_had(api: TestClient, own_store: Store) -> None:
    """A symptom that joins while the pages are read, and the incident's end, change no page that follows."""
    send(own_store, *(failure(number, f"c-{number:02}", number) for number in range(1, 13, 2)))
    send(own_store, *(failure(number, f"c-{number:02}", number) for number in range(2, 14, 2)), service="cart")
    passes = Passes()
    passes.look(30, failing("payment"))
    book, incident = StoredBook(own_store), passes.only.id
    book.write(list(passes.book.events.values()))
    told = pages(api, f"incidents/{incident}/affected", limit="3")
    first = next(told)
    joined = passes.look(40, failing("payment"), failing("cart", "slow_checkout"))
    book.write([replace(event, time=datetime.now(UTC)) for event in joined])
    assert api.post(f"/api/v1/incidents/{incident}/resolve").json()["state"] == "resolved"
    (second,) = told
    assert [item["customer"] for item in first["items"] + second["items"]] == [f"c-{n:02}" for n in range(1, 13, 2)]
    for same in ("customers", "from", "to", "as_of"):
        assert first[same] == second[same]
    (whole,) = pages(api, f"incidents/{incident}/affected")
    assert whole["customers"] > first["customers"]
