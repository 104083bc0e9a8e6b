"""Requests take longer at the entry: which hop took the added time, and whether a call is slow or a cache misses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from triage.detectors.hops import Blame, Hop, Hops, blame
from triage.detectors.onset import Run, run_of_failures
from triage.detectors.rates import RECENT_S, Rates
from triage.detectors.wording import clock, milliseconds, name, out_of
from triage.entries import entry_services
from triage.model import Question
from triage.symptom import Ask, Severity, Symptom
from triage.window import Window

CRITICAL_NAME = re.compile(r"checkout|order|payment|purchase|/pay\b|/buy\b", re.IGNORECASE)
"""What is critical where the settings name nothing."""
LONGER = 1.5
"""Times the usual mean that requests must take…"""
LONGER_MS = 80.0
"""…and so much more, to matter."""
NOTICED, NOTICED_MS = 1.3, 56.0
"""Times the usual mean, and ms more, from which on requests are looked at, and their time is not called usual."""
EXAMINED = 3
ADDED_OVER_S = (20, 60, 300)
SLICE = timedelta(minutes=5)
USUAL = timedelta(hours=1)
SLOW_USUALLY = 0.01
ENOUGH = 20
"""Of fewer usual requests, what nearly all of them take is not known: the slowest of a few is nothing special."""
ROUND_MS = tuple(base * 10.0**power for power in range(6) for base in (1, 2, 5))
LOOKED_AT = 50

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Entry:
    """An entry operation that may be slow: when all was as usual, and what requests take more since."""

    service: str
    operation: str
    usual: Window
    added_ms: float
    is_critical: bool
    entered_at: Sequence[str]

    @property
    def order(self) -> tuple[bool, float, str]:
        """What customers buy by comes first, then what takes most time more."""
        return not self.is_critical, -self.added_ms, self.operation


@dataclass(frozen=True)
class Slow:
    """An entry operation whose requests take longer, for sure: since when, and how long in the clearest window."""

    entry: Entry
    mean_ms: float
    usual_ms: float
    slow: int
    requests: int
    since: datetime
    is_ongoing: bool


def slow_checkout(window: Window, ask: Ask, critical: Sequence[str] = ()) -> Iterator[Symptom]:
    """One symptom for each service, or partner, that makes requests slow; told of the entry that matters most.

    `critical` names operations, with * for any text; of none, the words in their names tell.
    """
    blamed: set[str | tuple[str, str, str]] = set()
    looked_at: list[Hop] = []  # of all entries: a cache that serves several says little of itself in each
    entries = sorted(_candidates(window, ask, critical), key=lambda each: each.order)
    usual = min((entry.usual for entry in entries), key=lambda each: each.to, default=window)
    for entry in entries[:EXAMINED]:
        slow = _slow(window, ask, replace(entry, usual=usual))
        if slow is None:
            continue
        hops = _hops(window, ask, slow)
        looked_at += hops.all
        found = blame(hops, slow.mean_ms - slow.usual_ms, Hops(looked_at).caches)
        if found is None or {found.suspect, found.hop} & blamed:  # what adds most is one call: one cause
            continue
        if symptom := _symptom(window, ask, slow, hops, found):
            blamed |= {found.suspect, found.hop}
            yield symptom


def _candidates(window: Window, ask: Ask, critical: Sequence[str]) -> Iterator[Entry]:
    entered_at = entry_services(ask, window.to)
    frame = ask("detect/entry_durations", entry_services=entered_at, **{"from": window.from_}, to=window.to)
    for row in frame.iter_rows(named=True):
        starts, requests, total_ms = (
            np.array(row[each], dtype=float) for each in ("slices", "requests", "durations_ms")
        )
        is_old = starts < window.to.timestamp() - RECENT_S
        means = total_ms / np.maximum(requests, 1)
        if not is_old.any():
            continue
        ordinary = _ordinary(means[is_old], means[starts < window.from_.timestamp()])
        was_slow = is_old & (means > max(NOTICED * ordinary, ordinary + NOTICED_MS))
        usual = _usual(starts[is_old], was_slow[is_old], window)
        added = [_added(starts, requests, total_ms, window, seconds, ordinary) for seconds in ADDED_OVER_S]
        if usual and max(added) > 0:
            operation = str(row["operation"])
            is_critical = _is_critical(operation, critical)
            yield Entry(str(row["service"]), operation, usual, max(added), is_critical, entered_at)


def _is_critical(operation: str, critical: Sequence[str]) -> bool:
    if not critical:
        return bool(CRITICAL_NAME.search(operation))
    return any(fnmatchcase(operation.lower(), pattern.lower()) for pattern in critical)


def _ordinary(means: Numbers, earlier: Numbers) -> float:
    """The mean that is usual, in ms: of half of the time, or little more than in the quicker quarter.

    The quicker quarter also of the hours and days before: so what has been slow for hours does not become usual.
    """
    quick = [float(np.quantile(each, 0.25)) for each in (means, earlier) if len(each)]
    return min(float(np.median(means)), min(quick) * LONGER)


def _added(
    starts: Numbers, requests: Numbers, total_ms: Numbers, window: Window, seconds: int, ordinary: float
) -> float:
    """The time that requests took more in a window that ends now, 0 where that is nothing to speak of."""
    late = starts >= window.to.timestamp() - seconds
    mean = float(total_ms[late].sum() / max(requests[late].sum(), 1))
    return mean - ordinary if mean > max(NOTICED * ordinary, ordinary + NOTICED_MS) else 0.0


def _usual(starts: Numbers, was_slow: Flags, window: Window) -> Window | None:
    """The hour that ends before the last slices that were slow, with a slice between; None where there is none.

    Where all were slow that are looked back over, it ends with one of those hours or days ago.
    """
    calm = len(starts)
    while calm and was_slow[calm - 1]:
        calm -= 1
    if not calm:
        return None
    ends = starts[calm - 1] + SLICE.total_seconds()
    end = min(datetime.fromtimestamp(float(ends), UTC), window.to - SLICE)
    end -= SLICE if calm < len(starts) or len(starts) > 1 else timedelta()
    from_ = max(window.from_, end - USUAL) if end > window.from_ else end - USUAL
    return Window(from_, end) if from_ < end else None


def _slow(window: Window, ask: Ask, entry: Entry) -> Slow | None:
    """The same entry looked at request by request: None where too few took longer than nearly all usually do."""
    since = window.to - timedelta(seconds=RECENT_S)
    row = ask(
        "detect/entry_tail",
        usual_from=entry.usual.from_,
        usual_to=entry.usual.to,
        **{"from": since},
        to=window.to,
        service=entry.service,
        operation=entry.operation,
        entry_services=entry.entered_at,
    ).row(0, named=True)
    starts, durations = np.array(row["starts"], dtype=float), np.array(row["durations_ms"], dtype=float)
    if row["usual_requests"] < ENOUGH or not len(starts):
        return None
    limit = max(row["usual_p99_ms"], row["usual_mean_ms"] + LONGER_MS)
    is_slow = durations > limit
    rates = _rates(starts, is_slow, int(row["usual_requests"]), since)
    excess = rates.excess
    late = durations[starts >= window.to.timestamp() - excess.window_s]
    mean = float(late.mean()) if len(late) else 0.0
    added = mean - row["usual_mean_ms"]
    if not excess.is_sure or added < LONGER_MS or mean < LONGER * row["usual_mean_ms"]:
        return None
    begun = starts[is_slow & (starts >= _begin(starts, is_slow, excess.window_s, window.to))]
    return Slow(
        entry, mean, float(row["usual_mean_ms"]), excess.failures, excess.requests,
        datetime.fromtimestamp(float(begun.min()), UTC), rates.is_ongoing,
    )  # fmt: skip


def _begin(starts: Numbers, is_slow: Flags, window_s: int, now: datetime) -> float:
    """When, within the last five minutes, the stretch of slow requests began that the window is a part of."""
    begin = now.timestamp() - window_s
    share = is_slow[starts >= begin].mean() / 3
    while (earlier := is_slow[(starts >= begin - 10) & (starts < begin)]).size and earlier.mean() >= share:
        begin -= 10
    return float(begin)


def _rates(starts: Numbers, is_slow: Flags, usual_requests: int, since: datetime) -> Rates:
    places = ((starts - since.timestamp()) // 10).astype(int).clip(0, RECENT_S // 10 - 1)
    requests, slow = np.zeros(RECENT_S // 10), np.zeros(RECENT_S // 10)
    np.add.at(requests, places, 1)
    np.add.at(slow, places, is_slow)
    return Rates(requests, slow, np.array([usual_requests], float), np.array([usual_requests * SLOW_USUALLY]))


def _hops(window: Window, ask: Ask, slow: Slow) -> Hops:
    frame = ask(
        "detect/hops",
        usual_from=slow.entry.usual.to - timedelta(minutes=15),
        usual_to=slow.entry.usual.to,
        **{"from": slow.since},
        to=window.to,
        service=slow.entry.service,
        operation=slow.entry.operation,
        entry_services=slow.entry.entered_at,
        traces=LOOKED_AT,
    )
    return Hops.of(frame)


def _symptom(window: Window, ask: Ask, slow: Slow, hops: Hops, found: Blame) -> Symptom | None:
    entry, service = slow.entry, hops.waiting(slow.entry.service)
    limit_ms = _limit(ask, service, entry.usual)
    run = _run(window, ask, service, limit_ms, slow)
    if run is None:
        return None
    to = None if slow.is_ongoing else run.last + timedelta(microseconds=1)
    kind = "partner" if found.is_partner else "service"
    return Symptom(
        detector="slow_checkout",
        subject={kind: found.suspect},
        from_=run.first,
        to=to,
        severity=Severity.CRITICAL if entry.is_critical else Severity.WARNING,
        sentence=(
            f"{name(entry.operation)} takes {milliseconds(slow.mean_ms)} on average, usually "
            f"{milliseconds(slow.usual_ms)} ({out_of(slow.slow, slow.requests)} requests are slower than nearly all "
            f"usually are), since {clock(run.first, window.to)}; {name(found.suspect)} makes them wait"
        ),
        value=slow.mean_ms,
        usual=slow.usual_ms,
        unit="ms",
        cause=found.cause,
        because=found.because,
        question=Question(run.first, to or window.to, service=service, slower_than_ms=limit_ms),
        suspect=found.suspect,
        services=frozenset({found.suspect}),
        labels={"gateway": entry.service, "operation": entry.operation, "waiting": service},
    )


def _limit(ask: Ask, service: str, usual: Window) -> float:
    """The next round number (1, 2, 5, 10 … ms) above what all but one in a thousand of its spans usually take."""
    row = ask("detect/span_tail", usual_from=usual.from_, usual_to=usual.to, service=service).row(0, named=True)
    tail = float(row["tail_ms"]) if row["spans"] else 0.0
    return next((number for number in ROUND_MS if number > tail), tail)


def _run(window: Window, ask: Ask, service: str, limit_ms: float, slow: Slow) -> Run | None:
    """When the spans that the question would count began."""
    seconds = ask(
        "detect/slow_seconds",
        **{"from": max(slow.entry.usual.to, window.from_)},
        to=window.to,
        service=service,
        slower_than_ns=int(limit_ms * 1_000_000),
    )
    usual_rate = 0.001 * slow.requests / RECENT_S
    return run_of_failures(seconds, usual_rate, window.to, RECENT_S)
