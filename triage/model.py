"""The domain's words as data: what is asked, and what is answered. Times are UTC, amounts carry a currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Outcome(StrEnum):
    """How it went on for an affected customer."""

    NOT_RECOVERED = "not_recovered"  # something failed visibly, and has not succeeded for them since
    RECOVERED = "recovered"  # everything that failed visibly has succeeded since
    MASKED = "masked"  # a retry or a fallback saved it: they noticed nothing


@dataclass(frozen=True)
class Question:
    """Which customers were affected by failing spans that match all of this, starting in `from_ ≤ start < to`.

    `slower_than_ms` asks for spans that took longer, instead of failed ones. `as_of` asks what was known of
    spans that had begun by then.
    """

    from_: datetime
    to: datetime
    service: str | None = None
    operation: str | None = None
    route: str | None = None
    partner: str | None = None
    version: str | None = None
    slower_than_ms: float | None = None
    as_of: datetime | None = None
    incident: str | None = None


@dataclass(frozen=True)
class Evidence:
    """One failing span. `error` is what it said in its own words, '' where it said nothing."""

    trace_id: str
    span_id: str
    time: datetime
    service: str
    operation: str
    error: str


@dataclass(frozen=True)
class AffectedCustomer:
    """One customer who was hit. `amount` is by currency; `evidence` the first three failing spans."""

    customer: str
    failures: int
    first: datetime
    last: datetime
    outcome: Outcome
    recovered_at: datetime | None
    last_attempt: datetime | None
    orders: tuple[str, ...]
    amount: Mapping[str, Decimal]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Affected:
    """The answer: figures over all affected customers, and a page of them.

    `attribution` is the share of failures that belong to a customer, None without failures. `next` is the
    cursor of the next page, None at the end.
    """

    question: Question
    as_of: datetime
    customers: int
    not_recovered: int
    recovered: int
    masked: int
    failures: int
    failed_requests: int
    unattributed_failures: int
    ambiguous_failures: int
    attribution: float | None
    amount_at_risk: Mapping[str, Decimal]
    exact: bool
    caveat: str | None
    computed_at: datetime
    took_ms: float
    items: tuple[AffectedCustomer, ...]
    next: str | None

    @property
    def from_(self) -> datetime:
        """When the window begins."""
        return self.question.from_

    @property
    def to(self) -> datetime:
        """When it ends."""
        return self.question.to
