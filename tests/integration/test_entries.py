"""Where requests enter a shop is known however they come: to a server, or from a queue."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.store import Store
from tests.integration.otlp import SECOND, T0, Request, attributes, segment, span, token, traces
from tests.loading import empty
from triage.affected.answer import everyone
from triage.detectors import symptoms_at
from triage.incident.series import symptom_series
from triage.kpi.checks import State, checks
from triage.symptom import Symptom
from triage.window import Window

pytestmark = pytest.mark.integration

CALM_S, FAULT_S = 2700, 240
NOW = datetime.fromtimestamp(T0 / SECOND, UTC) + timedelta(seconds=CALM_S + FAULT_S)
FAULT = Window(NOW - timedelta(seconds=FAULT_S), NOW)
MS = SECOND // 1000
CLIENT, CONSUMER = Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_CONSUMER
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


def test_messages_that_take_longer_are_found(own_store: Store) -> None:
    """The worker's database makes them wait."""
    took = {False: 60 * MS, True: 900 * MS}
    (symptom,) = found(own_store, *(message(number, at, took[slow], failed=False) for number, at, slow in arrivals()))
    assert (symptom.detector, symptom.labels["operation"]) == ("slow_checkout", "orders process")
    assert "INSERT orders of order-worker adds" in symptom.because
