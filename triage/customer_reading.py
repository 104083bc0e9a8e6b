"""Reading one customer's requests from the store; whose the parts of one are is told from its spans where need be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import TypedDict, cast

from queries.store import Store
from triage.customer import Customer, Order, Request, each_once
from triage.model import Evidence
from triage.ownership import NamedSpan, owners
from triage.window import Window

MOST_REQUESTS = 10_000


class _Failure(TypedDict):
    Timestamp: datetime
    SpanId: str
    ServiceName: str
    SpanName: str
    Error: str


class _Price(TypedDict):
    OrderId: str
    Amount: Decimal
    Currency: str


class _Row(TypedDict):
    """A row of queries/customer/since.sql."""

    TraceId: str
    IsClear: bool
    First: datetime
    Last: datetime
    TimestampNs: int
    SpanId: str
    SpanKind: str
    ServiceName: str
    SpanName: str
    Duration: int
    IsFailing: bool
    Failures: list[_Failure]
    Orders: list[_Price]


class _Listed(_Row):
    """A row of queries/customer/requests.sql."""

    HasLater: bool


class _Span(TypedDict):
    TraceId: str
    SpanId: str
    ParentSpanId: str
    Timestamp: datetime
    TimestampNs: int
    SpanKind: str
    ServiceName: str
    SpanName: str
    Duration: int
    IsFailing: bool
    Error: str
    Name: str
    OrderId: str
    Amount: Decimal
    Currency: str


def read_customer(store: Store, customer: str, window: Window, now: datetime) -> Customer:
    """The customer's requests of the window, at most 10,000, and how it went on. Raises StoreError."""
    ends = {"from": window.from_, "to": window.to}
    frame = store.ask("customer/requests", customer=customer, **ends, at_most=MOST_REQUESTS + 1)
    rows = cast(list[_Listed], frame.to_dicts())
    told = _requests(store, customer, rows[:MOST_REQUESTS])
    known = Customer(
        customer=customer,
        window=window,
        as_of=now,
        requests=tuple(request for request in told if _in(window, request)),
        since=tuple(request for request in told if not _in(window, request)),
        complete=len(rows) <= MOST_REQUESTS,
    )
    if known.hit and (rows[0]["HasLater"] or not known.complete):
        return replace(known, since=(*known.since, *_since(store, known)))
    return known


def _in(window: Window, request: Request) -> bool:
    """Whether a request began before the window's end, or something failed in it then: clocks may differ."""
    return request.time < window.to or bool(request.failures_in(window))


def _since(store: Store, known: Customer) -> list[Request]:
    """Of what is not listed, the requests that tell how it went on at the operations that were hit."""
    last = {request.entry: request.start_ns for request in (*known.hit, *known.visible)}
    frame = store.ask(
        "customer/since",
        customer=known.customer,
        **{"from": known.window.to if known.complete else known.window.from_},
        services=[service for service, _ in last],
        operations=[operation for _, operation in last],
        failed_ns=list(last.values()),
        at_most=MOST_REQUESTS,
    )
    return _requests(store, known.customer, cast(list[_Row], frame.to_dicts()))


def _requests(store: Store, customer: str, rows: Sequence[_Row]) -> list[Request]:
    """A request for each row, in their order; what is unclear of one is told from its spans."""
    judged = dict(_judged(store, customer, [row for row in rows if not row["IsClear"]]))
    return [judged[row["TraceId"]] if row["TraceId"] in judged else _clear(row) for row in rows]


def last_seen(store: Store, customer: str) -> datetime | None:
    """When the customer was last named by any telemetry, to ten minutes."""
    seen = store.ask("customer/seen", customer=customer).item()
    return None if seen is None else cast(datetime, seen).astimezone(UTC)


def _clear(row: _Row) -> Request:
    return Request(
        trace_id=row["TraceId"],
        span_id=row["SpanId"],
        start_ns=row["TimestampNs"],
        kind=row["SpanKind"],
        service=row["ServiceName"],
        operation=row["SpanName"],
        duration_ms=row["Duration"] / 1e6,
        failed=row["IsFailing"],
        is_theirs=True,
        failures=tuple(_evidence(row["TraceId"], failure) for failure in row["Failures"]),
        orders=each_once(_order(price) for price in row["Orders"]),
    )


def _judged(store: Store, customer: str, rows: Sequence[_Row]) -> Iterator[tuple[str, Request]]:
    """The requests whose spans must be read, since they name several customers or name them in log records only."""
    if not rows:
        return
    frame = store.ask(
        "customer/spans",
        trace_ids=[row["TraceId"] for row in rows],
        **{"from": min(row["First"] for row in rows)},
        to=max(row["Last"] for row in rows) + timedelta(microseconds=1),
    )
    spans = cast(list[_Span], frame.to_dicts())
    by_trace: Mapping[str, _Row] = {row["TraceId"]: row for row in rows}
    for trace_id, of_trace in groupby(spans, key=itemgetter("TraceId")):
        yield trace_id, _of_customer(customer, by_trace[trace_id], list(of_trace))


def _of_customer(customer: str, row: _Row, spans: Sequence[_Span]) -> Request:
    named = [NamedSpan(span["SpanId"], span["ParentSpanId"], span["TimestampNs"], span["Name"]) for span in spans]
    theirs = [span for span, owner in zip(spans, owners(named), strict=True) if owner == customer]
    return replace(
        _clear(row),
        is_theirs=any(_key(span) == _key(row) for span in theirs),
        failures=tuple(_evidence(row["TraceId"], span) for span in theirs if span["IsFailing"]),
        orders=each_once(_order(span) for span in theirs if span["OrderId"]),
    )


def _key(span: _Row | _Span) -> tuple[int, str, str, str, str]:
    return span["TimestampNs"], span["SpanId"], span["SpanKind"], span["ServiceName"], span["SpanName"]


def _evidence(trace_id: str, failure: _Failure | _Span) -> Evidence:
    return Evidence(
        trace_id=trace_id,
        span_id=failure["SpanId"],
        time=failure["Timestamp"],
        service=failure["ServiceName"],
        operation=failure["SpanName"],
        error=failure["Error"],
    )


def _order(price: _Price | _Span) -> Order:
    return Order(price["OrderId"], price["Amount"] or None, price["Currency"])
