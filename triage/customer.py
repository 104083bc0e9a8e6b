"""One customer's requests: what they tried, what failed in it, what they ordered, and whether they got through."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import TypedDict, cast

from queries.store import Store
from triage.model import Evidence, Outcome
from triage.ownership import NamedSpan, owners
from triage.window import Window

MOST_REQUESTS = 10_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER = datetime(2262, 4, 11, tzinfo=UTC)  # the last that the engine can say: some clocks run ahead


@dataclass(frozen=True)
class Order:
    """An order that a request names; `amount` None where it names none."""

    order: str
    amount: Decimal | None
    currency: str


@dataclass(frozen=True)
class Request:
    """One request that has to do with the customer: its entry, and what in it is theirs.

    `is_theirs` is false where somebody else made it and the customer is named in a part of it.
    """

    trace_id: str
    span_id: str
    start_ns: int
    service: str
    operation: str
    duration_ms: float
    failed: bool
    is_theirs: bool
    failures: tuple[Evidence, ...]
    orders: tuple[Order, ...]

    @property
    def time(self) -> datetime:
        """When it began, cut to microseconds."""
        return EPOCH + timedelta(microseconds=self.start_ns // 1000)

    @property
    def entry(self) -> tuple[str, str]:
        """The entry operation."""
        return self.service, self.operation


@dataclass(frozen=True)
class Customer:
    """What is known of a customer: `requests` of the window, and `since`, those after it; both in order of time."""

    customer: str
    window: Window
    as_of: datetime
    requests: tuple[Request, ...]
    since: tuple[Request, ...]
    complete: bool

    @property
    def failures(self) -> list[Evidence]:
        """Every failing span of theirs that began in the window."""
        return [
            one
            for request in self.requests
            for one in request.failures
            if self.window.from_ <= one.time < self.window.to
        ]

    @property
    def orders(self) -> list[Order]:
        """Every order named in the window's requests, once, with its largest amount."""
        largest: dict[str, Order] = {}
        for request in self.requests:
            for order in request.orders:
                known = largest.get(order.order)
                if known is None or (order.amount or 0) > (known.amount or 0):
                    largest[order.order] = order
        return list(largest.values())

    @property
    def visible(self) -> list[Request]:
        """The requests that failed for the customer to see, with a failing span of theirs in the window."""
        return [request for request in self.requests if request.failed and self._in_window(request.failures)]

    @property
    def outcome(self) -> Outcome | None:
        """How it went on for them; None if nothing failed."""
        if not self.failures:
            return None
        if not self.visible:
            return Outcome.MASKED
        return Outcome.NOT_RECOVERED if None in self._successes().values() else Outcome.RECOVERED

    @property
    def recovered_at(self) -> datetime | None:
        """When the last operation that had failed worked again; None if one has not, or none failed."""
        successes = list(self._successes().values())
        reached = [success for success in successes if success is not None]
        return max(reached) if reached and len(reached) == len(successes) else None

    @property
    def last_attempt(self) -> datetime | None:
        """The latest entry, theirs or of a request that failed in part for them, at an operation of such requests."""
        hit = [request for request in self.requests if self._in_window(request.failures)]
        failed = {request.entry for request in hit}
        every = (*self.requests, *self.since)
        tried = [request.time for request in every if request.entry in failed and request.is_theirs]
        return max([*tried, *(request.time for request in hit)], default=None)

    def success_after(self, entry: tuple[str, str], ns: int) -> Request | None:
        """The first time that an entry operation worked for them after a moment, in ns since 1970."""
        later = [
            request
            for request in (*self.requests, *self.since)
            if request.entry == entry and request.is_theirs and not request.failed and request.start_ns > ns
        ]
        return min(later, key=lambda request: request.start_ns, default=None)

    def _successes(self) -> dict[tuple[str, str], datetime | None]:
        last = {request.entry: request.start_ns for request in self.visible}
        found = {entry: self.success_after(entry, ns) for entry, ns in last.items()}
        return {entry: request.time if request else None for entry, request in found.items()}

    def _in_window(self, failures: Sequence[Evidence]) -> bool:
        return any(self.window.from_ <= one.time < self.window.to for one in failures)


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
    """The customer's requests from the window's start on, at most 10,000."""
    frame = store.ask(
        "customer/requests", customer=customer, **{"from": window.from_}, until=FOREVER, at_most=MOST_REQUESTS + 1
    )
    rows = cast(list[_Row], frame.to_dicts())
    complete, rows = len(rows) <= MOST_REQUESTS, rows[:MOST_REQUESTS]
    unclear = {row["TraceId"]: row for row in rows if not row["IsClear"]}
    judged = dict(_judged(store, customer, list(unclear.values())))
    requests = [judged[row["TraceId"]] if row["TraceId"] in judged else _clear(row) for row in rows]
    return Customer(
        customer=customer,
        window=window,
        as_of=now,
        requests=tuple(request for request in requests if _in(window, request)),
        since=tuple(request for request in requests if not _in(window, request)),
        complete=complete,
    )


def _in(window: Window, request: Request) -> bool:
    """Whether a request began before the window's end, or something failed in it then: clocks may differ."""
    return request.time < window.to or any(window.from_ <= one.time < window.to for one in request.failures)


def last_seen(store: Store, customer: str) -> datetime | None:
    """When the customer was last named by any telemetry, to ten minutes."""
    seen = store.ask("customer/seen", customer=customer).item()
    return None if seen is None else cast(datetime, seen).astimezone(UTC)


def _clear(row: _Row) -> Request:
    return Request(
        trace_id=row["TraceId"],
        span_id=row["SpanId"],
        start_ns=row["TimestampNs"],
        service=row["ServiceName"],
        operation=row["SpanName"],
        duration_ms=row["Duration"] / 1e6,
        failed=row["IsFailing"],
        is_theirs=True,
        failures=tuple(_evidence(row["TraceId"], failure) for failure in row["Failures"]),
        orders=tuple(_order(price) for price in row["Orders"]),
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
    return Request(
        trace_id=row["TraceId"],
        span_id=row["SpanId"],
        start_ns=row["TimestampNs"],
        service=row["ServiceName"],
        operation=row["SpanName"],
        duration_ms=row["Duration"] / 1e6,
        failed=row["IsFailing"],
        is_theirs=any(_key(span) == _key(row) for span in theirs),
        failures=tuple(_evidence(row["TraceId"], span) for span in theirs if span["IsFailing"]),
        orders=tuple(_order(span) for span in theirs if span["OrderId"]),
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
