"""Whether a business figure's level fell: one that follows the hour and the week, judged from days that are kept.

A fall counts where it matters, a quarter below (or above, if that is bad) what the figure was at this time a week
before and usually was on the days before, and where the online scorer (docs/kpi-score.md) finds it unusual, too. Where
no week before is known it must lie below half of each day: a Saturday may be like none of them. Without three earlier
days nothing is said: a figure that follows the hour says nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from statistics import median

from triage.kpi.figures import Good, Kind, Kpi
from triage.kpi.scoring import Direction, scores
from triage.symptom import Ask

BLOCK_S = 600
LEAST_MINUTES = 5
"""Of a block that must be known."""
PAST = timedelta(days=14)
DAY_S = 86_400
DAYS, LEAST_DAYS = 7, 3
FALLS_BY, FALLS_BY_SURELY = 0.25, 0.5
UNUSUAL_SCORE = 1 / 3
"""Five nats: a block in a hundred and fifty, or fewer."""
LONGEST_BLOCKS = DAY_S // BLOCK_S
"""After a day the new level is what is usual."""


@dataclass(frozen=True)
class Fall:
    """Since when the level lies low (or high, if that is bad), what it is, and what it usually was at this time."""

    since: datetime
    value: float
    usual: float


def fallen(ask: Ask, kpis: Sequence[Kpi], now: datetime) -> Iterator[tuple[Kpi, Fall]]:
    """The falls that last until now. Raises StoreError."""
    end_s = int(now.timestamp()) // BLOCK_S * BLOCK_S
    end = datetime.fromtimestamp(end_s, UTC)
    kept: dict[str, list[tuple[int, float, float]]] = {kpi.digest: [] for kpi in kpis}
    for digest, start, part, of, minutes in ask(
        "kpi/kept_blocks", kpis=[*kept], **{"from": end - PAST}, to=end, step_s=BLOCK_S
    ).iter_rows():
        if minutes >= LEAST_MINUTES:
            kept[digest].append((start, part, of))
    for kpi in kpis:
        blocks = {start: _level(kpi, part, of) for start, part, of in kept[kpi.digest]}
        if fall := _fallen(kpi, blocks, end_s - BLOCK_S):
            yield kpi, fall


def _fallen(kpi: Kpi, levels: Mapping[int, float | None], latest: int) -> Fall | None:
    run = _low_run(kpi, {start: level for start, level in levels.items() if level is not None}, latest)
    if not run:
        return None
    times, values = tuple(levels), tuple(float("nan") if level is None else level for level in levels.values())
    scored = dict(zip(times, _scored(times, values, "down" if kpi.good is Good.UP else "up"), strict=True))
    if max(scored[start] for start in run) < UNUSUAL_SCORE:
        return None
    value, usual = levels[run[-1]], _usually(kpi, levels, run[-1])
    return Fall(datetime.fromtimestamp(run[0], UTC), value or 0.0, usual[0]) if usual else None


def _level(kpi: Kpi, part: float, of: float) -> float | None:
    """`part` and `of` are the means of the minutes that are known, so that a block that lacks some compares."""
    if kpi.kind in {Kind.RATIO, Kind.GAUGE}:
        return part / of if of else None
    return part


def _low_run(kpi: Kpi, levels: Mapping[int, float], latest: int) -> list[int]:
    """The blocks, up to the latest, that all lie beyond what was usual at their time."""
    run: list[int] = []
    start = latest
    while start in levels and len(run) < LONGEST_BLOCKS:
        usual = _usually(kpi, levels, start)
        if usual is None or not _is_beyond(kpi, levels[start], *usual):
            break
        run.insert(0, start)
        start -= BLOCK_S
    return run


def _usually(kpi: Kpi, levels: Mapping[int, float | None], start: int) -> tuple[float, float] | None:
    """What it was at this time, as near as it usually came, and the part that must be lost of it; None if not known."""
    found = (levels.get(start - day * DAY_S) for day in range(1, DAYS + 1))
    days = [level for level in found if level is not None]
    if len(days) < LEAST_DAYS:
        return None
    nearest = min if kpi.good is Good.UP else max
    week = levels.get(start - DAYS * DAY_S)
    return (nearest(days), FALLS_BY_SURELY) if week is None else (nearest(week, median(days)), FALLS_BY)


def _is_beyond(kpi: Kpi, level: float, usual: float, part: float) -> bool:
    if kpi.good is Good.UP:
        return usual > 0 and level <= (1 - part) * usual
    return level > 0 and level >= usual / (1 - part)


@lru_cache(maxsize=64)
def _scored(times: tuple[int, ...], values: tuple[float, ...], direction: Direction) -> tuple[float, ...]:
    """Remembered, since the blocks change once in ten minutes and passes come every few seconds."""
    return tuple(scores([float(time) for time in times], values, direction).tolist())
