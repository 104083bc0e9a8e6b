"""Two systems' counts of one row: by how much they differ, whether they agree, and what one of them has missed.

Plain functions, no store. docs/reconciliation.md has the rules.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import pairwise

from triage.rows.columns import value_in
from triage.rows.model import RowChange, rounded

SETTLED = timedelta(seconds=30)
"""A row that was changed later than so long before may be on its way to the other system still."""


@dataclass(frozen=True)
class Counts:
    """What a system says of a row: its changes, in the order of the log, and the column compared ('': the stock)."""

    changes: Sequence[RowChange]
    column: str = ""


@dataclass(frozen=True)
class Gap:
    """A time in which neither system changed the row, and the first said so much more than the second."""

    since: datetime
    until: datetime
    difference: float


def usual(one: Counts, two: Counts, until: datetime) -> float | None:
    """By how much the first said more than the second when they last rested before a moment.

    Where they never rested, for the longest time that neither changed; None where one of them had no count.
    """
    gaps = _gaps(one, two, until)
    rests = _rests(gaps) or sorted(gaps, key=lambda gap: gap.until - gap.since)
    return rests[-1].difference if rests else None


def agreement(one: Counts, two: Counts, offset: float, as_of: datetime) -> bool | None:
    """Whether they differ by no more than the offset, as when they last rested, and for most of the last half minute.

    None where what they differed by at rest has not lasted: what is on its way can't be told from what is wrong. A rest
    that reaches into the last half minute lasts; no difference does where they agreed at some time since.
    """
    gaps = _gaps(one, two, as_of)
    rests, lately = _rests(gaps), _lately(gaps, as_of)
    if not rests:
        return None
    agrees = rests[-1].difference == offset
    lasts = rests[-1].until > as_of - SETTLED or 2 * lately.get(rests[-1].difference, timedelta()) > SETTLED
    return agrees if lasts and (agrees or offset not in lately) else None


def missed(one: Counts, two: Counts, offset: float, as_of: datetime) -> list[RowChange]:
    """The changes of the first since they last agreed that never came to the second.

    No change where those are not all that the two differ by: some can't be told from what came.
    """
    gaps = _gaps(one, two, as_of)
    rests = _rests(gaps)
    agreed = [gap.since for gap in rests if gap.difference == offset]
    if not agreed or rests[-1].difference not in _lately(gaps, as_of):
        return []
    lacks = [each for each in _lacking(one, two) if agreed[-1] < each.time <= rests[-1].since]
    steps = _steps(one)
    return lacks if rounded(offset + sum(steps[each.id] for each in lacks)) == rests[-1].difference else []


def _gaps(one: Counts, two: Counts, until: datetime) -> list[Gap]:
    """From each change of either to the next one, before a moment."""
    sides = [[(change, side) for change in (one, two)[side].changes] for side in (0, 1)]
    told = [each for each in merge(*sides, key=lambda each: each[0].time) if each[0].time < until]
    ends = [*(change.time for change, _ in told[1:]), until]
    says: list[float | None] = [None, None]
    found: list[Gap] = []
    for (change, side), end in zip(told, ends, strict=False):
        value = value_in(change, (one, two)[side].column)
        says[side] = None if change.op == "d" else says[side] if value is None else value
        here, there = says
        if here is not None and there is not None and change.time < end:
            found.append(Gap(change.time, end, rounded(here - there)))
    return found


def _rests(gaps: Iterable[Gap]) -> list[Gap]:
    """Those that were long enough for every change to have come to the other system."""
    return [gap for gap in gaps if gap.until - gap.since >= SETTLED]


def _lately(gaps: Iterable[Gap], as_of: datetime) -> Mapping[float, timedelta]:
    """For how much of the last half minute they differed by how much."""
    found: dict[float, timedelta] = defaultdict(timedelta)
    for gap in gaps:
        if gap.until > as_of - SETTLED:
            found[gap.difference] += gap.until - max(gap.since, as_of - SETTLED)
    return found


def _steps(counts: Counts) -> Mapping[str, float]:
    """By how much each change made it more, by the change's id; only those that did."""
    column = counts.column
    found: dict[str, float] = {}
    for old, new in pairwise(counts.changes):
        before, after = value_in(old, column), value_in(new, column)
        if before is not None and after is not None and (step := rounded(after - before)):
            found[new.id] = step
    return found


def _lacking(one: Counts, two: Counts) -> Iterable[RowChange]:
    """The changes of the first that never came to the second.

    One came if the second made the same step for the same order or message (idempotency key), or, where either names
    none, within half a minute.
    """
    steps, there = _steps(one), _steps(two)
    named: set[tuple[str, float]] = set()
    times: dict[tuple[bool, float], list[datetime]] = defaultdict(list)
    for each in two.changes:
        if step := there.get(each.id):
            named |= {(name, step) for name in _names(each)}
            times[bool(_names(each)), step].append(each.time)
    for each in one.changes:
        if step := steps.get(each.id):
            near = [times[False, step], *([] if _names(each) else [times[True, step]])]
            came = any((name, step) in named for name in _names(each))
            if not came and not any(_is_near(each.time, moments) for moments in near):
                yield each


def _names(change: RowChange) -> set[str]:
    return {change.order, change.idempotency_key} - {""}


def _is_near(moment: datetime, times: Sequence[datetime]) -> bool:
    place = bisect_left(times, moment - SETTLED)
    return place < len(times) and times[place] <= moment + SETTLED
