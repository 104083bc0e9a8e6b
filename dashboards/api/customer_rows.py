"""A page of a customer's requests: which ones, and where the next page begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request

from dashboards.api.cursors import bad_cursor, read_cursor, write_cursor
from dashboards.api.parameters import CustomerParameters
from dashboards.problems import NotFound
from queries.store import Store
from triage.customer import Customer, last_seen, read_customer
from triage.customer import Request as Requested
from triage.incident.book import StoredBook
from triage.incident.impact import CustomersOf, nobody
from triage.incident.model import Incident
from triage.incident.of_customer import incidents_of
from triage.window import Window, format_time, parse_time


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
        skip, window = max(0, int(after)), _window(str(from_), str(to))
    customer = read_customer(store, name, window, now)
    seen = None if customer.requests else last_seen(store, name)
    if not customer.requests and seen is None:
        raise NotFound(f"No telemetry names a customer {name[:100]!r}: check the spelling.")
    requests = customer.requests[skip : skip + asked.limit]
    after = skip + len(requests)
    pinned = (after, format_time(window.from_), format_time(window.to))
    return CustomerPage(
        customer, requests, skip, write_cursor(pinned) if after < len(customer.requests) else None, seen
    )


def their_incidents(request: Request, store: Store, customer: Customer, now: datetime) -> list[Incident]:
    """The incidents that hit them in the window, the first first. Raises StoreError."""
    customers_of: CustomersOf = getattr(request.app.state, "customers_of", nobody)
    return incidents_of(store, customer, StoredBook(store).incidents(customer.window.from_), now, customers_of)


def _window(from_: str, to: str) -> Window:
    """A cursor's. Raises BadParameters."""
    now = datetime.now(UTC)
    try:
        return Window(parse_time(from_, now), parse_time(to, now))
    except ValueError:
        raise bad_cursor() from None
