"""What is known of a stock that is wrong: its own changes, the movements that make it up, other systems' rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage.rows.columns import columns_of, number_of, value_in
from triage.rows.comparison import ALL, GRACE, Counts, Pair
from triage.rows.model import RowChange, Wrong


@dataclass(frozen=True)
class Other:
    """A row of another system that stands for the same: its history, the column that is compared, the usual offset.

    `wrong` are those of its changes that are; `grace` as of a Pair; `told`, `movements` and `sign` as of a Thing.
    """

    system: str
    table: str
    history: Sequence[RowChange]
    column: str = ""
    offset: float = 0.0
    wrong: Sequence[Wrong] = ()
    grace: timedelta = GRACE
    told: datetime = ALL
    movements: Sequence[RowChange] = ()
    sign: int = 0

    @property
    def value(self) -> float | None:
        """What it says now."""
        return value_of(self.history, self.column)


@dataclass(frozen=True)
class Thing:
    """All that is known of a stock that is wrong: its own changes, the movements that make it up, other systems' rows.

    `sign` is what a movement of one piece does to the stock, 0 where movements do not explain it. Histories are in the
    order of the log, each change once; its connector has told of changes until `told`.
    """

    system: str
    table: str
    names: str
    own: Sequence[RowChange]
    wrong: Sequence[Wrong]
    movements: Sequence[RowChange] = ()
    sign: int = 0
    others: Sequence[Other] = ()
    column: str = ""
    told: datetime = ALL

    @property
    def value(self) -> float | None:
        """What its own system says now."""
        return value_of(self.own)

    def beside(self, other: Other) -> Pair:
        """What its own system says of it, change by change, and what another one does."""
        there = Counts(other.history, other.column, other.told)
        return Pair(Counts(self.own, self.column, self.told), there, other.grace)

    def lasts(self, other: Other) -> list[tuple[RowChange, datetime]]:
        """The last change that each of the two told of, and until when the other one's connector has told."""
        sides = ((self.own, other.told), (other.history, self.told))
        return [(history[-1], told) for history, told in sides if history]

    def of(self, other: Other) -> Thing:
        """The same row as its other system has it."""
        return Thing(other.system, other.table, self.names, other.history, self.wrong, other.movements, other.sign)

    @property
    def kinds(self) -> set[str]:
        """What is wrong with it."""
        return {each.kind for each in self.wrong}

    @property
    def only_differs(self) -> bool:
        """Whether no change of it is wrong in itself but those that left less than nothing."""
        return self.kinds <= {"disagree", "below"}


@dataclass(frozen=True)
class Base:
    """The last count that nothing speaks against: what it was, and since when."""

    value: float
    time: datetime
    tx: str = ""
    sequence: int | None = None

    def precedes(self, change: RowChange) -> bool:
        """Whether the change came after it, and in another transaction: what came in the same one is in it."""
        return change.time > self.time and not (self.tx and change.tx == self.tx)


def stock_column(history: Iterable[RowChange]) -> str:
    """The column that holds the stock: the one that always says what was taken for it; '' where none does."""
    names: set[str] | None = None
    for change in history:
        if change.quantity is not None:
            same = {name for name, value in columns_of(change.row).items() if number_of(value) == change.quantity}
            names = same if names is None else names & same or names
    return min(names or {""})


def distinct(changes: Iterable[RowChange]) -> list[RowChange]:
    """In the order of the log, each message once: what has the idempotency key of an earlier one is left out."""
    found: dict[str, RowChange] = {}
    for change in sorted(changes, key=lambda each: each.in_log):
        found.setdefault(change.idempotency_key or change.id, change)
    return list(found.values())


def base_of(thing: Thing, column: str) -> Base | None:
    """The last count before the first wrong change; what the first change of all was made on, where there is none."""
    first = min((each.change.time for each in thing.wrong), default=None)
    before = [each for each in thing.own if each.quantity is not None and (first is None or each.time < first)]
    if before:
        last = before[-1]
        return Base(float(last.quantity or 0), last.time, last.tx, last.sequence)
    if not thing.own:
        return None
    value = number_of(columns_of(thing.own[0].row_before).get(column))
    return None if value is None else Base(value, thing.own[0].time - timedelta(microseconds=1))


def value_of(history: Sequence[RowChange], column: str = "") -> float | None:
    """What a row was last told to hold in a column ('': its stock); None where it is gone, or nothing was told."""
    for each in reversed(history):
        if each.op == "d":
            return None
        if (value := value_in(each, column)) is not None:
            return value
    return None


def in_log(wrong: Iterable[Wrong]) -> tuple[Wrong, ...]:
    """In the order of the log."""
    return tuple(sorted(wrong, key=lambda each: each.change.in_log))
