"""The reconciliation of an incident: every row that its symptoms in the data are about, and what it should say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median

from triage.rows.columns import columns_of
from triage.rows.comparison import resting, usual
from triage.rows.concerned import LOOKBACK, SEPARATOR, changes, rows_concerned
from triage.rows.model import Item, RowChange, Rule, Said, Verdict, Wrong, rounded
from triage.rows.tables import Counterpart, Place, Table, counterparts, moves, tables
from triage.rows.thing import Other, Thing, value_of
from triage.rows.verdict import judged, sign_of
from triage.symptom import Ask, Symptom

Key = tuple[Place, str]
"""A row: where it is, and the values of its key."""
AT_ONCE = 1000
EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Stocks:
    """Some stocks of a table, by their names: their changes, their movements, and what a piece moved does to them."""

    histories: Mapping[str, Sequence[RowChange]]
    movements: Mapping[str, Sequence[RowChange]]
    sign: int


def reconciled(ask: Ask, symptoms: Sequence[Symptom], as_of: datetime) -> list[Item]:
    """The items of some symptoms of `inventory`, as known at `as_of`, in the order of system, table and key.

    Raises StoreError.
    """
    if not symptoms:
        return []
    from_ = min(symptom.from_ for symptom in symptoms) - LOOKBACK
    wrong = _wrong(ask, symptoms, from_, as_of)
    known = tables(ask, symptoms, from_, as_of)
    things = _by_thing(wrong, known)
    counted = {key: of_it for key, of_it in things.items() if key[0] in known and known[key[0]].counts}
    items = [*_counted(ask, counted, known, from_, as_of)]
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


def _by_thing(wrong: Iterable[Wrong], known: Mapping[Place, Table]) -> dict[Key, list[Wrong]]:
    """The wrong changes by the row that they are about: the stock that a movement moves, else the row itself."""
    found: dict[Key, list[Wrong]] = defaultdict(list)
    for each in wrong:
        found[_thing(each.change, known)].append(each)
    return dict(found)


def _thing(change: RowChange, known: Mapping[Place, Table]) -> Key:
    row = {name.casefold(): value for name, value in columns_of(change.row).items()}
    if own := known.get(change.place):
        for table in known.values():
            if moves(own, table) and set(table.key_columns) <= row.keys():
                return table.place, SEPARATOR.join(str(row[name]) for name in table.key_columns)
    return change.place, change.names


def _counted(
    ask: Ask, things: Mapping[Key, Sequence[Wrong]], known: Mapping[Place, Table], from_: datetime, as_of: datetime
) -> Iterator[Item]:
    """The stocks, a table at a time."""
    for place in sorted({key[0] for key in things}):
        mine = {names: of_it for (where, names), of_it in things.items() if where == place}
        stand = counterparts(ask, known[place], known)
        for names in _batches(sorted(mine)):
            own = _stocks(ask, known[place], known, names, from_, as_of)
            others = [
                _standing(other, _stocks(ask, known[other.place], known, names, from_, as_of), place, own, things)
                for other in stand
            ]
            for one in names:
                thing = Thing(
                    *place,
                    names=one,
                    own=own.histories.get(one, ()),
                    wrong=mine[one],
                    movements=own.movements.get(one, ()),
                    sign=own.sign,
                    others=[other[one] for other in others if one in other],
                    column=stand[0].own_column if stand else "",
                    told=known[place].told,
                )
                yield judged(thing, as_of)


def _stocks(
    ask: Ask, table: Table, known: Mapping[Place, Table], names: Sequence[str], from_: datetime, as_of: datetime
) -> Stocks:
    histories = _told(ask, table.place, names, from_, as_of)
    ledgers = [each.place for each in known.values() if moves(each, table)]
    moved = _movements(ask, ledgers, table, names, from_, as_of)
    return Stocks(histories, moved, sign_of(_together(histories, moved)))


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


def _told(
    ask: Ask, place: Place, names: Sequence[str], from_: datetime, as_of: datetime
) -> Mapping[str, Sequence[RowChange]]:
    """What a table's connector told of some rows."""
    return _histories(changes(ask, [place], from_, as_of, keys=names).iter_rows(named=True))


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
    other: Counterpart, there: Stocks, place: Place, own: Stocks, things: Mapping[Key, Sequence[Wrong]]
) -> Mapping[str, Other]:
    """Another system's rows that stand for the same, by their names; none where its table does not hold the same rows.

    What the two usually differ by is what they did when the row last rested before either went wrong; where it never
    rested, the median over the rows.
    """
    wrong = {names: things.get((other.place, names), ()) for names in there.histories}
    before = {
        names: (other.pair(own.histories.get(names, ()), history), _first(things[place, names], wrong[names]))
        for names, history in there.histories.items()
    }
    rests = {names: resting(pair, until) for names, (pair, until) in before.items()}
    if not other.known and not _agree(rests.values()):
        return {}
    found = [usual(pair, until) for pair, until in before.values()]
    mostly = median([each for each in found if each is not None] or [0.0])
    return {
        names: Other(
            *other.place, history, other.column, rounded([mostly, *rests[names]][-1]), wrong[names], other.grace,
            other.told, there.movements.get(names, ()), there.sign,
        )
        for names, history in there.histories.items()
    }  # fmt: skip


def _agree(rests: Iterable[Sequence[float]]) -> bool:
    """Whether two tables hold the same rows, as detect/disagreements.sql tells it: by how much each differed at rest.

    Three in four times by nothing, or by as much as the time before.
    """
    told = [
        now in (0, before)
        for of_row in rests
        for before, now in zip([None, *of_row], of_row, strict=False)
        if before is not None or now == 0
    ]
    return 4 * sum(told) >= 3 * len(told) > 0


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
            own = _told(ask, place, names, from_, as_of)
            there = _told(ask, other, names, EVER, as_of) if other else {}
            for one in names:
                last = own[one][-1]
                said = [Said(*place, None, last)]
                came = _since(there.get(one, []), mine[one])
                if other:
                    said.append(Said(*other, value_of(came), came[-1] if came else None))
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
