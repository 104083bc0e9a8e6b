"""What a row should say, from the history of its changes: plain functions, no store.

docs/reconciliation.md has the rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from triage.rows.columns import columns_of, number_of, value_in
from triage.rows.comparison import ALL, GRACE, Counts, Pair, agreement, missed
from triage.rows.model import Item, RowChange, Rule, Said, Served, Verdict, Wrong, rounded
from triage.window import format_number

LOSSY = frozenset({"missing", "open"})
NUMBERS = 20
"""So many ranges of missing numbers are named."""


@dataclass(frozen=True)
class Other:
    """A row of another system that stands for the same: its history, the column that is compared, the usual offset.

    `wrong` are those of its changes that are; `grace` and `told` as of a Pair.
    """

    system: str
    table: str
    history: Sequence[RowChange]
    column: str = ""
    offset: float = 0.0
    wrong: Sequence[Wrong] = ()
    grace: timedelta = GRACE
    told: datetime = ALL

    def settled(self, as_of: datetime) -> datetime:
        """What either system changed until then has come to the other, or never will."""
        return min(as_of, self.told) - self.grace


@dataclass(frozen=True)
class Thing:
    """All that is known of a stock that is wrong: its own changes, the movements that make it up, other systems' rows.

    `sign` is what a movement of one piece does to the stock, 0 where movements do not explain it. Histories are in the
    order of the log, each change once.
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

    def beside(self, other: Other) -> Pair:
        """What its own system says of it, change by change, and what another one does."""
        return Pair(Counts(self.own, self.column), Counts(other.history, other.column), other.grace, other.told)

    @property
    def kinds(self) -> set[str]:
        """What is wrong with it."""
        return {each.kind for each in self.wrong}


@dataclass(frozen=True)
class _Base:
    """The last count that nothing speaks against: what it was, and since when."""

    value: float
    time: datetime
    tx: str = ""
    sequence: int | None = None

    def precedes(self, change: RowChange) -> bool:
        """Whether the change came after it, and in another transaction: what came in the same one is in it."""
        return change.time > self.time and not (self.tx and change.tx == self.tx)


def judged(thing: Thing, as_of: datetime) -> Item:
    """What each system says of it as of a moment, and what it should say."""
    column = thing.column or stock_column(thing.own)
    base = _base(thing, column)
    repeated = {each.change.tx for each in thing.wrong if each.kind == "again" and each.change.tx}
    verdict = _verdict(thing, base, as_of)
    said = _said(thing.system, thing.table, thing.own)
    off = 0.0 if said.value is None or verdict.value is None else rounded(said.value - verdict.value)
    others = tuple(_said_by(thing, other, off, as_of) for other in thing.others)
    untold = (f"whether {each.table} says so can't be told yet" for each in others if each.agrees is None)
    return Item(
        system=thing.system,
        table=thing.table,
        key=thing.own[-1].key if thing.own else "",
        names=thing.names,
        column=column,
        said=(said, *others),
        verdict=replace(verdict, because="; ".join([verdict.because, *untold])),
        wrong=_in_log(thing.wrong),
        missing=tuple(_left_out(thing.own, base)),
        replay=tuple(_replay(thing, base, repeated)),
        served=tuple(_served(thing, base, repeated)),
    )


def stock_column(history: Iterable[RowChange]) -> str:
    """The column that holds the stock: the one that always says what was taken for it; '' where none does."""
    names: set[str] | None = None
    for change in history:
        if change.quantity is not None:
            same = {name for name, value in columns_of(change.row).items() if number_of(value) == change.quantity}
            names = same if names is None else names & same or names
    return min(names or {""})


def sign_of(pairs: Iterable[tuple[float, float]]) -> int:
    """What a piece moved does to the stock, by changes and movements of the same transactions: 1, -1 or 0 (neither)."""
    seen = [(change, moved) for change, moved in pairs if change or moved]
    for sign in (1, -1):
        right = sum(rounded(change - sign * moved) == 0 for change, moved in seen)
        if len(seen) >= 3 and right >= 0.95 * len(seen):
            return sign
    return 0


def distinct(changes: Iterable[RowChange]) -> list[RowChange]:
    """In the order of the log, each message once: what has the idempotency key of an earlier one is left out."""
    found: dict[str, RowChange] = {}
    for change in sorted(changes, key=lambda each: each.in_log):
        found.setdefault(change.idempotency_key or change.id, change)
    return list(found.values())


def _base(thing: Thing, column: str) -> _Base | None:
    first = min((each.change.time for each in thing.wrong), default=None)
    before = [each for each in thing.own if each.quantity is not None and (first is None or each.time < first)]
    if before:
        last = before[-1]
        return _Base(float(last.quantity or 0), last.time, last.tx, last.sequence)
    if not thing.own:
        return None
    value = number_of(columns_of(thing.own[0].row_before).get(column))
    return None if value is None else _Base(value, thing.own[0].time - timedelta(microseconds=1))


def _verdict(thing: Thing, base: _Base | None, as_of: datetime) -> Verdict:
    """By the first rule that has an answer; confirmed where the next one has the same."""
    told = [_by_movements(thing, base), _by_others(thing, as_of), _by_number(thing, base)]
    found = [verdict for verdict in told if verdict is not None]
    if not found:
        return Verdict(None, Rule.UNKNOWN, _why_unknown(thing))
    first, *rest = found
    same = [each for each in rest if each.value == first.value]
    others = [each for each in rest if each.rule is Rule.COUNTERPART]
    because = "; ".join([first.because, *(each.because for each in others or same[:1])])
    if any(each.value != first.value for each in others):
        return Verdict(first.value, first.rule, f"{because}: they differ, so count what is there")
    return Verdict(first.value, first.rule, because, confirmed=bool(same))


def _by_movements(thing: Thing, base: _Base | None) -> Verdict | None:
    """The last count before the fault, and every movement since, once."""
    if base is None or not thing.sign or thing.kinds & LOSSY:
        return None
    first = {each.id for each in distinct(thing.movements)}
    since = [each for each in thing.movements if base.precedes(each)]
    once = [each for each in since if each.id in first]
    value = rounded(base.value + thing.sign * sum(each.quantity or 0 for each in once))
    counted = "1 movement" if len(once) == 1 else f"{len(once)} movements"
    said = f"{format_number(base.value)} at {_clock(base.time)} and {counted} since, each once, come to"
    said += f" {format_number(value)}"
    if twice := len(since) - len(once):
        said += f" ({twice} more {'repeats' if twice == 1 else 'repeat'} what was booked before)"
    return Verdict(value, Rule.MOVEMENTS, said)


def _by_others(thing: Thing, as_of: datetime) -> Verdict | None:
    """What another system says whose own changes are not wrong, once nothing is on its way any more."""
    if thing.kinds == {"disagree"}:
        return _by_agreement(thing, as_of)
    wrong = {each.change.place for each in thing.wrong if each.kind != "disagree"}
    for other in thing.others:
        value = value_of(other)
        latest = [history[-1].time for history in (thing.own, other.history) if history]
        if value is not None and (other.system, other.table) not in wrong and max(latest) <= other.settled(as_of):
            return Verdict(rounded(value + other.offset), Rule.COUNTERPART, _says(other, value))
    return None


def _by_agreement(thing: Thing, as_of: datetime) -> Verdict | None:
    """What the row's own system says, once another one that just disagreed with it says so, too."""
    own = _said(thing.system, thing.table, thing.own).value
    for other in thing.others:
        value = value_of(other)
        if own is not None and value is not None and agreement(thing.beside(other), other.offset, as_of):
            on_its_way = rounded(value + other.offset) != own
            said = f"{other.table} said so when both last rested" if on_its_way else _says(other, value)
            return Verdict(own, Rule.COUNTERPART, said)
    return None


def _says(other: Other, value: float) -> str:
    differs = f", which always differs by {format_number(other.offset)}" if other.offset else ""
    return f"{other.table} says {format_number(value)}{differs}"


def _by_number(thing: Thing, base: _Base | None) -> Verdict | None:
    """The change with the highest number, where none was made on top of one that was late."""
    numbered = [each for each in thing.own if each.sequence is not None and each.quantity is not None]
    stale = {each.change.id for each in thing.wrong if each.kind == "stale"}
    if not numbered or not stale or thing.kinds - {"stale"}:
        return None
    last = max(numbered, key=lambda each: (each.sequence or 0, each.in_log))
    first_late = min(each.change.time for each in thing.wrong)
    if any(each.time > first_late and each.id not in stale for each in numbered):
        return None
    value = rounded(last.quantity or 0)
    said = f"change {last.sequence} is the last by number and leaves {format_number(value)}"
    return Verdict(value, Rule.LAST_NUMBER, said)


def _why_unknown(thing: Thing) -> str:
    if thing.kinds & LOSSY:
        return "changes are missing, and no other system holds the row: read it again from the database"
    if thing.kinds == {"disagree"}:
        return "neither system's changes are wrong in themselves, and no movements were told of: count what is there"
    return "later changes rest on a wrong count, and no movements or other system tell of it: count what is there"


def _replay(thing: Thing, base: _Base | None, repeated: set[str]) -> Iterable[RowChange]:
    """What is to be applied again: the changes since the last right count, each message once, by their number."""
    if thing.kinds <= {"disagree", "below"}:
        return ()
    since = [each for each in thing.own if each.op != "r" and each.tx not in repeated]
    since = [each for each in since if base is None or base.precedes(each)]
    return sorted(
        {each.id: each for each in since}.values(),
        key=lambda each: (each.sequence is None, each.sequence or 0, each.in_log),
    )


def _served(thing: Thing, base: _Base | None, repeated: set[str]) -> Iterable[Served]:
    """The orders that took pieces since the last right count, as they were written; none that brought all back.

    Where more comes back than an order took since then, it had taken the rest before; where it never took as many,
    it is a delivery.
    """
    changed = thing.movements if thing.sign else [each for each in thing.own if each.quantity is not None]
    taken = {new.id: (old.quantity or 0) - (new.quantity or 0) for old, new in pairwise(changed)}
    if thing.sign:
        taken = {each.id: -thing.sign * (each.quantity or 0) for each in changed}
    earlier: dict[str, float] = defaultdict(float)
    found: dict[str, Served] = {}
    for each in distinct(each for each in changed if each.order and taken.get(each.id)):
        if each.tx in repeated:
            continue
        if base and not base.precedes(each):
            earlier[each.order] += taken[each.id]
            continue
        before = found.get(each.order, Served(each, 0))
        pieces = rounded(before.pieces + taken[each.id])
        if pieces > 0:
            found[each.order] = replace(before, pieces=pieces)
        elif rounded(earlier[each.order] + pieces) >= 0:
            earlier[each.order] += pieces
            found.pop(each.order, None)
    return found.values()


def _left_out(own: Sequence[RowChange], base: _Base | None) -> Iterable[tuple[int, int]]:
    """The ranges of numbers that never came, since the last right count."""
    first = base.sequence if base and base.sequence is not None else None
    numbers = sorted({each.sequence for each in own if each.sequence is not None and each.sequence >= (first or 0)})
    gaps = [(one + 1, two - 1) for one, two in pairwise(numbers) if two > one + 1]
    return gaps[:NUMBERS]


def _said(system: str, table: str, history: Sequence[RowChange]) -> Said:
    last = history[-1] if history else None
    known = [each.quantity for each in history if each.quantity is not None]
    return Said(system, table, known[-1] if known and last and last.op != "d" else None, last)


def _said_by(thing: Thing, other: Other, off: float, as_of: datetime) -> Said:
    """What another system says; where the two came to disagree, whether it agrees by now, and what it has missed.

    `off`: by how much more the row's own system says than is right.
    """
    last = other.history[-1] if other.history else None
    said = Said(other.system, other.table, value_of(other), last, wrong=_in_log(other.wrong))
    if "disagree" not in thing.kinds:
        return said
    if last and last.op == "d" and thing.own and thing.own[-1].op != "d":
        return replace(said, agrees=False if last.time <= other.settled(as_of) else None)
    if said.value is None:
        return said
    offset = rounded(other.offset + off)
    agrees = agreement(thing.beside(other), offset, as_of)
    if agrees is not False:
        return replace(said, agrees=agrees)
    lacks = missed(thing.beside(other), offset, as_of)
    return replace(said, agrees=False, missed=tuple(lacks if distinct(lacks) == lacks else ()))


def _in_log(wrong: Iterable[Wrong]) -> tuple[Wrong, ...]:
    return tuple(sorted(wrong, key=lambda each: each.change.in_log))


def value_of(other: Other) -> float | None:
    """What its row holds now; None where there is none."""
    if not other.history or other.history[-1].op == "d":
        return None
    return value_in(other.history[-1], other.column)


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%H:%M:%S")
