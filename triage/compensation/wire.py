"""The compensation plan as other programs get it: JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Self

from pydantic import Field

from triage.compensation.model import Action, Line
from triage.money import added, digits
from triage.spreadsheet import line
from triage.window import format_number, format_time
from triage.wire import TextOrNull, Time, Wire

PROPOSAL = "A proposal: triage executes none of it. Check a line against its evidence before you act on it."
PAID_BACK = frozenset({Action.REFUND, Action.CANCEL})


class EvidenceJson(Wire):
    """What a line rests on: a row change, where it stands in its log and topic, or a span."""

    row: TextOrNull
    trace_id: TextOrNull
    span_id: TextOrNull
    time: Time | None
    sequence: int | None
    position: TextOrNull
    topic: TextOrNull
    partition: int | None
    offset: int | None


class LineJson(Wire):
    """One thing to do. Lines with the same `settles` are ways to the same end: take one of the ways."""

    line: int
    action: Action
    idempotency_key: str
    settles: str | None
    system: str | None
    table: str | None
    key: str | None
    order: str | None
    customer: str | None
    amount: dict[str, float] = Field(description="By currency; empty where it is not known.")
    was: float | None
    becomes: float | None
    reason: str
    evidence: EvidenceJson

    @classmethod
    def of(cls, place: int, one: Line) -> Self:
        return cls(
            line=place,
            action=one.action,
            idempotency_key=one.idempotency_key,
            settles=one.settles or None,
            system=one.system or None,
            table=one.table or None,
            key=one.row or None,
            order=one.order or None,
            customer=one.customer or None,
            amount={currency: float(amount) for currency, amount in one.amount.items()},
            was=one.was,
            becomes=one.becomes,
            reason=one.reason,
            evidence=EvidenceJson.model_validate(one.evidence),
        )


class PlanJson(Wire):
    """What would make it good, and one page of it."""

    incident: str
    as_of: Time
    proposal: str
    lines: int
    actions: dict[Action, int]
    pay_back: dict[str, float] = Field(
        description="What the lines pay back, by currency: each charge and each cancelled order once."
    )
    unpriced: int = Field(description="Refunds and cancelled orders whose amount is not known.")
    notes: list[str]
    items: list[LineJson]
    next: str | None

    @classmethod
    def page(
        cls, incident: str, as_of: datetime, lines: Sequence[Line], notes: Sequence[str], start: int, limit: int,
        more: str | None,
    ) -> Self:  # fmt: skip
        back = [one for one in lines if one.action in PAID_BACK]
        return cls(
            incident=incident,
            as_of=as_of,
            proposal=PROPOSAL,
            lines=len(lines),
            actions={action: many for action in Action if (many := sum(one.action is action for one in lines))},
            pay_back={currency: float(amount) for currency, amount in _sum(back).items()},
            unpriced=sum(not one.amount for one in back),
            notes=list(notes),
            items=[LineJson.of(start + place, one) for place, one in enumerate(lines[start : start + limit], start=1)],
            next=more,
        )


def _sum(lines: Sequence[Line]) -> dict[str, Decimal]:
    """Each charge that is refunded, and each order that is cancelled, once."""
    refunded = {one.settles for one in lines if one.action is Action.REFUND}
    due: dict[str, Mapping[str, Decimal]] = {}
    for one in lines:
        charge = one.settles or (one.repeats if one.repeats in refunded else "")
        if one.amount:
            due.setdefault(charge or one.order or one.idempotency_key, one.amount)
    return added(due.values())


COLUMNS = (
    "incident", "as_of", "line", "action", "idempotency_key", "settles", "customer", "order", "amount", "currency",
    "system", "table", "key", "was", "becomes", "topic", "partition", "offset", "position", "sequence", "time",
    "evidence_row", "trace_id", "span_id", "reason",
)  # fmt: skip


def csv_lines(incident: str, as_of: datetime, lines: Iterable[Line]) -> Iterator[str]:
    """The header and one line for each thing to do; what is worth something in two currencies names both."""
    yield line(COLUMNS)
    for place, one in enumerate(lines, start=1):
        yield line(_cells(incident, as_of, place, one))


def _cells(incident: str, as_of: datetime, place: int, one: Line) -> Iterator[str]:
    on = one.evidence
    yield from (incident, format_time(as_of), str(place), one.action, one.idempotency_key, one.settles, one.customer)
    yield from (
        one.order,
        "; ".join(map(digits, one.amount.values())),
        "; ".join(one.amount),
    )
    yield from (one.system, one.table, one.row, _number(one.was), _number(one.becomes))
    yield from (on.topic, _whole(on.partition), _whole(on.offset), on.position, _whole(on.sequence))
    yield from (format_time(on.time) if on.time else "", on.row, on.trace_id, on.span_id, one.reason)


def _number(value: float | None) -> str:
    return "" if value is None else format_number(value)


def _whole(value: int | None) -> str:
    return "" if value is None else str(value)
