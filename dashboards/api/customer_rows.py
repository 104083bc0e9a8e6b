"""A page of a customer's requests: which ones, and where the next page begins."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from dashboards.api.cursors import cursor_window, read_cursor, window_parts, write_cursor
from dashboards.api.parameters import CustomerParameters
from dashboards.problems import NotFound
from queries.store import Store
from triage.customer import Customer
from triage.customer import Request as Requested
from triage.customer_reading import last_seen, read_customer
from triage.incident.book import StoredBook
from triage.incident.impact import CustomersOf, nobody
from triage.incident.of_customer import Part, parts_of
from triage.window import Window

Place = tuple[int, str, str, str, str, str]
"""Where a request stands among others: its start in ns, its trace, and its entry's span id, kind, service and name."""
BEFORE_ALL: Place = (-1, "", "", "", "", "")


@dataclass(frozen=True)
class CustomerPage:
    """A customer, with the requests of one page; `last_seen` is told where the window has none."""

    customer: Customer
    requests: Sequence[Requested]
    first: int
    next: str | None
    last_seen: datetime | None


def read_page(store: Store, name: str, asked: CustomerParameters, now: datetime) -> CustomerPage:
    """The page that is asked for. A cursor pins the window. Raises BadParameters and NotFound."""
    window, last = (asked.window(now), BEFORE_ALL) if asked.cursor is None else _pinned(asked.cursor)
    customer = read_customer(store, name, window, now)
    seen = None if customer.requests else last_seen(store, name)
    if not customer.requests and seen is None:
        raise NotFound(f"No telemetry names a customer {name[:100]!r}: check the spelling.")
    first = bisect_right(customer.requests, last, key=_place)
    requests = customer.requests[first : first + asked.limit]
    is_last = first + len(requests) == len(customer.requests)
    more = None if is_last else write_cursor((*_place(requests[-1]), *window_parts(window)))
    return CustomerPage(customer, requests, first, more, seen)


def _place(request: Requested) -> Place:
    return request.start_ns, request.trace_id, request.span_id, request.kind, request.service, request.operation


def _pinned(cursor: str) -> tuple[Window, Place]:
    """The window, and the request that the page before ended with. Raises BadParameters."""
    start_ns, *names, from_, to = read_cursor(cursor, (int, *[str] * 7))
    trace_id, span_id, kind, service, operation = map(str, names)
    return cursor_window(str(from_), str(to)), (int(start_ns), trace_id, span_id, kind, service, operation)


def their_parts(request: Request, store: Store, customer: Customer, now: datetime) -> list[Part]:
    """Their part in the incidents that hit them in the window, the first first. Raises StoreError."""
    customers_of: CustomersOf = getattr(request.app.state, "customers_of", nobody)
    return parts_of(store, customer, StoredBook(store).incidents(customer.window.from_), now, customers_of)
