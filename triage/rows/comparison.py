"""Two systems' counts of one row: by how much they differ, whether they agree, and what one of them has missed.

Plain functions, no store. docs/reconciliation.md has the rules.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge

from triage.rows.columns import value_in
from triage.rows.model import RowChange, rounded

GRACE = timedelta(seconds=30)
"""A change that was made later than so long before may be on its way to the other system still."""
ALL = datetime(9999, 12, 31, tzinfo=UTC)
"""Until then has told who told all."""


@dataclass(frozen=True)
class Counts:
    """What a system says of a row: its changes, in the order of the log, and the column compared ('': the stock).

    `told`: until when its connector has told of changes, of whichever row.
    """

    changes: Sequence[RowChange]
    column: str = ""
    told: datetime = ALL


@dataclass(frozen=True)
class Pair:
    """Two systems' counts of one row. A change comes to the other system within `grace`."""

    one: Counts
    two: Counts
    grace: timedelta = GRACE


@dataclass(frozen=True)
class Gap:
    """A time in which neither system changed the row, and the first said so much more than the second.

    `heard`: for how long after the row's last change the other system's connector has told.
    """

    since: datetime
    until: datetime
    difference: float
    heard: timedelta


def resting(pair: Pair, until: datetime) -> list[float]:
    """By how much the first said more than the second, each time that they rested before a moment."""
    return [gap.difference for gap in _rests(pair, _gaps(pair, until))]


def usual(pair: Pair, until: datetime) -> float | None:
    """By how much the first said more than the second when they last rested before a moment.

    Where they never rested, for the longest time that neither changed; None where one of them had no count.
    """
    gaps = _gaps(pair, until)
    rests = _rests(pair, gaps) or sorted(gaps, key=lambda gap: gap.until - gap.since)
    return rests[-1].difference if rests else None


def agreement(pair: Pair, offset: float, as_of: datetime) -> bool | None:
    """Whether they differ by no more than the offset, as when they last rested, and for most of the grace time since.

    None where what they differed by at rest has not lasted: what is on its way can't be told from what is wrong. A rest
    that reaches into the last grace time lasts; no difference does where they agreed at some time since.
    """
    gaps = _gaps(pair, as_of)
    rests, lately = _rests(pair, gaps, offset), _lately(pair, gaps, as_of)
    if not rests:
        return None
    agrees = rests[-1].difference == offset
    lasts = rests[-1].until > as_of - pair.grace or 2 * lately.get(rests[-1].difference, timedelta()) > pair.grace
    return agrees if lasts and (agrees or offset not in lately) else None


def missed(pair: Pair, offset: float, as_of: datetime) -> list[RowChange]:
    """The changes of the first since they last agreed that never came to the second, as far as both have told.

    No change where those are not all that the two differ by: some can't be told from what came.
    """
    gaps = _gaps(pair, as_of)
    rests = _rests(pair, gaps, offset)
    agreed = [gap.since for gap in rests if gap.difference == offset]
    if not agreed or rests[-1].difference not in _lately(pair, gaps, as_of):
        return []
    lacks = [each for each in _lacking(pair) if agreed[-1] < each.time <= rests[-1].since]
    steps = _steps(pair.one)
    return lacks if rounded(offset + sum(steps[each.id] for each in lacks)) == rests[-1].difference else []


def are_named(pair: Pair, changes: Iterable[RowChange]) -> bool:
    """Whether each names its order or message, as all do by which the second came to its count: it is none of them."""
    steps = _steps(pair.two)
    return all(map(_names, changes)) and all(_names(each) for each in pair.two.changes if each.id in steps)


def _gaps(pair: Pair, until: datetime) -> list[Gap]:
    """From each change of either to the next one, before a moment."""
    counts = (pair.one, pair.two)
    sides = [[(change, side) for change in counts[side].changes] for side in (0, 1)]
    told = [each for each in merge(*sides, key=lambda each: each[0].time) if each[0].time < until]
    ends = [*(change.time for change, _ in told[1:]), until]
    says: list[float | None] = [None, None]
    heard = [timedelta.max, timedelta.max]
    found: list[Gap] = []
    for (change, side), end in zip(told, ends, strict=False):
        value = value_in(change, counts[side].column)
        says[side] = None if change.op == "d" else says[side] if value is None else value
        heard[side] = counts[1 - side].told - change.time
        here, there = says
        if here is not None and there is not None and change.time < end:
            found.append(Gap(change.time, end, rounded(here - there), min(heard)))
    return found


def _rests(pair: Pair, gaps: Iterable[Gap], offset: float | None = None) -> list[Gap]:
    """Those that were long enough for every change to have come to the other system.

    And, unless they differ by the offset, for the other system's connector to have told so: one that is late is no
    disagreement.
    """
    return [
        gap
        for gap in gaps
        if gap.until - gap.since >= pair.grace and (gap.difference == offset or gap.heard >= pair.grace)
    ]


def _lately(pair: Pair, gaps: Iterable[Gap], as_of: datetime) -> Mapping[float, timedelta]:
    """For how much of the last grace time they differed by how much."""
    since = as_of - pair.grace
    found: dict[float, timedelta] = defaultdict(timedelta)
    for gap in gaps:
        if gap.until > since:
            found[gap.difference] += gap.until - max(gap.since, since)
    return found


def _steps(counts: Counts) -> Mapping[str, float]:
    """By how much each change made it more, by the change's id; only those that did."""
    found: dict[str, float] = {}
    last: float | None = None
    for each in counts.changes:
        value = value_in(each, counts.column)
        if each.op == "d":
            last = None
        elif value is not None:
            if last is not None and (step := rounded(value - last)):
                found[each.id] = step
            last = value
    return found


def _lacking(pair: Pair) -> Iterable[RowChange]:
    """The changes of the first that never came to the second.

    One came if the second made the same step for the same order or message (idempotency key), or, where either names
    none, within the grace time.
    """
    steps, there = _steps(pair.one), _steps(pair.two)
    named: set[tuple[str, float]] = set()
    times: dict[tuple[bool, float], list[datetime]] = defaultdict(list)
    for each in pair.two.changes:
        if step := there.get(each.id):
            named |= {(name, step) for name in _names(each)}
            times[bool(_names(each)), step].append(each.time)
    for each in pair.one.changes:
        if step := steps.get(each.id):
            near = [times[False, step], *([] if _names(each) else [times[True, step]])]
            came = any((name, step) in named for name in _names(each))
            if not came and not any(_is_near(each.time, moments, pair.grace) for moments in near):
                yield each


def _names(change: RowChange) -> set[str]:
    return {change.order, change.idempotency_key} - {""}


def _is_near(moment: datetime, times: Sequence[datetime], grace: timedelta) -> bool:
    place = bisect_left(times, moment - grace)
    return place < len(times) and times[place] <= moment + grace
