"""What requests do to the shop's stock, and the rows of its databases that change by it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Literal

Value = str | int | None
Row = Mapping[str, Value]


class Kind(Enum):
    """What happens to a piece of the stock."""

    RESERVE = "reserve"  # an order may take it soon
    RELEASE = "release"  # the order was not placed after all
    COMMIT = "commit"  # the order was placed, it is gone
    SALE = "sale"  # the monolith has taken the order, nothing was reserved
    GOODS = "goods"  # new ones were brought


RESERVED = {Kind.RESERVE: 1, Kind.RELEASE: -1, Kind.COMMIT: -1, Kind.SALE: 0, Kind.GOODS: 0}
"""By how many the reserved ones change."""


@dataclass(frozen=True, slots=True)
class StockMove:
    """One piece of an order, or goods that were brought. `key` names it: it is to be applied once.

    `pieces` is by how many the stock on hand changes.
    """

    at_ns: int
    kind: Kind
    key: str
    sku: str
    pieces: int
    order: str = ""
    customer: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose changes a connector captures. `key` is its primary key."""

    connector: str
    schema: str
    name: str
    key: str


STOCK = Table("inventory", "inventory", "stock", "sku")
MOVEMENTS = Table("inventory", "inventory", "stock_movements", "movement_id")
LEGACY_STOCK = Table("monolith", "legacy", "STOCK", "SKU")

Op = Literal["c", "u", "r"]
Wrong = Literal["", "stale", "again"]
"""Stale: written over a later change of the same row. Again: what was applied once already."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that was inserted (c), updated (u) or read (r) at `at_ns`, the `number`th change of transaction `tx`.

    `position` is the place in the database's log: it only grows. `because` is what it was for, where it was for
    anything.
    """

    at_ns: int
    table: Table
    op: Op
    before: Row | None
    after: Row
    tx: int
    number: int
    position: int
    because: StockMove | None = None
    wrong: Wrong = ""


class Journal:
    """A database's own log: gives changes their transaction and their position."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._tx, self._number = dice.randrange(10_000, 900_000), 0
        self._position = dice.randrange(1 << 24, 1 << 30)
        self._at_ns = 0

    def begin(self, at_ns: int) -> None:
        """The changes from now on are of a transaction of their own; no two are of the same microsecond."""
        self._at_ns = max(at_ns // 1000 * 1000, self._at_ns + 1000)
        self._tx, self._number = self._tx + 1, 0

    def change(
        self, table: Table, before: Row | None, after: Row, because: StockMove | None, wrong: Wrong = ""
    ) -> RowChange:
        """A row inserted, where there was none before, else updated."""
        return self._change("u" if before else "c", table, before, after, because, wrong)

    def read(self, table: Table, row: Row) -> RowChange:
        """A row read for a snapshot."""
        return self._change("r", table, None, row, None, "")

    def _change(
        self, op: Op, table: Table, before: Row | None, after: Row, because: StockMove | None, wrong: Wrong
    ) -> RowChange:
        self._number += 1
        self._position += self._dice.randrange(60, 900)
        return RowChange(self._at_ns, table, op, before, after, self._tx, self._number, self._position, because, wrong)
