"""A page of the customers whom an incident hits, with the figures over all of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from queries.store import Store
from triage.affected.answer import affected
from triage.affected.csv_file import everyone_csv
from triage.affected.sheet import csv_lines
from triage.incident.impact import WORST_FIRST, CustomersOf, figures_of, hit_by, sheet_of, whole
from triage.incident.model import Impact, Incident
from triage.incident.questions import questions
from triage.model import AffectedCustomer, Question
from triage.window import Window

A_MOMENT = timedelta(microseconds=1)


class Order(StrEnum):
    """By what customers may be sorted."""

    FAILURES = "failures"  # most first
    OUTCOME = "outcome"  # the worst first
    LAST = "last"  # the latest first
    AMOUNT = "amount"  # the largest first
    CUSTOMER = "customer"


KEYS: dict[Order, Callable[[AffectedCustomer], tuple[float, bytes]]] = {
    Order.FAILURES: lambda item: (-item.failures, item.customer.encode()),
    Order.OUTCOME: lambda item: (WORST_FIRST.index(item.outcome), item.customer.encode()),
    Order.LAST: lambda item: (-item.last.timestamp(), item.customer.encode()),
    Order.AMOUNT: lambda item: (-float(max(item.amount.values(), default=-1)), item.customer.encode()),
    Order.CUSTOMER: lambda item: (0, item.customer.encode()),
}


@dataclass(frozen=True)
class CustomersPage:
    """Figures over everyone, and some of them: from the place `first` (from 1), in the order that was asked for."""

    impact: Impact
    items: tuple[AffectedCustomer, ...]
    first: int
    window: Window
    next: str | None = None
    """Where the next page begins, if it can be read by itself; None where it is found by its place."""

    @property
    def following(self) -> int | None:
        """The place at which the next page begins, None at the end."""
        end = self.first + len(self.items)
        return end if self.items and end <= self.impact.customers else None


def customers_page(
    store: Store, incident: Incident, now: datetime, customers_of: CustomersOf, *, order: Order = Order.FAILURES,
    first: int = 1, limit: int = 50, cursor: str | None = None,
) -> CustomersPage:  # fmt: skip
    """The page as known now. By failures, what is asked for is no more than what is shown, however many there are.

    A `cursor` is the `next` of the page before. Raises ValueError for one that is none of ours, StoreError.
    """
    window = Window(incident.began, max(incident.ended or now, incident.began + A_MOMENT))
    asked = questions(incident, now)
    is_one = _is_one(incident, asked)
    if is_one and order is Order.FAILURES and (first == 1 or cursor):
        answer = affected(store, replace(asked[0], as_of=None), limit=limit, cursor=cursor)
        return CustomersPage(figures_of(answer, now), answer.items, first, window, answer.next)
    hit = hit_by(store, incident, now, customers_of)
    ordered = sorted(hit.customers, key=KEYS[order])
    return CustomersPage(hit.impact, tuple(ordered[first - 1 : first - 1 + limit]), first, window)


def customers_csv(
    store: Store, incident: Incident, now: datetime, customers_of: CustomersOf, *, past: bool = False
) -> Iterator[str]:
    """Everyone as known now, or at a `past` moment, as CSV in pieces of text; the first says nothing but the columns.

    Where one question answers it, however many they are; where several do, they are joined in memory first. Raises
    StoreError.
    """
    asked = questions(incident, now)
    if _is_one(incident, asked):
        return everyone_csv(store, replace(asked[0], as_of=now), sheet_of(incident, whole(incident, now), now))
    hit = hit_by(store, incident, now, customers_of, past=past)
    return csv_lines(hit.customers, sheet_of(incident, hit.question, hit.impact.at))


def _is_one(incident: Incident, asked: Sequence[Question]) -> bool:
    """Whether one question tells all of them."""
    return len(asked) == 1 and all(each.symptom.question is not None for each in incident.symptoms)
