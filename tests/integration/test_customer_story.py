"""A customer's story says of them what the list of affected customers says, however odd the traces are."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from queries import schema
from queries.store import Store
from tests.integration.otlp import SECOND, T0, attributes, segment, span, token, traces
from tests.integration.small_shop import FROM
from tests.loading import empty, load, meanings
from tests.odd_traces import Telemetry, everything, telemetry
from tests.odd_world import BASE, DEFAULT_KEYS, OWN_KEYS, Keys
from triage.affected.answer import affected
from triage.customer import Customer
from triage.customer_reading import read_customer
from triage.incident.of_customer import asked_for, went_on
from triage.model import AffectedCustomer, Outcome
from triage.story import story
from triage.window import Window

pytestmark = pytest.mark.integration

Stores = dict[Keys, Store]
DRAWN = settings(derandomize=True, phases=(Phase.generate,), suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """A database for each way in which settings read attributes."""
    dsn = f"chdb://{tmp_path_factory.mktemp('story')}/clickhouse"
    opened = {}
    for name, keys in {"defaults": DEFAULT_KEYS, "own": OWN_KEYS}.items():
        opened[keys] = Store.open(dsn, database=name, handles=1)
        schema.apply(opened[keys], meanings=meanings(keys))
    yield opened
    for store in opened.values():
        store.close()


@pytest.mark.timeout(300)
@settings(DRAWN, max_examples=4)
@given(telemetry(worlds=10))
def test_a_story_agrees_with_the_list(stores: Stores, sent: Telemetry) -> None:
    """Failures, outcome, recovery, last attempt, orders and evidence of every customer hit, in worlds of odd traces.

    Of all time, and of a window that ends while they were still at it; and their outcome where one service failed.
    """
    agree(stores, sent)


@pytest.mark.full
@pytest.mark.timeout(1800)
@settings(DRAWN, max_examples=20)
@given(telemetry())
def test_a_story_agrees_with_the_list_in_many_worlds(stores: Stores, sent: Telemetry) -> None:
    """The same where there are more of them."""
    agree(stores, sent)


def agree(stores: Stores, sent: Telemetry) -> None:
    store = stores[sent.keys]
    empty(store)
    load(store, sent)
    whole = everything()
    for to in (whole.to, BASE + timedelta(seconds=2)):
        question = replace(whole, to=to)
        items = affected(store, question, limit=1000).items
        one = replace(question, service=next((item.evidence[-1].service for item in items), None))
        outcomes = {item.customer: item.outcome for item in affected(store, one, limit=1000).items}
        for item in items:
            told = read_customer(store, item.customer, Window(question.from_, to), datetime.now(UTC))
            assert_alike(told, item)
            went = went_on(store, told, one, asked_for(store, told, one))
            assert (went.outcome if went else None) == outcomes.get(item.customer)


def assert_alike(told: Customer, item: AffectedCustomer) -> None:
    """Orders of the list are of requests that failed, the story's of all."""
    assert len(told.failures) == item.failures, item.customer
    assert told.outcome == item.outcome, item.customer
    assert told.recovered_at == item.recovered_at, item.customer
    assert told.last_attempt == item.last_attempt, item.customer
    assert set(item.orders) <= {order.order for order in told.orders}, item.customer
    failing = {(one.trace_id, one.span_id) for one in told.failures}
    assert {(one.trace_id, one.span_id) for one in item.evidence} <= failing


BUSY = "c-busy"


@pytest.fixture
def busy(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A customer whose checkout fails, who then makes many other requests, and whose checkout works at the end."""
    monkeypatch.setattr("triage.customer_reading.MOST_REQUESTS", 3)
    store = stores[DEFAULT_KEYS]
    empty(store)
    named = attributes({"customer.id": BUSY})
    failed = span(1, 1, 0, T0, name="POST /checkout", attributes=named, status=Status(code=Status.STATUS_CODE_ERROR))
    others = [span(1, 2 + n, 0, T0 + (n + 1) * SECOND, name="GET /", attributes=named) for n in range(5)]
    worked = span(1, 9, 0, T0 + 10 * SECOND, name="POST /checkout", attributes=named)
    store.insert("traces", segment(traces(failed, *others, worked)), token())
    return store


def test_how_it_went_on_is_known_however_many_requests_followed(busy: Store) -> None:
    """Of a window that has few."""
    told = read_customer(busy, BUSY, Window(FROM, FROM + timedelta(seconds=2)), FROM)
    assert (told.complete, len(told.requests)) == (True, 2)
    assert told.outcome is Outcome.RECOVERED
    assert told.recovered_at == told.last_attempt == FROM + timedelta(seconds=10)


def test_what_a_list_that_was_cut_cannot_tell_is_unknown(busy: Store) -> None:
    """It worked after what is listed had failed; but what is not listed may have failed again."""
    told = read_customer(busy, BUSY, Window(FROM, FROM + timedelta(hours=1)), FROM)
    assert (told.complete, len(told.requests)) == (False, 3)
    assert told.outcome is None
    assert told.recovered_at is None
    assert story(told)[0].endswith("it worked at 14:13.")
