"""Nobody waits for messages: how long they take is no latency, and what requests do is told without them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from dashboards.pages.cards import cards
from queries.store import Store
from tests.integration.otlp import SECOND, T0, Request, attributes, span, traces
from tests.integration.test_entries import (
    CALM_S,
    CLIENT,
    CONSUMER,
    ERROR,
    FAULT,
    FAULT_S,
    MS,
    SERVER,
    Kind,
    arrivals,
    found,
    message,
)
from tests.symptoms import Passes
from triage.incident.graph import call_graph
from triage.incident.series import Series, error_series, latency_series
from triage.kpi.checks import State, checks
from triage.kpi.usual import REQUESTS

pytestmark = pytest.mark.integration


def receives() -> Iterator[Request]:
    """A span for each wait for a message, as long as the wait; in the end fewer messages come."""
    rng, at_s, number = random.Random(3), 0.0, 0
    while at_s < CALM_S + FAULT_S - 2:
        number += 1
        waited_s = rng.expovariate(2 if at_s < CALM_S else 0.6)
        at, took = T0 + int(at_s * SECOND), int(waited_s * SECOND)
        yield traces(
            span(1, number, 0, at, took, name="orders receive", kind=CONSUMER), resource={"service.name": "mailer"}
        )
        at_s += waited_s


def checkouts(took: int, *, failed: bool = False) -> Iterator[Request]:
    """Two requests a second; in the end they take so long, and fail if so said."""
    for number, at, late in arrivals():
        status = ERROR if late and failed else None
        buying = span(1, number, 0, at, took if late else 100 * MS, name="POST /checkout", kind=SERVER, status=status)
        yield traces(buying, resource={"service.name": "gateway"})


def messages(took: int, each_time: int) -> Iterator[Request]:
    """In the end as often some messages that take so long, each in a trace of its own; all goes well."""
    for number, at, late in arrivals():
        traced = range(10**7 + number * each_time, 10**7 + (number + 1) * each_time) if late else ()
        taken = (span(1, trace, 0, at, took, name="products process", kind=CONSUMER) for trace in traced)
        yield traces(*taken, resource={"service.name": "indexer"})


def order(number: int, at: int, failed: bool, kind: Kind) -> Iterator[Request]:
    """A phone's request, or a message of its own trace, on which checkout is asked."""
    status, named = ERROR if failed else None, attributes({"peer.service": "checkout"})
    if kind == SERVER:
        tap = span(1, number, 0, at - MS, 62 * MS, name="tap", kind=CLIENT)
        yield traces(tap, resource={"service.name": "shop-ios"})
    entry = span(2, number, 1 if kind == SERVER else 0, at, 60 * MS, name="order", kind=kind, status=status)
    call = span(3, number, 2, at + MS, 58 * MS, name="POST", kind=CLIENT, status=status, attributes=named)
    answer = span(4, number, 3, at + 2 * MS, 56 * MS, name="POST /order", kind=SERVER, status=status)
    yield traces(entry, call, resource={"service.name": "entry"})
    yield traces(answer, resource={"service.name": "checkout"})


def entered(store: Store) -> list[str]:
    """What the checks say of all that entered since the fault began."""
    return [check.brief for check in checks(store.ask, FAULT)][:2]


def latest(series: Series) -> float:
    assert series.last is not None
    return series.last


def test_a_wait_for_messages_is_nothing_slow(own_store: Store) -> None:
    """Where fewer come, each is waited for longer. The checks tell of messages how many failed, and no latency."""
    assert found(own_store, *receives()) == []
    assert entered(own_store) == ["errors of messages as usual", "latency unknown"]
    assert not latency_series(own_store.ask, FAULT, FAULT.from_).is_known


def test_many_quick_messages_hide_no_request(own_store: Store) -> None:
    """The checks and their figures say of requests what they are: slow, and failing."""
    found(own_store, *checkouts(6000 * MS, failed=True), *messages(20 * MS, 20))
    assert entered(own_store) == ["▲ gateway errors 100 % (usually 0 %)", "▲ latency 6 s (usually 100 ms)"]
    assert latest(error_series(own_store.ask, FAULT, FAULT.from_, entries=[REQUESTS])) == 1.0
    assert latest(latency_series(own_store.ask, FAULT, FAULT.from_)) == pytest.approx(6000)


def health_checks(every: int = 10) -> Iterator[Request]:
    """Of the worker that takes the messages, by whoever runs it."""
    for second in range(0, CALM_S + FAULT_S - 2, every):
        asked = span(1, 10**7 + second, 0, T0 + second * SECOND, 2 * MS, name="GET /healthz", kind=SERVER)
        yield traces(asked, resource={"service.name": "order-worker"})


def test_few_requests_hide_no_failing_message(own_store: Store) -> None:
    """Such as health checks where orders come from a queue: the check, and its card, tell of the messages."""
    orders = (message(number, at, 60 * MS, failed=broken) for number, at, broken in arrivals())
    found(own_store, *orders, *health_checks())
    assert entered(own_store) == ["▲ errors of messages 100 % (usually 0 %)", "latency as usual"]
    errors, latency, *_ = cards(own_store.ask, FAULT, FAULT)
    assert (errors.heading, errors.name) == ("Errors of messages", "of messages fail")
    assert (errors.unusual, latency.unusual) == (True, False)
    assert errors.figure
    assert latest(errors.figure.series) == 1.0


def test_messages_as_usual_hide_no_request_that_fails(own_store: Store) -> None:
    """Though they are too few to judge by."""
    orders = (message(10**7 + number, at, 60 * MS, failed=False) for number, at, _ in arrivals())
    few: list[Request] = []
    for number, at, broken in arrivals():
        if number % 60 == 0:
            bought = span(1, number, 0, at, MS, name="POST /checkout", kind=SERVER, status=ERROR if broken else None)
            few.append(traces(bought, resource={"service.name": "gateway"}))
    found(own_store, *orders, *few)
    errors = next(checks(own_store.ask, FAULT))
    assert (errors.title, errors.state, errors.value) == ("gateway errors", State.UNKNOWN, 1.0)
    assert errors.sentence.endswith("; too little to judge by")


def test_a_message_that_fails_hides_no_request(own_store: Store) -> None:
    """One of few is too little to judge by, and no news beside many requests that work."""
    few = (each for each in arrivals() if each[0] % 200 == 0)
    odd = (message(10**7 + number, at, 60 * MS, failed=broken) for number, at, broken in few)
    found(own_store, *checkouts(100 * MS), *odd)
    assert entered(own_store)[0] == "gateway errors as usual"


def test_a_request_of_an_earlier_day_hides_no_failing_message(own_store: Store) -> None:
    """Each is compared with its own."""
    orders = (message(number, at, 60 * MS, failed=broken) for number, at, broken in arrivals())
    at = T0 + (CALM_S + FAULT_S // 2) * SECOND - 86_400 * SECOND
    by_hand = traces(span(1, 10**7, 0, at, MS, name="GET /metrics", kind=SERVER))
    found(own_store, *orders, by_hand)
    assert entered(own_store) == ["▲ errors of messages 100 % (usually 0 %)", "latency unknown"]


def test_messages_that_fail_as_ever_are_as_usual_when_requests_stop(own_store: Store) -> None:
    """A fifth of them comes again; requests, of which none fails, come no more."""
    sent: list[Request] = []
    for number, at, broken in arrivals():
        sent.append(message(10**7 + number, at, 60 * MS, failed=number % 5 == 0))
        if not broken:
            bought = span(1, number, 0, at, 60 * MS, name="POST /checkout", kind=SERVER)
            sent.append(traces(bought, resource={"service.name": "gateway"}))
    assert found(own_store, *sent) == []
    errors, latency, *_ = checks(own_store.ask, FAULT)
    assert (errors.state, errors.value, errors.usual.middle) == (State.OK, *[pytest.approx(0.2, abs=0.01)] * 2)
    assert (latency.state, latency.value) == (State.UNKNOWN, None)


@pytest.mark.parametrize(
    ("one_in", "told"),
    [
        (10**6, "gateway errors 0 % (what is usual is not known yet)"),
        (100, "gateway errors unknown"),
        (20, "▲ gateway errors 5.1 % (what is usual is not known yet)"),
    ],
)
def test_of_a_new_shop_what_is_usual_is_not_known(own_store: Store, one_in: int, told: str) -> None:
    """Some failures of many are neither usual nor unusual then; a large part of all is unusual whatever was before."""
    bought = (
        span(1, number, 0, at, 60 * MS, kind=SERVER, status=None if number % one_in else ERROR)
        for number, at, late in arrivals()
        if late
    )
    found(own_store, traces(*bought, resource={"service.name": "gateway"}))
    assert entered(own_store) == [told, "latency unknown"]


def test_slow_messages_make_no_request_slow(own_store: Store) -> None:
    """Such as those of a batch that begins."""
    assert found(own_store, *checkouts(100 * MS), *messages(8000 * MS, 1)) == []
    assert entered(own_store) == ["gateway errors as usual", "latency as usual"]
    assert latest(latency_series(own_store.ask, FAULT, FAULT.from_)) == pytest.approx(100)


@pytest.mark.parametrize("kind", [SERVER, CONSUMER])
def test_calls_are_followed_from_where_requests_and_messages_enter(own_store: Store, kind: Kind) -> None:
    """Be it below a phone's own span or from a queue; to the service that fails."""
    (symptom,) = found(own_store, *(each for one in arrivals() for each in order(*one, kind)))
    assert symptom.suspect == "checkout"
    passes = Passes()
    passes.look(30, symptom)
    graph = call_graph(own_store.ask, passes.only, FAULT)
    assert [(call.caller, call.callee) for call in graph.near()] == [("", "entry"), ("entry", "checkout")]
    (first, *_) = graph.near()
    assert (first.errors, first.mean_ms) == (first.calls, 60 if kind == SERVER else None)
