"""What a row should say, from the history of its changes: plain functions, no store.

docs/reconciliation.md has the rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

from triage.rows.model import Item, RowChange, Rule, Said, Served, Verdict, rounded
from triage.rows.others import said_by, says
from triage.rows.thing import Base, Other, Thing, base_of, distinct, in_log, stock_column
from triage.window import format_number

LOSSY = frozenset({"missing", "open"})
NUMBERS = 20
"""So many ranges of missing numbers are named."""


def judged(thing: Thing, as_of: datetime) -> Item:
    """What each system says of it as of a moment, and what it should say."""
    column = thing.column or stock_column(thing.own)
    base = base_of(thing, column)
    repeated = {each.change.tx for each in thing.wrong if each.kind == "again" and each.change.tx}
    verdict = _verdict(thing, base, as_of)
    said = Said(thing.system, thing.table, thing.value, thing.own[-1] if thing.own else None)
    others = tuple(said_by(thing, other, verdict.value, as_of) for other in thing.others)
    untold = (f"whether {each.table} says so can't be told yet" for each in others if each.agrees is None)
    return Item(
        system=thing.system,
        table=thing.table,
        key=thing.own[-1].key if thing.own else "",
        names=thing.names,
        column=column,
        said=(said, *others),
        verdict=replace(verdict, because="; ".join([verdict.because, *untold])),
        wrong=in_log(thing.wrong),
        missing=tuple(_left_out(thing.own, base)),
        replay=tuple(_replay(thing, base, repeated)),
        served=tuple(_served(thing, base, repeated)),
    )


def sign_of(pairs: Iterable[tuple[float, float]]) -> int:
    """What a piece moved does to the stock, by changes and movements of the same transactions: 1, -1 or 0 (neither)."""
    seen = [(change, moved) for change, moved in pairs if change or moved]
    for sign in (1, -1):
        right = sum(rounded(change - sign * moved) == 0 for change, moved in seen)
        if len(seen) >= 3 and right >= 0.95 * len(seen):
            return sign
    return 0


def _verdict(thing: Thing, base: Base | None, as_of: datetime) -> Verdict:
    """By the first rule that has an answer; confirmed where the next one has the same."""
    movements = _by_movements(thing, base)
    if movements and (against := _disputed(thing, movements, as_of)):
        return Verdict(None, Rule.UNKNOWN, f"{movements.because}; {against}: count what is there")
    told = [movements, _by_others(thing, as_of), _by_number(thing, base)]
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


def _by_movements(thing: Thing, base: Base | None) -> Verdict | None:
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


def _disputed(thing: Thing, verdict: Verdict, as_of: datetime) -> str:
    """What another system says otherwise, if its own movements come to that; '' where none does."""
    if not thing.only_differs or "disagree" not in thing.kinds:
        return ""
    for other in thing.others:
        there, value = thing.of(other), other.value
        theirs = _by_movements(there, base_of(there, other.column or stock_column(other.history)))
        borne_out = theirs is not None and theirs.value == value
        if borne_out and value is not None and says(thing, other, verdict.value, as_of) is False:
            return f"{_says(other, value)}, as its own movements come to"
    return ""


def _by_others(thing: Thing, as_of: datetime) -> Verdict | None:
    """What another system says whose own changes are not wrong, once nothing is on its way any more."""
    if thing.kinds == {"disagree"}:
        return _by_agreement(thing, as_of)
    wrong = {each.change.place for each in thing.wrong if each.kind != "disagree"}
    for other in thing.others:
        value = other.value
        if value is not None and (other.system, other.table) not in wrong and _stands(thing, other, value, as_of):
            return Verdict(rounded(value + other.offset), Rule.COUNTERPART, _says(other, value))
    return None


def _stands(thing: Thing, other: Other, value: float, as_of: datetime) -> bool:
    """Whether nothing is on its way between the two; unless they say the same, as far as their connectors have told."""
    same = rounded(value + other.offset) == thing.value
    heard = [(last.time, as_of if same else min(as_of, told)) for last, told in thing.lasts(other)]
    return all(at + other.grace <= until for at, until in heard)


def _by_agreement(thing: Thing, as_of: datetime) -> Verdict | None:
    """What the row's own system says, once another one that just disagreed with it says so, too."""
    own = thing.value
    for other in thing.others:
        value = other.value
        if own is not None and value is not None and says(thing, other, None, as_of):
            on_its_way = rounded(value + other.offset) != own
            said = f"{other.table} said so when both last rested" if on_its_way else _says(other, value)
            return Verdict(own, Rule.COUNTERPART, said)
    return None


def _says(other: Other, value: float) -> str:
    differs = f", which always differs by {format_number(other.offset)}" if other.offset else ""
    return f"{other.table} says {format_number(value)}{differs}"


def _by_number(thing: Thing, base: Base | None) -> Verdict | None:
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


def _replay(thing: Thing, base: Base | None, repeated: set[str]) -> Iterable[RowChange]:
    """What is to be applied again: the changes since the last right count, each message once, by their number."""
    if thing.only_differs:
        return ()
    since = [each for each in thing.own if each.op != "r" and each.tx not in repeated]
    since = [each for each in since if base is None or base.precedes(each)]
    return sorted(
        {each.id: each for each in since}.values(),
        key=lambda each: (each.sequence is None, each.sequence or 0, each.in_log),
    )


def _served(thing: Thing, base: Base | None, repeated: set[str]) -> Iterable[Served]:
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


def _left_out(own: Sequence[RowChange], base: Base | None) -> Iterable[tuple[int, int]]:
    """The ranges of numbers that never came, since the last right count."""
    first = base.sequence if base and base.sequence is not None else None
    numbers = sorted({each.sequence for each in own if each.sequence is not None and each.sequence >= (first or 0)})
    gaps = [(one + 1, two - 1) for one, two in pairwise(numbers) if two > one + 1]
    return gaps[:NUMBERS]


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%H:%M:%S")
