"""Row changes and what is made of them, as data. Times are UTC; quantities are in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from triage.rows.concerned import utc
from triage.rows.kinds import OPEN


def rounded(quantity: float) -> float:
    """To a millionth: without the digits by which sums of binary fractions are off, and nought without a sign."""
    return round(quantity, 6) + 0.0


@dataclass(frozen=True)
class RowChange:
    """One change of one row, as a connector told of it. `row` and `row_before` are JSON, '' where there is none."""

    system: str
    table: str
    id: str
    key: str
    names: str
    """The values of its key (or of the row that it names), with a unit separator between."""
    time: datetime
    captured: datetime
    op: str
    row_before: str
    row: str
    position: str
    tx: str
    tx_order: int
    topic: str
    partition: int
    offset: int
    idempotency_key: str
    customer: str
    order: str
    sequence: int | None
    quantity: float | None

    @staticmethod
    def of(row: Mapping[str, object]) -> RowChange:
        """From a row of queries/incidents/row_changes.sql or row_ledger.sql."""
        sequence, quantity = row["sequence"], row["quantity"]
        return RowChange(
            system=str(row["connector"]),
            table=str(row["changed_table"]),
            id=str(row["id"]),
            key=str(row["key"]),
            names=str(row["key_values"]),
            time=utc(cast(datetime, row["time"])),
            captured=utc(cast(datetime, row["captured"])),
            op=str(row["op"]),
            row_before=str(row["before"]),
            row=str(row["after"]),
            position=str(row["position"]),
            tx=str(row["tx"]),
            tx_order=int(str(row["tx_order"])),
            topic=str(row["topic"]),
            partition=int(str(row["partition"])),
            offset=int(str(row["offset"])),
            idempotency_key=str(row["idempotency_key"]),
            customer=str(row["customer"]),
            order=str(row["order_id"]),
            sequence=None if sequence is None else int(str(sequence)),
            quantity=None if quantity is None else float(str(quantity)),
        )

    @property
    def place(self) -> tuple[str, str]:
        """The system and the table."""
        return self.system, self.table

    @property
    def tells_transaction(self) -> bool:
        """Whether its log says of which transaction it is: a MySQL's without GTIDs and MongoDB's do not."""
        return bool(self.tx) or not self.position.startswith(("file=", "ord="))

    @property
    def in_log(self) -> tuple[datetime, datetime, int, int, str]:
        """What puts changes in the order of the database's log.

        MySQL and Oracle tell times to the second: within one, it is the order in which a connector saw them.
        """
        return self.time, self.captured, self.offset, self.tx_order, self.id


@dataclass(frozen=True)
class Wrong:
    """A change that is wrong: `kind` is stale, again, below, missing, open, disagree or absent."""

    change: RowChange
    kind: str


@dataclass(frozen=True)
class Said:
    """What a system says of a row: its stock (None where it holds none, or no row), and the change that it rests on.

    Of another system that came to disagree with the row's own, also: `agrees`, whether it says what is right (where
    nothing tells what is, what the row's own system says) but for what the two usually differ by, None where that
    can't be told yet (it does not where it alone has deleted the row); `missed`, the changes of the row's own system
    that it lacks, where they are all that the two differ by. `wrong` are those of its own changes that are.
    """

    system: str
    table: str
    value: float | None
    last: RowChange | None
    agrees: bool | None = True
    missed: tuple[RowChange, ...] = ()
    wrong: tuple[Wrong, ...] = ()

    @property
    def place(self) -> tuple[str, str]:
        """The system and the table."""
        return self.system, self.table

    @property
    def exists(self) -> bool:
        """Whether it has the row."""
        return self.last is not None and self.last.op != "d"


@dataclass(frozen=True)
class Served:
    """How many pieces an order took of a stock, less what came back, and the change by which it did first."""

    change: RowChange
    pieces: float


class Rule(StrEnum):
    """Which rule says what is right."""

    MOVEMENTS = "movements"  # the last count before the fault, and each movement since, once
    COUNTERPART = "counterpart"  # what the other system says, whose changes are not wrong in themselves
    LAST_NUMBER = "last_number"  # the change with the highest number
    FIRST_INSERT = "first_insert"  # of rows inserted under one idempotency key, the first
    IN_ONE_ONLY = "in_one_only"  # the row that one system has, and the other lacks
    UNKNOWN = "unknown"  # the changes do not say


@dataclass(frozen=True)
class Verdict:
    """What a row should say, by which rule, and why; `confirmed` where a second system or rule comes to the same."""

    value: float | None
    rule: Rule
    because: str
    confirmed: bool = False


@dataclass(frozen=True)
class Item:
    """One row that is wrong: what each system says of it (its own first), and what it should say.

    `column` holds the stock. `wrong` are the changes that made it so, `missing` the ranges of numbers that never came;
    `replay` are the changes to be applied again, each once, in this order; `served` the orders that took pieces, in the
    order in which they did.
    """

    system: str
    table: str
    key: str
    names: str
    column: str
    said: tuple[Said, ...]
    verdict: Verdict
    wrong: tuple[Wrong, ...]
    missing: tuple[tuple[int, int], ...] = ()
    replay: tuple[RowChange, ...] = ()
    served: tuple[Served, ...] = ()

    @property
    def value(self) -> float | None:
        """What its own system says."""
        return self.said[0].value if self.said else None

    @property
    def gone(self) -> bool:
        """Whether its own system has deleted the row."""
        last = self.said[0].last if self.said else None
        return last is not None and last.op == "d"

    @property
    def difference(self) -> float | None:
        """By how much it is to be put right; None where that is unknown."""
        if self.value is None or self.verdict.value is None:
            return None
        return rounded(self.verdict.value - self.value)

    @property
    def is_wrong(self) -> bool:
        """Whether something is to be put right.

        A stock is not as it should be, here or in a system that came to disagree, or lacks what was sold; what repeats
        another stands; what lacked has not come.
        """
        if self.gone or self.verdict.rule is Rule.UNKNOWN:
            return False
        if self.verdict.value is None:
            return not self.verdict.confirmed
        return self.difference != 0 or self.verdict.value < 0 or bool(self.apart)

    @property
    def is_untold(self) -> bool:
        """Whether only the shelf or the database knows, or time will tell.

        Of what is gone, what else its transaction changed, and whether another system that came to disagree should
        have it.
        """
        if self.gone:
            return OPEN in self.kinds or any(each.exists and each.agrees is not True for each in self.said)
        return self.verdict.rule is Rule.UNKNOWN or (self.unsettled and not self.is_wrong)

    @property
    def apart(self) -> tuple[Said, ...]:
        """The other systems that came to disagree, and still do."""
        return tuple(each for each in self.said[1:] if each.agrees is False)

    @property
    def unsettled(self) -> bool:
        """Whether another system that came to disagree says by now what is right can't be told yet."""
        return any(each.agrees is None for each in self.said)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is wrong with it."""
        return tuple(sorted({each.kind for each in self.wrong}))
