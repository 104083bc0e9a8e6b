"""The tables that row changes come from: what they hold, which hold the same rows, and which are whose movements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage.rows.columns import columns_of
from triage.rows.comparison import GRACE, Counts, Pair
from triage.rows.concerned import utc
from triage.rows.kinds import PAIR_KINDS, kinds_of
from triage.rows.model import RowChange
from triage.symptom import Ask, Symptom

Place = tuple[str, str]
"""A system and a table."""
MOSTLY = 0.95
"""Of the changes of a table that holds movements, at least so many are inserts: one may have been corrected."""


@dataclass(frozen=True)
class Table:
    """What is known of a table: its key's columns (small letters, in order), an example of a row, what changes are."""

    place: Place
    key_columns: tuple[str, ...]
    columns: Mapping[str, object]
    counts: bool
    """It holds stocks that change."""
    moves: bool
    """It holds pieces that came or went: rows are hardly ever but inserted."""
    told: datetime
    """Until when its connector has told of changes, of whichever table."""
    pairs: frozenset[Place]
    """The tables that were found to disagree with it, or to lack rows: they hold the same."""


@dataclass(frozen=True)
class Counterpart:
    """A table of another system that may hold the same rows, and the columns that are compared ('' is the stock).

    A change comes to the other system within `grace`; its connector has told of changes until `told`, that of the row's
    own until `own_told`. Unless it is `known`, it holds the same rows only if they agree as a rule.
    """

    place: Place
    column: str
    own_column: str
    grace: timedelta
    told: datetime
    own_told: datetime
    known: bool

    def pair(self, own: Sequence[RowChange], there: Sequence[RowChange]) -> Pair:
        """A row as both systems told of it."""
        one = Counts(own, self.own_column, self.own_told)
        return Pair(one, Counts(there, self.column, self.told), self.grace)


def tables(ask: Ask, symptoms: Iterable[Symptom], from_: datetime, as_of: datetime) -> Mapping[Place, Table]:
    """Those that connectors told of in that time. Raises StoreError."""
    labels = [symptom.labels for symptom in symptoms if {*kinds_of(symptom)} & {*PAIR_KINDS}]
    pairs = [((each["left"], each["table"]), (each["right"], each["counterpart_table"])) for each in labels]
    return {table.place: table for table in _tables(ask, pairs, from_, as_of)}


def counterparts(ask: Ask, table: Table, all_: Mapping[Place, Table]) -> list[Counterpart]:
    """The tables that may hold the same rows as one, by the settings, or else by their keys. Raises StoreError."""
    told = ask("incidents/counterparts").rows()
    if not told:
        same = [other for other in all_.values() if other.counts and _holds_the_same(other, table)]
        return [_counterpart(table, other, "", "", GRACE, other.place in table.pairs) for other in same]
    pairs = [
        *told,
        *((right, right_column, left, left_column, s) for left, left_column, right, right_column, s in told),
    ]
    return [
        _counterpart(table, other, str(left_column), str(right_column), timedelta(seconds=int(grace_s)), True)
        for left, left_column, right, right_column, grace_s in pairs
        for other in all_.values()
        if str(left).casefold() == table.place[1].casefold()
        and str(right).casefold() == other.place[1].casefold()
        and other.place != table.place
    ]


def moves(ledger: Table, table: Table) -> bool:
    """Whether a table's rows are movements of another's stocks: of the same system, naming their key and not by it."""
    named = set(table.key_columns) <= ledger.columns.keys() and table.key_columns != ledger.key_columns
    return ledger.moves and table.counts and ledger.place[0] == table.place[0] and named


def _tables(ask: Ask, pairs: Sequence[tuple[Place, Place]], from_: datetime, as_of: datetime) -> Iterator[Table]:
    for row in ask("incidents/row_tables", **{"from": from_}, as_of=as_of).iter_rows(named=True):
        inserts, updates = int(row["inserts"]), int(row["updates"])
        place = str(row["connector"]), str(row["changed_table"])
        yield Table(
            place=place,
            key_columns=tuple(sorted(name.casefold() for name in columns_of(str(row["key"])))),
            columns={name.casefold(): value for name, value in columns_of(str(row["after"])).items()},
            counts=row["stocks"] > 0 and (updates > 0 or not inserts),
            moves=row["stocks"] > 0 and inserts > 0 and inserts >= MOSTLY * (inserts + updates),
            told=utc(row["told"]),
            pairs=frozenset(each for pair in pairs if place in pair for each in pair if each != place),
        )


def _counterpart(
    table: Table, other: Table, own_column: str, column: str, grace: timedelta, known: bool
) -> Counterpart:
    return Counterpart(other.place, column, own_column, grace, other.told, table.told, known)


def _holds_the_same(other: Table, table: Table) -> bool:
    """As detect/disagreements.sql pairs tables: by the columns of their keys, and by name where that is only `id`."""
    names = {each.place[1].rpartition(".")[2].casefold() for each in (other, table)}
    same_key = other.key_columns == table.key_columns and (other.key_columns != ("id",) or len(names) == 1)
    return same_key and other.place[0] != table.place[0]
