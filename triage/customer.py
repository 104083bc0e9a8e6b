"""One customer's requests: what they tried, what failed in it, what they ordered, and whether they got through."""

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from triage.model import Evidence, Outcome
from triage.window import Window

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SpanKey: TypeAlias = tuple[str, str]
"""A span by its trace's id and its own."""


@dataclass(frozen=True)
class Order:
    """An order that a request names; `amount` None where it names none."""

    order: str
    amount: Decimal | None
    currency: str


def each_once(orders: Iterable[Order]) -> tuple[Order, ...]:
    """Every order once, with its largest amount."""
    largest: dict[str, Order] = {}
    for order in orders:
        known = largest.get(order.order)
        if known is None or (order.amount or 0) > (known.amount or 0):
            largest[order.order] = order
    return tuple(largest.values())


@dataclass(frozen=True)
class Request:
    """One request that has to do with the customer: its entry, and what in it is theirs.

    `is_theirs` is false where somebody else made it and the customer is named in a part of it.
    """

    trace_id: str
    span_id: str
    start_ns: int
    kind: str
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

    def failures_in(self, window: Window) -> list[Evidence]:
        """Its failing spans that began in the window."""
        return [one for one in self.failures if window.from_ <= one.time < window.to]


@dataclass(frozen=True)
class Customer:
    """What is known of a customer: `requests` of the window; and `since`, how it went on; both in order of time.

    Where not all requests of the window are listed, `complete` is false; `since` then tells of these as well.
    """

    customer: str
    window: Window
    as_of: datetime
    requests: tuple[Request, ...]
    since: tuple[Request, ...]
    complete: bool

    @property
    def failures(self) -> list[Evidence]:
        """Every failing span of theirs that began in the window."""
        return [one for request in self.requests for one in request.failures_in(self.window)]

    @property
    def orders(self) -> list[Order]:
        """Every order named in the window's requests, once, with its largest amount."""
        return list(each_once(order for request in self.requests for order in request.orders))

    @property
    def hit(self) -> list[Request]:
        """The requests with a failing span of theirs in the window."""
        return [request for request in self.requests if request.failures_in(self.window)]

    @property
    def visible(self) -> list[Request]:
        """Those that failed for the customer to see."""
        return [request for request in self.hit if request.failed]

    @property
    def outcome(self) -> Outcome | None:
        """How it went on for them; None if nothing failed, or where what isn't listed may have."""
        if None in self._successes().values():
            return Outcome.NOT_RECOVERED
        if not self.hit or not self.complete:
            return None
        return Outcome.RECOVERED if self.visible else Outcome.MASKED

    @property
    def recovered_at(self) -> datetime | None:
        """When the last operation that had failed worked again; None unless they recovered."""
        reached = [success for success in self._successes().values() if success is not None]
        return max(reached) if self.outcome is Outcome.RECOVERED else None

    @property
    def last_attempt(self) -> datetime | None:
        """The latest entry, theirs or of a request that failed in part for them, at an operation of such requests."""
        hit = self.hit
        failed = {request.entry for request in hit}
        every = (*self.requests, *self.since)
        tried = [request.time for request in every if request.entry in failed and request.is_theirs]
        return max([*tried, *(request.time for request in hit)], default=None)

    def after(self, spans: Set[SpanKey]) -> "Customer":
        """The same, where nothing failed for them but these spans."""

        def only(request: Request) -> Request:
            kept = tuple(one for one in request.failures if (one.trace_id, one.span_id) in spans)
            return replace(request, failures=kept)

        return replace(self, requests=tuple(map(only, self.requests)))

    def success_after(self, entry: tuple[str, str], ns: int) -> Request | None:
        """The first time that an entry operation worked for them after it last failed visibly, in ns since 1970."""
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
