"""A business figure's values by interval: measured from the telemetry, or as they were kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from queries.store import Value as StoreValue
from triage.kpi.figures import Good, Kind, Kpi, Signal, Source
from triage.symptom import Ask
from triage.window import Window

MINUTE_S = 60
SETTLED = timedelta(minutes=5)
"""The latest minutes are measured again when asked, however fresh what is kept."""
LATE = timedelta(minutes=3)
"""So long after an interval began, a report of it may still be on its way."""
STEADY = 0.5
"""What is reported in so many of its minutes is reported steadily: none of it is silence, and not nothing."""
QUESTIONS = {Signal.SPAN: "kpi/spans", Signal.LOG: "kpi/logs"}

Parts: TypeAlias = tuple[float, float]
"""Of an interval: what the figure grew by, of a gauge the sum of what was said; and what that is for each of."""
Measured: TypeAlias = dict[int, Parts]
"""By the start of the interval, epoch seconds; those of which nothing is known are left out."""
Reported: TypeAlias = dict[tuple[Source, bool], Measured]
"""What each source said, and whether it is read as a gauge."""


@dataclass(frozen=True)
class Value:
    """A figure in the interval that begins at `time`; of a ratio `of` is what it is a share of. None of nothing."""

    time: datetime
    value: float | None
    of: float | None = None


def values(ask: Ask, kpi: Kpi, window: Window, step_s: int = MINUTE_S) -> list[Value]:
    """The figure by interval, in order, with those left out of which nothing is known. Raises StoreError.

    Intervals are whole multiples of their length since 1970, so the first may begin before the window does; only what
    lies in the window counts. Those of whole minutes come from what is kept, and from telemetry where that is newer.
    """
    if step_s % MINUTE_S:
        return [
            _value(kpi, start, [parts], window, step_s, step_s)
            for start, parts in measured(ask, kpi, window, step_s).items()
        ]
    grouped: dict[int, list[Parts]] = {}
    for minute, parts in sorted(known(ask, kpi, window).items()):
        grouped.setdefault(minute // step_s * step_s, []).append(parts)
    return [_value(kpi, start, parts, window, step_s, MINUTE_S) for start, parts in grouped.items()]


def minutes(ask: Ask, kpis: Iterable[Kpi], window: Window) -> dict[Kpi, Measured]:
    """The parts of each minute of each figure: as kept, but the latest and one that the window cuts are measured."""
    by_digest = {kpi.digest: kpi for kpi in kpis}
    until = {digest: minute for digest, minute, _ in ask("kpi/kept_until", kpis=[*by_digest]).iter_rows()}
    found: dict[str, Measured] = {digest: {} for digest in by_digest}
    first = _up(window.from_)
    kept_to = {digest: min(_down(window.to), _settled(minute)) for digest, minute in until.items()}
    kept_to = {digest: to for digest, to in kept_to.items() if first < to}
    if kept_to:
        rows = ask("kpi/kept", kpis=[*kept_to], **{"from": first}, to=max(kept_to.values())).iter_rows()
        for digest, minute, part, of in rows:
            if minute < kept_to[digest].timestamp():
                found[digest][minute] = (part, of)
    for missing, digests in _missing(window, first, by_digest, kept_to).items():
        reported = all_reported(ask, [by_digest[digest] for digest in digests], missing)
        for digest in digests:
            found[digest] |= together(by_digest[digest], reported, window.to)
    return {kpi: found[kpi.digest] for kpi in kpis}


def _settled(last_minute: int) -> datetime:
    return datetime.fromtimestamp(last_minute, UTC) - SETTLED


def _missing(
    window: Window, first: datetime, digests: Iterable[str], kept_to: Mapping[str, datetime]
) -> dict[Window, list[str]]:
    """What of the window must be measured, and for which figures."""
    missing: defaultdict[Window, list[str]] = defaultdict(list)
    for digest in digests:
        is_kept = digest in kept_to
        parts = [(window.from_, first), (kept_to[digest], window.to)] if is_kept else [(window.from_, window.to)]
        for from_, to in parts:
            if from_ < to:
                missing[Window(from_, to)].append(digest)
    return missing


def known(ask: Ask, kpi: Kpi, window: Window) -> Measured:
    """The same of one figure."""
    return minutes(ask, [kpi], window)[kpi]


def measured(ask: Ask, kpi: Kpi, window: Window, step_s: int = MINUTE_S) -> Measured:
    """The parts of each interval, from the telemetry itself, in order. Raises StoreError."""
    return together(kpi, all_reported(ask, [kpi], window, step_s), window.to, step_s)


def all_reported(ask: Ask, kpis: Sequence[Kpi], window: Window, step_s: int = MINUTE_S) -> Reported:
    """What the figures are made from, each asked once, and all counters together. Raises StoreError."""
    every = dict.fromkeys((source, kpi.kind) for kpi in kpis for source in kpi.sources)
    counters = dict.fromkeys(source for source, kind in every if _is_counter(source, kind))
    reported: Reported = {
        (source, False): parts for source, parts in _counters(ask, list(counters), window, step_s).items()
    }
    for source, kind in every:
        if (key := (source, kind is Kind.GAUGE)) not in reported:
            reported[key] = _source(ask, source, kind, window, step_s)
    return reported


def parts_of(kpi: Kpi, reported: Reported) -> list[Measured]:
    """What the sources of the figure said."""
    return [reported[source, kpi.kind is Kind.GAUGE] for source in kpi.sources]


def awaited(kpi: Kpi, reported: Reported) -> list[Measured]:
    """The parts that must be reported: where less of a share is better, none of it is good news."""
    parts = parts_of(kpi, reported)
    return parts if kpi.good is Good.UP else parts[-1:]


def is_steady(part: Iterable[int], step_s: int = MINUTE_S) -> bool:
    """Whether it is reported in at least half of the minutes, or longer steps, from its first report to its last."""
    places = {start // max(step_s, MINUTE_S) for start in part}
    return bool(places) and len(places) >= STEADY * (max(places) - min(places) + 1)


def together(kpi: Kpi, reported: Reported, to: datetime, step_s: int = MINUTE_S) -> Measured:
    """The figure's parts, as told until `to`; of a ratio, one that is not told of is 0, once it is no longer late.

    But where a part that is awaited was never reported, or no longer is though it was steady, nothing is known.
    """
    first, *others = parts_of(kpi, reported)
    if not others:
        keeps_count = kpi.kind is Kind.GAUGE
        return {start: (part, of if keeps_count else 0.0) for start, (part, of) in first.items()}
    (second,) = others
    needed = awaited(kpi, reported)
    if not all(needed):
        return {}
    nothing = (0.0, 0.0)
    settled = (min(to, datetime.now(UTC)) - LATE).timestamp()
    both_until = min(max(first, default=0), max(second))
    told_until = min([max(both_until, settled), *(max(part) for part in needed if is_steady(part, step_s))])
    starts = sorted(start for start in first.keys() | second.keys() if start <= told_until)
    return {start: (first.get(start, nothing)[0], second.get(start, nothing)[0]) for start in starts}


def _source(ask: Ask, source: Source, kind: Kind, window: Window, step_s: int) -> Measured:
    wanted: dict[str, StoreValue] = {
        "from": window.from_,
        "to": window.to,
        "step_s": step_s,
        "name": source.name,
        "service": source.service,
        "keys": [key for key, _ in source.where],
        "texts": [text for _, text in source.where],
    }
    if source.signal is Signal.METRIC:
        frame = ask("kpi/gauges", **wanted)
    else:
        wanted["failed"] = "" if source.failed is None else str(source.failed).lower()
        frame = ask(QUESTIONS[source.signal], **wanted, value=source.value)
    return {start: (part, of) for start, part, of in frame.iter_rows()}


def _is_counter(source: Source, kind: Kind) -> bool:
    return source.signal is Signal.METRIC and kind is not Kind.GAUGE


def _counters(ask: Ask, sources: Sequence[Source], window: Window, step_s: int) -> dict[Source, Measured]:
    """What each grew by in each interval; they are asked for together."""
    grown: dict[Source, Measured] = {source: {} for source in sources}
    if not grown:
        return {}
    rows = ask(
        "kpi/counters",
        **{"from": window.from_},
        to=window.to,
        step_s=step_s,
        names=[source.name for source in sources],
        services=[source.service for source in sources],
        keys=[[key for key, _ in source.where] for source in sources],
        texts=[[text for _, text in source.where] for source in sources],
    ).iter_rows()
    for counter, start, part, of in rows:
        grown[sources[counter - 1]][start] = (part, of)
    return grown


def of_parts(kpi: Kpi, parts: Iterable[Parts], known_s: float) -> tuple[float | None, float | None]:
    """The figure over these intervals, of which so many seconds are known; of a ratio also what it is a share of."""
    both = list(parts)
    if not both or known_s <= 0:
        return None, None
    part, of = sum(each[0] for each in both), sum(each[1] for each in both)
    if kpi.kind in {Kind.RATIO, Kind.GAUGE}:
        return part / of if of else None, of if kpi.kind is Kind.RATIO else None
    return (part * MINUTE_S / known_s if kpi.kind is Kind.RATE else part), None


def totals(ask: Ask, kpis: Iterable[Kpi], window: Window) -> dict[Kpi, float | None]:
    """Each figure over the whole window; None where nothing is known. Raises StoreError."""
    return {
        kpi: of_parts(kpi, found.values(), _known_s(found, window))[0]
        for kpi, found in minutes(ask, kpis, window).items()
    }


def over(kpi: Kpi, found: Measured, window: Window) -> float | None:
    """The figure of minutes that are at hand: those that begin in the window."""
    inside = {
        minute: parts for minute, parts in found.items() if window.from_.timestamp() <= minute < window.to.timestamp()
    }
    return of_parts(kpi, inside.values(), _known_s(inside, window))[0]


def _value(kpi: Kpi, start: int, parts: Sequence[Parts], window: Window, step_s: int, part_s: int) -> Value:
    """Of an interval of `step_s`, of which parts of `part_s` each are known."""
    overlap_s = min(start + step_s, window.to.timestamp()) - max(start, window.from_.timestamp())
    value, of = of_parts(kpi, parts, min(part_s * len(parts), overlap_s))
    return Value(datetime.fromtimestamp(start, UTC), value, of)


def _known_s(found: Iterable[int], window: Window) -> float:
    from_, to = window.from_.timestamp(), window.to.timestamp()
    return sum(max(min(start + MINUTE_S, to) - max(start, from_), 0.0) for start in found)


def whole_minutes(window: Window) -> Window:
    """The window from the beginning of its first minute on."""
    return Window(_down(window.from_), window.to)


def _down(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _up(moment: datetime) -> datetime:
    floor = _down(moment)
    return floor if floor == moment else floor + timedelta(minutes=1)
