"""Where requests enter a shop is known however they come: to a server, from a queue, or below a phone's own span."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TypeAlias

import polars as pl
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.store import Store, Value
from tests.integration.otlp import SECOND, T0, Request, attributes, segment, span, token, traces
from tests.loading import empty
from tests.symptoms import Passes
from triage.affected.answer import everyone
from triage.detectors import symptoms_at
from triage.entries import entry_services
from triage.incident.book import MemoryBook
from triage.incident.graph import call_graph
from triage.incident.model import State as IncidentState
from triage.incident.series import symptom_series
from triage.kpi.checks import State, checks, checks_of
from triage.runbook.live import LiveRunbook
from triage.symptom import Symptom
from triage.watch import Watch
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


def call(
    number: int, at: int, *services: str, failed: bool = False, behind: int = 0, language: str = "java"
) -> Iterator[Request]:
    """A request that the first of the services begins; each is called by the one before. The last's clock is behind."""
    status = ERROR if failed else None
    root = span(1, number, 0, at, 90 * MS, name="begin", kind=INTERNAL)
    yield traces(root, resource={"service.name": services[0], "telemetry.sdk.language": language})
    for place, (caller, callee) in enumerate(pairwise(services), start=1):
        asked, answer, from_ = 2 * place, 2 * place + 1, at + 2 * place * MS
        calling = span(asked, number, asked - 1, from_, 50 * MS, name="POST", kind=CLIENT, status=status)
        began = from_ + MS - (behind if callee == services[-1] else 0)
        answering = span(answer, number, asked, began, 40 * MS, name="POST /buy", kind=SERVER, status=status)
        yield traces(calling, resource={"service.name": caller})
        yield traces(answering, resource={"service.name": callee})


def message_of_a_phone(number: int, at: int) -> Iterator[Request]:
    """What a phone asks of the gateway is put into a queue; the worker takes it, calls invoicing and waits for more."""
    yield from call(number, at, "shop-ios", "gateway")
    processing = span(4, number, 3, at + 5 * MS, 20 * MS, name="orders process", kind=CONSUMER)
    asking = span(5, number, 4, at + 6 * MS, 9 * MS, name="POST", kind=CLIENT)
    waiting = span(1, 10**7 + number, 0, at + 30 * MS, 400 * MS, name="orders receive", kind=CLIENT)
    yield traces(processing, asking, waiting, resource={"service.name": "order-worker"})
    answer = span(6, number, 5, at + 7 * MS, 7 * MS, name="POST /invoice", kind=SERVER)
    yield traces(answer, resource={"service.name": "invoicing"})


def page(number: int, at: int, place: int, service: str) -> Iterator[Request]:
    """One of the calls that a page makes one after the other, in one trace."""
    at += place * 100 * MS
    asking = span(2 + 3 * place, number, 1, at + MS, 50 * MS, name="GET", kind=CLIENT)
    loading = [span(1, number, 0, at, 900 * MS, name="page", kind=INTERNAL)] if place == 0 else []
    yield traces(*loading, asking, resource={"service.name": "web"})
    answer = span(3 + 3 * place, number, 2 + 3 * place, at + 2 * MS, 40 * MS, name="GET /api", kind=SERVER)
    yield traces(answer, resource={"service.name": service})


def meshed(number: int, at: int) -> Iterator[Request]:
    """A mesh's way in calls checkout, whose sidecar and program tell of it under one name; checkout asks stock."""
    yield traces(span(1, number, 0, at, 60 * MS, name="way in", kind=CLIENT), resource={"service.name": "ingress"})
    sidecar = span(2, number, 1, at + MS, 50 * MS, name="checkout:8080/*", kind=SERVER)
    program = span(3, number, 2, at + 2 * MS, 40 * MS, name="POST /buy", kind=SERVER)
    asking = span(4, number, 3, at + 3 * MS, 30 * MS, name="GET", kind=CLIENT)
    yield traces(sidecar, program, asking, resource={"service.name": "checkout"})
    answer = span(5, number, 4, at + 4 * MS, 20 * MS, name="GET /stock", kind=SERVER)
    yield traces(answer, resource={"service.name": "stock"})


def tried_again(number: int, at: int, *, failed: bool, behind: int = 0) -> Iterator[Request]:
    """A purchase at checkout, which asks stock twice; the first fails if it does. Stock's clock may be behind."""
    entry = span(1, number, 0, at, 90 * MS, name="POST /buy", kind=SERVER)
    asking = [span(each, number, 1, at + each * MS, 20 * MS, name="GET", kind=CLIENT) for each in (2, 3)]
    yield traces(entry, *asking, resource={"service.name": "checkout"})
    status = ERROR if failed else None
    answer = span(4, number, 2, at + 4 * MS - behind, 9 * MS, name="GET /stock", kind=SERVER, status=status)
    again = span(5, number, 3, at + 5 * MS - behind, 9 * MS, name="GET /stock", kind=SERVER)
    yield traces(answer, again, resource={"service.name": "stock"})


def answered(number: int, at: int, service: str) -> Request:
    """A request that the service answers by itself, and that comes from nobody who sends spans."""
    return traces(span(1, number, 0, at, 5 * MS, name="GET /health", kind=SERVER), resource={"service.name": service})


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


def test_what_was_tried_again_where_a_job_calls_often_is_nothing_that_anybody_saw(own_store: Store) -> None:
    """A third of the calls of stock are a job's; those of checkout fail, and it asks again."""
    sent: list[Request] = []
    for number, at, broken in arrivals():
        sent.extend(tried_again(number, at, failed=broken))
        sent.extend(call(10**6 + number, at, "erp-sync", "stock"))
    assert found(own_store, *sent) == []


@pytest.mark.parametrize("behind", [0, 20 * MS])
def test_what_was_tried_again_is_nothing_that_anybody_saw_whatever_the_time_there(
    own_store: Store, behind: int
) -> None:
    """A job calls stock now and then, checkout all the time: who asked is told by parents, not by when."""
    sent: list[Request] = []
    for number, at, broken in arrivals():
        sent.extend(tried_again(number, at, failed=broken, behind=behind))
        sent.extend(call(10**6 + number, at, "erp-sync", "stock") if number % 30 == 0 else ())
    assert found(own_store, *sent) == []
    assert entry_services(own_store.ask, NOW) == []


@pytest.mark.parametrize("behind", [0, 20 * MS])
def test_requests_of_a_browser_that_goes_by_its_server_s_name_are_found_where_they_fail(
    own_store: Store, behind: int
) -> None:
    """They enter at the server, which they are right below spans of; it asks stock, where it may be earlier."""
    sent: list[Request] = []
    for number, at, broken in arrivals():
        sent.extend(call(number, at, "shop", "shop", failed=broken))
        asking = span(4, number, 3, at + 4 * MS, 30 * MS, name="GET", kind=CLIENT)
        sent.append(traces(asking, resource={"service.name": "shop"}))
        answer = span(5, number, 4, at + 5 * MS - behind, 20 * MS, name="GET /stock", kind=SERVER)
        sent.append(traces(answer, resource={"service.name": "stock"}))
    (symptom,) = found(own_store, *sent)
    assert (symptom.detector, symptom.labels["gateway"]) == ("gateway_errors", "shop")
    assert entry_services(own_store.ask, NOW) == ["shop"]


def test_what_a_service_s_own_relay_tries_again_is_nothing_that_anybody_saw(own_store: Store) -> None:
    """It tells shipping of each order, which nobody else calls, and is a part of orders, which serves the gateway."""
    sent: list[Request] = []
    for number, at, broken in arrivals():
        sent.extend(call(number, at, "shop-ios", "gateway", "orders"))
        status, relay = ERROR if broken else None, 10**6 + number
        began = span(1, relay, 0, at, 90 * MS, name="outbox relay", kind=INTERNAL)
        asking = [span(each, relay, 1, at + each * MS, 20 * MS, name="POST", kind=CLIENT) for each in (2, 3)]
        sent.append(traces(began, *asking, resource={"service.name": "orders"}))
        answer = span(4, relay, 2, at + 4 * MS, 9 * MS, name="POST /shipment", kind=SERVER, status=status)
        again = span(5, relay, 3, at + 5 * MS, 9 * MS, name="POST /shipment", kind=SERVER)
        sent.append(traces(answer, again, resource={"service.name": "shipping"}))
    assert found(own_store, *sent) == []
    assert entry_services(own_store.ask, NOW) == ["gateway"]


def test_the_checks_of_a_job_s_incident_are_of_phones_too_that_call_by_now(own_store: Store) -> None:
    """It began in a night in which no phone called."""
    empty(own_store)
    sent: list[Request] = []
    for number, at, broken in arrivals():
        sent.extend(call(10**6 + number, at, "cron", "invoicing"))
        sent.extend(request(number, at, 60 * MS, failed=True) if broken else ())
    own_store.insert("traces", segment(*sent), token())
    began = NOW - timedelta(minutes=20)
    assert entry_services(own_store.ask, began) == ["invoicing"]
    errors, *_ = checks_of(own_store.ask, began, NOW)
    assert errors.state is State.BAD


def test_a_figure_and_the_checks_stay_when_phones_fall_silent(own_store: Store) -> None:
    """They are of where the requests entered when it began; the figure and the calls stay, too, when spans are gone."""
    sent = [(number, at, broken) for number, at, broken in arrivals()]
    requests = (each for number, at, broken in sent for each in request(number, at, 60 * MS, failed=broken))
    (symptom,) = found(own_store, *requests)
    later = Window(FAULT.from_, NOW + timedelta(minutes=12))
    errors, *_ = checks(own_store.ask, later)
    assert (errors.state, errors.value) == (State.BAD, 1.0)
    passes = Passes()
    passes.look(30, symptom)
    calls = call_graph(own_store.ask, passes.only, FAULT).calls
    own_store.command("TRUNCATE TABLE otel_traces")
    drawn = symptom_series(own_store.ask, symptom, later)
    assert drawn
    assert {value for value in drawn.values if value is not None} == {1.0}
    assert [(call.caller, call.callee) for call in calls] == [("", "gateway")]
    assert call_graph(own_store.ask, passes.only, FAULT).calls == calls


def test_an_outage_lasts_though_its_phones_fall_silent(own_store: Store) -> None:
    """Their own spans stop coming; requests go on to enter, and to fail, where they did."""
    empty(own_store)
    lasts_s, silent_s = 1800, 240
    sent: list[Request] = []
    for number, at_s in enumerate(range(CALM_S + lasts_s)):
        parts = request(number, T0 + at_s * SECOND, 60 * MS, failed=at_s >= CALM_S)
        sent.extend([*parts][0 if at_s < CALM_S + silent_s else 1 :])
    own_store.insert("traces", segment(*sent), token())
    began = datetime.fromtimestamp(T0 / SECOND + CALM_S, UTC)
    watch = Watch(own_store, MemoryBook(), LiveRunbook(), past=True)
    (incident,) = watch.look(began + timedelta(minutes=2))
    for after_s in range(lasts_s - 80, lasts_s, 10):
        (lasting,) = watch.look(began + timedelta(seconds=after_s))
    assert (lasting.id, lasting.state) == (incident.id, IncidentState.OPEN)
    assert lasting.symptoms[0].symptom.labels["gateway"] == "gateway"


LATE = [(number, at) for number, at, broken in arrivals() if broken]
PUSHES = [
    traces(span(1, 10**6 + number, 0, at, 5 * MS, name="push", kind=CONSUMER), resource={"service.name": "shop-ios"})
    for number, at in LATE
]


@pytest.mark.parametrize(
    ("sent", "entered_at"),
    [
        pytest.param(
            [*PUSHES, *(each for one in LATE for each in call(*one, "shop-ios", "gateway", "checkout"))],
            ["gateway"],
            id="phones receive pushes",
        ),
        pytest.param(
            [
                each
                for number, at in LATE
                for each in [*call(number, at, "shop-ios", "gateway", "checkout")][0 if number % 9 == 0 else 2 :]
            ],
            ["gateway"],
            id="most phones send no spans",
        ),
        pytest.param(
            [each for one in LATE for each in message_of_a_phone(*one)], ["gateway"], id="a worker waits for messages"
        ),
        pytest.param([each for one in LATE for each in meshed(*one)], ["checkout"], id="a mesh"),
        pytest.param(
            [
                each
                for number, at in LATE
                for each in (
                    *call(number, at, "shop-ios", "gateway", "stock"),
                    *(call(10**6 + number, at, "monitor", "stock") if number % 3 else ()),
                )
            ],
            ["gateway"],
            id="a monitor makes two fifths of a service's calls",
        ),
        pytest.param(
            [
                each
                for number, at in LATE
                for each in (
                    *call(number, at, "shop-ios", "gateway", "auth"),
                    *(call(10**6 + number, at, "shop-ios", "auth") if number % 3 else ()),
                )
            ],
            ["auth", "gateway"],
            id="phones make two fifths of a service's calls",
        ),
        pytest.param(
            [
                each
                for number, at in LATE
                for each in [*call(number, at, "shop-ios", "gateway", "stock", behind=20 * MS)][
                    0 if number % 9 == 0 else 2 :
                ]
            ],
            ["gateway"],
            id="most phones send no spans, and a clock is behind",
        ),
        pytest.param(
            [
                each
                for number, at in LATE
                for each in (*call(number, at, "shop-ios", "orders"), *call(10**6 + number, at, "orders", "shipping"))
            ],
            ["orders"],
            id="a relay of a service that serves",
        ),
        pytest.param(
            [
                each
                for number, at in LATE
                for each in (
                    *call(number, at, "load", "gateway", "orders"),
                    *([answered(10**6 + number, at, "load")] if number % 20 == 0 else []),
                )
            ],
            ["gateway"],
            id="a load generator is asked how it does",
        ),
        pytest.param(
            [
                each
                for number, at in LATE
                for each in (*call(number, at, "shop", "shop"), *call(10**6 + number, at, "shop", "search"))
            ],
            ["search", "shop"],
            id="a browser goes by its server's name and calls another",
        ),
        pytest.param(
            [
                each
                for number, at in LATE
                for each in (
                    answered(10**6 + number, at, "shop"),
                    *call(number, at, "shop", "api", "payment", language="webjs"),
                )
            ],
            ["api"],
            id="documents are roots of the server whose name a browser goes by",
        ),
        pytest.param(
            [each for one in LATE for each in call(*one, "cron", "invoicing", "ledger")],
            ["invoicing"],
            id="a job alone calls",
        ),
        pytest.param(
            [
                each
                for number, at in LATE
                for place, name in enumerate(("cart", "search"))
                for each in page(number, at, place, name)
            ],
            ["cart", "search"],
            id="a page calls several services",
        ),
    ],
)
def test_requests_enter_where_most_calls_come_from_outside(
    own_store: Store, sent: list[Request], entered_at: list[str]
) -> None:
    """And where those who make these often call, too."""
    empty(own_store)
    own_store.insert("traces", segment(*sent), token())
    assert entry_services(own_store.ask, NOW) == entered_at


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
