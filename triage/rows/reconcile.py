"""The reconciliation of an incident: every row that its symptoms in the data are about, and what it should say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median

from triage.rows.columns import columns_of
from triage.rows.comparison import Counts, usual
from triage.rows.concerned import LOOKBACK, SEPARATOR, changes, rows_concerned
from triage.rows.model import Item, RowChange, Rule, Said, Verdict, Wrong, rounded
from triage.rows.verdict import Other, Thing, judged, sign_of, value_of
from triage.symptom import Ask, Symptom

Place = tuple[str, str]
"""A system and a table."""
Key = tuple[Place, str]
"""A row: where it is, and the values of its key."""
AT_ONCE = 1000
MOSTLY = 0.95
"""Of the changes of a table that holds movements, at least so many are inserts: one may have been corrected."""
EVER = datetime(1970, 1, 1, tzinfo=UTC)


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


def reconciled(ask: Ask, symptoms: Sequence[Symptom], as_of: datetime) -> list[Item]:
    """The items of some symptoms of `inventory`, as known at `as_of`, in the order of system, table and key.

    Raises StoreError.
    """
    if not symptoms:
        return []
    from_ = min(symptom.from_ for symptom in symptoms) - LOOKBACK
    wrong = _wrong(ask, symptoms, from_, as_of)
    tables = {table.place: table for table in _tables(ask, from_, as_of)}
    things = _by_thing(wrong, tables)
    counted = {key: of_it for key, of_it in things.items() if key[0] in tables and tables[key[0]].counts}
    items = [*_counted(ask, counted, tables, from_, as_of)]
    items += _inserted(ask, {key: of_it for key, of_it in things.items() if key not in counted}, symptoms, from_, as_of)
    return sorted(items, key=lambda item: (item.system, item.table, item.names))


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at a time as a question takes."""
    for first in range(0, len(names), AT_ONCE):
        yield names[first : first + AT_ONCE]


def _wrong(ask: Ask, symptoms: Sequence[Symptom], from_: datetime, as_of: datetime) -> list[Wrong]:
    """Every change that is wrong, whole, once."""
    kinds: dict[str, str] = {}
    places: set[Place] = set()
    for symptom in symptoms:
        for row in rows_concerned(ask, symptom, as_of).iter_rows(named=True):
            kinds[str(row["id"])] = str(row["kind_of_change"])
            places.add((str(row["connector"]), str(row["changed_table"])))
    found = [
        RowChange.of(row)
        for ids in _batches(sorted(kinds))
        for row in changes(ask, sorted(places), from_, as_of, ids=ids).iter_rows(named=True)
    ]
    return [Wrong(change, kinds[change.id]) for change in found]


def _tables(ask: Ask, from_: datetime, as_of: datetime) -> Iterator[Table]:
    for row in ask("incidents/row_tables", **{"from": from_}, as_of=as_of).iter_rows(named=True):
        inserts, updates = int(row["inserts"]), int(row["updates"])
        yield Table(
            place=(str(row["connector"]), str(row["changed_table"])),
            key_columns=tuple(sorted(name.casefold() for name in columns_of(str(row["key"])))),
            columns={name.casefold(): value for name, value in columns_of(str(row["after"])).items()},
            counts=row["stocks"] > 0 and (updates > 0 or not inserts),
            moves=row["stocks"] > 0 and inserts > 0 and inserts >= MOSTLY * (inserts + updates),
        )


def _by_thing(wrong: Iterable[Wrong], tables: Mapping[Place, Table]) -> dict[Key, list[Wrong]]:
    """The wrong changes by the row that they are about: the stock that a movement moves, else the row itself."""
    found: dict[Key, list[Wrong]] = defaultdict(list)
    for each in wrong:
        found[_thing(each.change, tables)].append(each)
    return dict(found)


def _thing(change: RowChange, tables: Mapping[Place, Table]) -> Key:
    row = {name.casefold(): value for name, value in columns_of(change.row).items()}
    if own := tables.get(change.place):
        for table in tables.values():
            if _moves(own, table) and set(table.key_columns) <= row.keys():
                return table.place, SEPARATOR.join(str(row[name]) for name in table.key_columns)
    return change.place, change.names


def _counted(
    ask: Ask, things: Mapping[Key, Sequence[Wrong]], tables: Mapping[Place, Table], from_: datetime, as_of: datetime
) -> Iterator[Item]:
    """The stocks, a table at a time."""
    for place in sorted({key[0] for key in things}):
        mine = {names: of_it for (where, names), of_it in things.items() if where == place}
        stand = _counterparts(ask, tables[place], tables)
        ledgers = [table.place for table in tables.values() if _moves(table, tables[place])]
        for names in _batches(sorted(mine)):
            own = _histories(changes(ask, [place], from_, as_of, keys=names).iter_rows(named=True))
            others = [
                _standing(other, _histories(changes(ask, [other], from_, as_of, keys=names).iter_rows(named=True)),
                          columns, place, own, things)
                for other, columns in stand
            ]  # fmt: skip
            moved = _movements(ask, ledgers, tables[place], names, from_, as_of)
            sign = sign_of(_together(own, moved))
            for one in names:
                thing = Thing(
                    *place,
                    names=one,
                    own=own.get(one, []),
                    wrong=mine[one],
                    movements=moved.get(one, []),
                    sign=sign,
                    others=[other[one] for other in others if one in other],
                    column=stand[0][1][0] if stand else "",
                )
                yield judged(thing, as_of)


def _counterparts(ask: Ask, table: Table, tables: Mapping[Place, Table]) -> list[tuple[Place, tuple[str, str]]]:
    """The tables that hold the same rows as one, with the columns of both that are compared ('' for the stock)."""
    told = ask("incidents/counterparts").rows()
    if not told:
        return [(other.place, ("", "")) for other in tables.values() if other.counts and _holds_the_same(other, table)]
    pairs = [*told, *((right, right_column, left, left_column) for left, left_column, right, right_column in told)]
    return [
        (other.place, (str(left_column), str(right_column)))
        for left, left_column, right, right_column in pairs
        for other in tables.values()
        if str(left).casefold() == table.place[1].casefold()
        and str(right).casefold() == other.place[1].casefold()
        and other.place != table.place
    ]


def _holds_the_same(other: Table, table: Table) -> bool:
    """As detect/disagreements.sql pairs tables: by the columns of their keys, and by name where that is only `id`."""
    names = {each.place[1].rpartition(".")[2].casefold() for each in (other, table)}
    same_key = other.key_columns == table.key_columns and (other.key_columns != ("id",) or len(names) == 1)
    return same_key and other.place[0] != table.place[0]


def _moves(ledger: Table, table: Table) -> bool:
    """Whether a table's rows are movements of another's stocks: of the same system, naming their key and not by it."""
    named = set(table.key_columns) <= ledger.columns.keys() and table.key_columns != ledger.key_columns
    return ledger.moves and table.counts and ledger.place[0] == table.place[0] and named


def _movements(
    ask: Ask, ledgers: Sequence[Place], table: Table, names: Sequence[str], from_: datetime, as_of: datetime
) -> dict[str, list[RowChange]]:
    if not ledgers or len(table.key_columns) != 1:
        return {}
    frame = ask(
        "incidents/row_ledger",
        **{"from": from_},
        as_of=as_of,
        places=[SEPARATOR.join(place) for place in ledgers],
        column=table.key_columns[0],
        keys=list(names),
    )
    return _histories(frame.iter_rows(named=True))


def _histories(rows: Iterable[Mapping[str, object]]) -> dict[str, list[RowChange]]:
    """By row, in the order of the log."""
    found: dict[str, list[RowChange]] = defaultdict(list)
    for row in rows:
        change = RowChange.of(row)
        found[change.names].append(change)
    return {names: sorted(of_it, key=lambda each: each.in_log) for names, of_it in found.items()}


def _together(
    own: Mapping[str, Sequence[RowChange]], moved: Mapping[str, Sequence[RowChange]]
) -> Iterator[tuple[float, float]]:
    """How a stock changed, and what was moved, in each transaction that did both."""
    for names, history in own.items():
        pieces: dict[str, float] = defaultdict(float)
        for movement in moved.get(names, ()):
            pieces[movement.tx] += movement.quantity or 0
        for old, new in pairwise(history):
            if new.tx in pieces and new.tx and old.quantity is not None and new.quantity is not None:
                yield new.quantity - old.quantity, pieces[new.tx]


def _standing(
    other: Place, there: Mapping[str, Sequence[RowChange]], columns: tuple[str, str],
    place: Place, own: Mapping[str, Sequence[RowChange]], things: Mapping[Key, Sequence[Wrong]],
) -> Mapping[str, Other]:  # fmt: skip
    """Another system's rows that stand for the same, by their names.

    What the two usually differ by is the median over the rows, as each last rested before either went wrong.
    """
    wrong = {names: things.get((other, names), ()) for names in there}
    found = [
        usual(
            Counts(own.get(names, ()), columns[0]),
            Counts(history, columns[1]),
            _first(things[place, names], wrong[names]),
        )
        for names, history in there.items()
    ]
    known = [each for each in found if each is not None]
    offset = rounded(median(known)) if known else 0.0
    return {names: Other(*other, history, columns[1], offset, wrong[names]) for names, history in there.items()}


def _first(*wrong: Sequence[Wrong]) -> datetime:
    return min(each.change.time for of_it in wrong for each in of_it)


def _inserted(
    ask: Ask, things: Mapping[Key, Sequence[Wrong]], symptoms: Sequence[Symptom], from_: datetime, as_of: datetime
) -> Iterator[Item]:
    """Rows that are no stocks: inserted twice, not in the other system, or of a transaction that lacks some."""
    absent_in = {
        (symptom.labels["left"], symptom.labels["table"]): (
            symptom.labels["right"],
            symptom.labels["counterpart_table"],
        )
        for symptom in symptoms
        if symptom.labels.get("kind") == "absent"
    }
    for place in sorted({key[0] for key in things}):
        mine = {names: of_it for (where, names), of_it in things.items() if where == place}
        other = absent_in.get(place)
        for names in _batches(sorted(mine)):
            own = _histories(changes(ask, [place], from_, as_of, keys=names).iter_rows(named=True))
            there = _histories(changes(ask, [other], EVER, as_of, keys=names).iter_rows(named=True)) if other else {}
            for one in names:
                last = own[one][-1]
                said = [Said(*place, None, last)]
                came = _since(there.get(one, []), mine[one])
                if other:
                    said.append(Said(*other, value_of(Other(*other, came)), came[-1] if came else None))
                yield Item(*place, key=last.key, names=one, column="", said=tuple(said),
                           verdict=_of_inserted(mine[one], said, came), wrong=tuple(mine[one]))  # fmt: skip


def _since(history: Sequence[RowChange], wrong: Sequence[Wrong]) -> Sequence[RowChange]:
    """Of a row that the other system has, or had since; nothing of one that was deleted there before."""
    gone = history and history[-1].op == "d" and history[-1].time < _first(wrong)
    return [] if gone else history


def _of_inserted(wrong: Sequence[Wrong], said: Sequence[Said], came: Sequence[RowChange]) -> Verdict:
    kinds = {each.kind for each in wrong}
    own, other = said[0], said[-1]
    gone = ", and was deleted since" if not own.exists else ""
    if "again" in kinds:
        key = wrong[0].change.idempotency_key
        because = f"it repeats the row that was inserted first under {key}, which stands{gone}"
        if not wrong[0].change.tells_transaction:
            because += "; the log does not tell whether one transaction inserted both"
        return Verdict(None, Rule.FIRST_INSERT, because, confirmed=bool(gone))
    if "absent" in kinds:
        if not came:
            return Verdict(None, Rule.IN_ONE_ONLY, f"it never came to {other.table}{gone}", confirmed=bool(gone))
        if not other.exists:
            because = f"it came to {other.table}, and was deleted there"
        elif came[0].time < _first(wrong):
            because = f"it was in {other.table} before, and is there now"
        else:
            because = f"it came to {other.table} late, and is there now"
        return Verdict(None, Rule.IN_ONE_ONLY, because, confirmed=True)
    if "open" in kinds:
        return Verdict(None, Rule.UNKNOWN, f"transaction {wrong[0].change.tx} did not come whole: read the rows again")
    return Verdict(None, Rule.UNKNOWN, "its changes do not say")
