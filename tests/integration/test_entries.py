"""Where requests enter a shop is known however they come: to a server, from a queue, or below a phone's own span."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import polars as pl
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.store import Store, Value
from tests.integration.otlp import SECOND, T0, Request, attributes, segment, span, token, traces
from tests.loading import empty
from triage.affected.answer import everyone
from triage.detectors import symptoms_at
from triage.entries import entry_services
from triage.incident.series import symptom_series
from triage.kpi.checks import State, checks
from triage.symptom import Symptom
from triage.window import Window

pytestmark = pytest.mark.integration

Kind: TypeAlias = "Span.SpanKind.ValueType"
CALM_S, FAULT_S = 2700, 240
NOW = datetime.fromtimestamp(T0 / SECOND, UTC) + timedelta(seconds=CALM_S + FAULT_S)
FAULT = Window(NOW - timedelta(seconds=FAULT_S), NOW)
MS = SECOND // 1000
SERVER, CLIENT, CONSUMER = Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_CONSUMER
INTERNAL, UNSPECIFIED = Span.SPAN_KIND_INTERNAL, Span.SPAN_KIND_UNSPECIFIED
ERROR = Status(code=Status.STATUS_CODE_ERROR)


def arrivals() -> Iterator[tuple[int, int, bool]]:
    """Two a second: a number, when it comes (ns since 1970), and whether all is broken then."""
    rng = random.Random(7)
    at_s, number = 0.0, 0
    while (at_s := at_s + rng.expovariate(2)) < CALM_S + FAULT_S - 2:
        number += 1
        yield number, T0 + int(at_s * SECOND), at_s >= CALM_S


def message(number: int, at: int, took: int, *, failed: bool) -> Request:
    """A message that a worker takes from a queue, in a trace of its own, and writes to its database."""
    named = attributes({"customer.id": f"c-{number}"})
    status = ERROR if failed else None
    processing = span(1, number, 0, at, took, name="orders process", kind=CONSUMER, status=status, attributes=named)
    writing = span(2, number, 1, at + MS, took - 2 * MS, name="INSERT orders", kind=CLIENT)
    return traces(processing, writing, resource={"service.name": "order-worker"})


def request(number: int, at: int, took: int, *, failed: bool, root: Kind = CLIENT) -> Iterator[Request]:
    """A request that a phone's own span begins; the gateway asks checkout, where it fails if it does."""
    status = ERROR if failed else None
    named = attributes({"customer.id": f"c-{number}"})
    began = span(1, number, 0, at - MS, took + 2 * MS, name="tap", kind=root, attributes=named)
    entry = span(2, number, 1, at, took, name="POST /buy", kind=SERVER, status=status)
    call = span(3, number, 2, at + MS, took - 2 * MS, name="POST", kind=CLIENT, status=status)
    answer = span(4, number, 3, at + 2 * MS, took - 4 * MS, name="POST /order", kind=SERVER, status=status)
    yield traces(began, resource={"service.name": "shop-ios"})
    yield traces(entry, call, resource={"service.name": "gateway"})
    yield traces(answer, resource={"service.name": "checkout"})


def job(number: int, at: int, *, failed: bool) -> Iterator[Request]:
    """A job's call of checkout, which it tries again where that failed."""
    began = span(1, number, 0, at, 50 * MS, name="sync", kind=INTERNAL)
    answer = span(2, number, 1, at + MS, 9 * MS, name="POST /order", kind=SERVER, status=ERROR if failed else None)
    again = span(3, number, 1, at + 20 * MS, 9 * MS, name="POST /order", kind=SERVER)
    yield traces(began, resource={"service.name": "jobs"})
    yield traces(answer, *([again] if failed else []), resource={"service.name": "checkout"})


def found(store: Store, *requests: Request) -> list[Symptom]:
    """What the detectors find in the end where this was sent."""
    empty(store)
    store.insert("traces", segment(*requests), token())
    return symptoms_at(store.ask, NOW)


def test_messages_that_fail_are_found_where_they_are_taken_from_a_queue(own_store: Store) -> None:
    """As requests are: with those whom it hit, in the checks, and drawn."""
    sent = [(number, at, broken) for number, at, broken in arrivals()]
    (symptom,) = found(own_store, *(message(number, at, 60 * MS, failed=broken) for number, at, broken in sent))
    assert (symptom.detector, symptom.subject) == ("gateway_errors", {"service": "order-worker"})
    assert symptom.labels["operation"] == "orders process"
    assert symptom.question
    hit = {each.customer for each in everyone(own_store, symptom.question)}
    assert hit == {f"c-{number}" for number, _, broken in sent if broken}
    errors, *_ = checks(own_store.ask, FAULT)
    assert (errors.state, errors.value) == (State.BAD, 1.0)
    drawn = symptom_series(own_store.ask, symptom, FAULT)
    assert drawn
    assert {value for value in drawn.values if value is not None} == {1.0}


@pytest.mark.parametrize("root", [CLIENT, INTERNAL, UNSPECIFIED])
def test_requests_below_a_phone_s_own_span_are_found_where_they_fail(own_store: Store, root: Kind) -> None:
    """They enter at the gateway that it calls, and begin to fail behind it; the checks and the figure say so, too."""
    sent = [(number, at, broken) for number, at, broken in arrivals()]
    requests = (each for number, at, broken in sent for each in request(number, at, 60 * MS, failed=broken, root=root))
    (symptom,) = found(own_store, *requests)
    assert (symptom.detector, symptom.subject) == ("gateway_errors", {"service": "checkout"})
    assert (symptom.labels["gateway"], symptom.labels["operation"]) == ("gateway", "POST /buy")
    assert entry_services(own_store.ask, NOW) == ["gateway"]
    errors, *_ = checks(own_store.ask, FAULT)
    assert (errors.state, errors.value) == (State.BAD, 1.0)
    drawn = symptom_series(own_store.ask, symptom, FAULT)
    assert drawn
    assert {value for value in drawn.values if value is not None} == {1.0}


def test_requests_below_a_phone_s_own_span_are_found_where_they_are_slow(own_store: Store) -> None:
    """Checkout makes them wait."""
    took = {False: 60 * MS, True: 900 * MS}
    requests = (each for number, at, slow in arrivals() for each in request(number, at, took[slow], failed=False))
    (symptom,) = found(own_store, *requests)
    assert (symptom.detector, symptom.subject) == ("slow_checkout", {"service": "checkout"})
    assert (symptom.labels["gateway"], symptom.labels["operation"]) == ("gateway", "POST /buy")


def test_a_service_that_a_job_calls_now_and_then_is_no_entry(own_store: Store) -> None:
    """What is tried again there, and saved, is nothing that anybody saw."""
    calm = [each for number, at, _ in arrivals() for each in request(number, at, 60 * MS, failed=False)]
    rare = [(number, at, broken) for number, at, broken in arrivals() if number % 9 == 0]
    jobs = [each for number, at, broken in rare for each in job(10**6 + number, at, failed=broken)]
    assert found(own_store, *calm, *jobs) == []
    assert entry_services(own_store.ask, NOW) == ["gateway"]


def test_a_pass_asks_one_question_more_where_nobody_calls_from_outside(own_store: Store) -> None:
    """Of what is counted already; and of spans nothing."""
    asked: list[str] = []

    def ask(name: str, /, **parameters: Value) -> pl.DataFrame:
        asked.append(name)
        return own_store.ask(name, **parameters)

    empty(own_store)
    messages = (message(number, at, 60 * MS, failed=False) for number, at, _ in arrivals())
    own_store.insert("traces", segment(*messages), token())
    assert symptoms_at(ask, NOW) == []
    assert [name for name in asked if name.startswith("detect/call")] == ["detect/callers"]
