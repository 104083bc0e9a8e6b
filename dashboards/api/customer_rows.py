"""A page of a customer's requests: which ones, and where the next page begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from dashboards.api.cursors import cursor_window, page_at, read_cursor, window_parts
from dashboards.api.parameters import CustomerParameters
from dashboards.problems import NotFound
from queries.store import Store
from triage.customer import Customer, last_seen, read_customer
from triage.customer import Request as Requested
from triage.incident.book import StoredBook
from triage.incident.impact import CustomersOf, nobody
from triage.incident.model import Incident
from triage.incident.of_customer import incidents_of


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
    window, skip = asked.window(now), 0
    if asked.cursor:
        after, from_, to = read_cursor(asked.cursor, (int, str, str))
        skip, window = max(0, int(after)), cursor_window(str(from_), str(to))
    customer = read_customer(store, name, window, now)
    seen = None if customer.requests else last_seen(store, name)
    if not customer.requests and seen is None:
        raise NotFound(f"No telemetry names a customer {name[:100]!r}: check the spelling.")
    requests, more = page_at(customer.requests, skip, asked.limit, *window_parts(window))
    return CustomerPage(customer, requests, skip, more, seen)


def their_incidents(request: Request, store: Store, customer: Customer, now: datetime) -> list[Incident]:
    """The incidents that hit them in the window, the first first. Raises StoreError."""
    customers_of: CustomersOf = getattr(request.app.state, "customers_of", nobody)
    return incidents_of(store, customer, StoredBook(store).incidents(customer.window.from_), now, customers_of)
