"""Which customers were affected: the answer to a question, a page of it or everyone.

The rules are in docs/affected.md, the work in queries/affected/customers.sql. Nothing is sampled or capped.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypedDict, cast

import polars as pl

from queries.store import Store, Value
from triage.affected.cursor import Cursor
from triage.affected.unloaded import said_of
from triage.model import Affected, AffectedCustomer, Evidence, Outcome, Question
from triage.money import added
from triage.window import ms_to_ns

ASK = "affected/customers"
EVERYONE = 2**63 - 1
NEVER = datetime(2262, 4, 11, tzinfo=UTC)  # the last day that the engine can tell
NO_CURRENCY = "XXX"  # ISO 4217: an amount whose currency was not told
SAMPLED = (
    "Some of these spans were sampled by their sender: customers whose spans were left out are missing here, "
    "so the true number is at least this."
)


class Price(TypedDict):
    """An amount of money; of an order, where there is an OrderId."""

    OrderId: str
    Amount: Decimal
    Currency: str


class Failure(TypedDict):
    """A failing span."""

    Time: datetime
    TraceId: str
    SpanId: str
    ServiceName: str
    SpanName: str
    Error: str


class Row(TypedDict):
    """A row of queries/affected/customers.sql; the customer's part is empty where there is none."""

    Customers: int
    NotRecovered: int
    Recovered: int
    Masked: int
    AllFailures: int
    FailedRequests: int
    Unattributed: int
    Ambiguous: int
    AtRisk: list[Price]
    SampledSpans: int
    Customer: str
    Failures: int
    First: datetime
    Last: datetime
    Outcome: str
    RecoveredAt: datetime | None
    LastAttempt: datetime
    Orders: list[Price]
    Evidence: list[Failure]


def affected(store: Store, question: Question, *, limit: int = 100, cursor: str | None = None) -> Affected:
    """The figures, and a page of at most `limit` customers, most failures first.

    A cursor is the `next` of the page before, and brings its own question: the one that it was first asked with, as of
    the moment at which it was.
    Raises ValueError for a cursor that is none of ours, StoreError for a store that does not answer.
    """
    started, now = time.perf_counter(), datetime.now(UTC)
    place = Cursor.read(cursor) if cursor else Cursor(question)
    waits = store.unloaded_since()
    rows = _rows(store, place, limit + 1)
    items = [_customer(row) for row in rows if row["Customer"]]
    as_of = place.question.as_of or now
    more = _after(replace(place.question, as_of=as_of), items[limit - 1]) if len(items) > limit else None
    first = rows[0]
    caveats = (SAMPLED if first["SampledSpans"] else "", said_of(waits) if waits else "")
    failures, lost = first["AllFailures"], first["Unattributed"] + first["Ambiguous"]
    return Affected(
        question=place.question,
        as_of=as_of,
        customers=first["Customers"],
        not_recovered=first["NotRecovered"],
        recovered=first["Recovered"],
        masked=first["Masked"],
        failures=failures,
        failed_requests=first["FailedRequests"],
        unattributed_failures=first["Unattributed"],
        ambiguous_failures=first["Ambiguous"],
        attribution=(failures - lost) / failures if failures else None,
        amount_at_risk=_amounts(first["AtRisk"]),
        exact=not any(caveats),
        caveat=" ".join(filter(None, caveats)) or None,
        computed_at=now,
        took_ms=round((time.perf_counter() - started) * 1000, 1),
        items=tuple(items[:limit]),
        next=more.written() if more else None,
    )


def everyone(store: Store, question: Question) -> Iterator[AffectedCustomer]:
    """All affected customers, most failures first, however many: worked out once, held a block at a time."""
    for block in blocks(store, question):
        for row in cast(Iterator[Row], block.iter_rows(named=True)):
            if row["Customer"]:
                yield _customer(row)


def fared(store: Store, question: Question, customer: str) -> AffectedCustomer | None:
    """How it went on for one customer, as `everyone` tells it; None where no failure of theirs is asked for."""
    rows = cast(
        list[Row], store.ask(ASK, **_parameters(Cursor(question), EVERYONE) | {"customer": customer}).to_dicts()
    )
    return next((_customer(row) for row in rows if customer and row["Customer"] == customer), None)


def blocks(store: Store, question: Question) -> Iterator[pl.DataFrame]:
    """The same as queries/affected/customers.sql answers it; a row without a customer where there is none."""
    return store.stream(ASK, **_parameters(Cursor(question), EVERYONE))


def _after(question: Question, last: AffectedCustomer) -> Cursor:
    return Cursor(question, last.failures, last.customer)


def _rows(store: Store, place: Cursor, limit: int) -> list[Row]:
    return cast(list[Row], store.ask(ASK, **_parameters(place, limit)).to_dicts())


def _parameters(place: Cursor, limit: int) -> dict[str, Value]:
    question = place.question
    slow = question.slower_than_ms
    return {
        "from": question.from_,
        "to": question.to,
        "as_of": question.as_of or NEVER,
        "service": question.service or "",
        "operation": question.operation or "",
        "route": question.route or "",
        "partner": question.partner or "",
        "version": question.version or "",
        "slower_than_ns": -1 if slow is None else int(ms_to_ns(slow)),
        "customer": "",
        "after_failures": place.after_failures,
        "after_customer": place.after_customer,
        "page": limit,
    }


def _customer(row: Row) -> AffectedCustomer:
    return AffectedCustomer(
        customer=row["Customer"],
        failures=row["Failures"],
        first=row["First"],
        last=row["Last"],
        outcome=Outcome(row["Outcome"]),
        recovered_at=row["RecoveredAt"],
        last_attempt=row["LastAttempt"],
        orders=tuple(price["OrderId"] for price in row["Orders"]),
        amount=_amounts(row["Orders"]),
        evidence=tuple(_evidence(failure) for failure in row["Evidence"]),
    )


def _evidence(failure: Failure) -> Evidence:
    return Evidence(
        trace_id=failure["TraceId"],
        span_id=failure["SpanId"],
        time=failure["Time"],
        service=failure["ServiceName"],
        operation=failure["SpanName"],
        error=failure["Error"],
    )


def _amounts(prices: list[Price]) -> dict[str, Decimal]:
    return added({price["Currency"] or NO_CURRENCY: price["Amount"]} for price in prices if price["Amount"] > 0)
