"""The reconciliation as other programs get it: JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Self

from pydantic import Field

from triage.rows.model import Item, RowChange, Rule, Said, Wrong
from triage.spreadsheet import line
from triage.window import format_number, format_time
from triage.wire import Time, Wire


class PlaceJson(Wire):
    """Where a change stands: in its database's log, and, by way of Kafka, in its topic (else null)."""

    time: Time
    sequence: int | None
    position: str
    topic: str | None
    partition: int | None
    offset: int | None

    @classmethod
    def of(cls, change: RowChange) -> Self:
        by_kafka = bool(change.topic)
        return cls(
            time=change.time,
            sequence=change.sequence,
            position=change.position,
            topic=change.topic or None,
            partition=change.partition if by_kafka else None,
            offset=change.offset if by_kafka else None,
        )


class SaidJson(Wire):
    """What one system says of the row; `at` is the change that it rests on, null where there was none."""

    system: str
    table: str
    value: float | None
    exists: bool
    at: PlaceJson | None

    @classmethod
    def of(cls, said: Said) -> Self:
        return cls(
            system=said.system,
            table=said.table,
            value=said.value,
            exists=said.exists,
            at=PlaceJson.of(said.last) if said.last else None,
        )


class WrongJson(Wire):
    """One change that is wrong, or that made two systems disagree."""

    id: str
    kind: str = Field(description="stale, again, below, missing, open, disagree or absent: docs/reconciliation.md")
    system: str
    table: str
    key: str
    transaction: str
    value: float | None
    order: str | None
    customer: str | None
    at: PlaceJson

    @classmethod
    def of(cls, wrong: Wrong) -> Self:
        change = wrong.change
        return cls(
            id=change.id,
            kind=wrong.kind,
            system=change.system,
            table=change.table,
            key=change.key,
            transaction=change.tx,
            value=change.quantity,
            order=change.order or None,
            customer=change.customer or None,
            at=PlaceJson.of(change),
        )


class ItemJson(Wire):
    """One row: what each system says of it, its own first, what it should say, by which rule, and why."""

    system: str
    table: str
    key: str
    column: str | None
    kinds: list[str]
    values: list[SaidJson]
    right: float | None
    rule: Rule
    because: str
    confirmed: bool
    difference: float | None = Field(description="What is to be added to the row's own value; null where unknown.")
    missing: list[tuple[int, int]] = Field(description="Ranges of numbers that never came, both ends included.")
    wrong: list[WrongJson]

    @classmethod
    def of(cls, item: Item) -> Self:
        return cls(
            system=item.system,
            table=item.table,
            key=item.key,
            column=item.column or None,
            kinds=list(item.kinds),
            values=[SaidJson.of(said) for said in item.said],
            right=item.verdict.value,
            rule=item.verdict.rule,
            because=item.verdict.because,
            confirmed=item.verdict.confirmed,
            difference=item.difference,
            missing=list(item.missing),
            wrong=[WrongJson.of(wrong) for wrong in item.wrong],
        )


class ReconciliationJson(Wire):
    """What is to be put right, and one page of it."""

    incident: str
    as_of: Time
    rows: int
    differing: int = Field(description="Rows that must be put right, in whichever system.")
    unknown: int = Field(description="Rows of which the changes do not tell what is right, or not yet.")
    wrong_changes: int
    customers: int
    note: str | None
    items: list[ItemJson]
    next: str | None

    @classmethod
    def page(
        cls, incident: str, as_of: datetime, items: Sequence[Item], shown: Sequence[Item], more: str | None
    ) -> Self:
        return cls(
            incident=incident,
            as_of=as_of,
            rows=len(items),
            differing=sum(item.is_wrong for item in items),
            unknown=sum(item.is_untold for item in items),
            wrong_changes=sum(len(item.wrong) for item in items),
            customers=len({each.change.customer for item in items for each in item.wrong if each.change.customer}),
            note=None if items else NOTHING,
            items=[ItemJson.of(item) for item in shown],
            next=more,
        )


NOTHING = "the incident has no symptom in the data: there are no rows to reconcile"

COLUMNS = (
    "incident", "as_of", "system", "table", "key", "column", "what_is_wrong", "value", "value_time", "sequence",
    "position", "topic", "partition", "offset", "other_system", "other_table", "other_value", "other_time",
    "other_position", "right", "difference", "rule", "confirmed", "because", "missing_numbers", "wrong_changes",
    "wrong_change_ids", "orders", "customers",
)  # fmt: skip


def csv_lines(incident: str, as_of: datetime, items: Iterable[Item]) -> Iterator[str]:
    """The header, and one line for each row and other system (one where there is no other)."""
    yield line(COLUMNS)
    for item in items:
        for other in item.said[1:] or (None,):
            yield line(_cells(incident, as_of, item, other))


def _cells(incident: str, as_of: datetime, item: Item, other: Said | None) -> Iterator[str]:
    own = item.said[0]
    changes = [each.change for each in item.wrong]
    yield from (incident, format_time(as_of), item.system, item.table, item.key, item.column, "; ".join(item.kinds))
    yield from (_number(own.value), *_at(own.last))
    if other is None:
        yield from [""] * 5
    else:
        time, _, position, *_ = _at(other.last)
        yield from (other.system, other.table, _number(other.value), time, position)
    yield from (_number(item.verdict.value), _number(item.difference), item.verdict.rule)
    yield from ("yes" if item.verdict.confirmed else "no", item.verdict.because)
    yield "; ".join(str(first) if first == last else f"{first}–{last}" for first, last in item.missing)
    yield from (str(len(changes)), "; ".join(change.id for change in changes))
    yield "; ".join(dict.fromkeys(change.order for change in changes if change.order))
    yield "; ".join(dict.fromkeys(change.customer for change in changes if change.customer))


def _at(change: RowChange | None) -> tuple[str, str, str, str, str, str]:
    if change is None:
        return ("",) * 6
    number_ = "" if change.sequence is None else str(change.sequence)
    kafka = (change.topic, str(change.partition), str(change.offset)) if change.topic else ("", "", "")
    return format_time(change.time), number_, change.position, *kafka


def _number(value: float | None) -> str:
    return "" if value is None else format_number(value)
