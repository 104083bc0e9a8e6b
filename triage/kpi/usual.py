"""What is usual for a figure: the same time of earlier days where there are enough, else the time just before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite

import numpy as np

from queries.store import Value
from triage.entries import entry_services
from triage.kpi.figures import Kind, Kpi
from triage.kpi.values import MINUTE_S, Measured, Parts, of_parts, over
from triage.symptom import Ask
from triage.window import Window

DAY = timedelta(days=1)
DAYS, LEAST_DAYS = 7, 3
BEFORE = timedelta(hours=2)
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(minutes=15)
"""Of the stretches into which the time just before is cut."""
SAME_TIME, JUST_BEFORE = "at this time of earlier days", "in the two hours before"
BEFORE_INCIDENT = "in the two hours before the incident"
FOLLOW_THE_HOUR = {Kind.RATE, Kind.SUM}
"""What another time of the day says little of."""
REQUESTS, MESSAGES = "Server", "Consumer"
"""What enters, by the kind of its spans."""


@dataclass(frozen=True)
class Usual:
    """The middle of what was, the band that nearly all of it kept to, and when that was; None of nothing."""

    middle: float | None = None
    low: float | None = None
    high: float | None = None
    since: str = JUST_BEFORE

    def holds(self, value: float) -> bool:
        """Whether a value lies in the band, as far as that is known."""
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)

    def times(self, part: float) -> Usual:
        """What is usual for a sum over so much of the time."""
        low, middle, high = (None if each is None else part * each for each in (self.low, self.middle, self.high))
        return Usual(middle, low, high, self.since)


@dataclass(frozen=True)
class Entries:
    """The requests, or the messages, that entered in a stretch of time, at least one."""

    requests: int
    errors: int
    p95_ms: float

    @property
    def ratio(self) -> float:
        """The share that failed."""
        return self.errors / self.requests


@dataclass(frozen=True)
class Stretches:
    """Stretches of time to compare a window with: the end of the latest, their length, how they follow, how many."""

    window: Window
    every: timedelta
    count: int
    since: str

    @property
    def bounds(self) -> list[Window]:
        """The latest first."""
        return [
            Window(self.window.from_ - place * self.every, self.window.to - place * self.every)
            for place in range(self.count)
        ]


def earlier_days(window: Window, like: Window) -> Stretches | None:
    """The same time of each day, back to the seventh before `like`; None for a window that is longer than a day."""
    if window.length > DAY:
        return None
    since_like = max(-((like.from_ - window.to) // DAY), 1)
    return Stretches(Window(window.from_ - DAY, window.to - DAY), DAY, since_like - 1 + DAYS, SAME_TIME)


def just_before(window: Window) -> Stretches:
    """The two hours before, in stretches as long as the window, or as can be."""
    length = min(max(window.length, SHORTEST), LONGEST)
    return Stretches(Window(window.from_ - length, window.from_), length, BEFORE // length, JUST_BEFORE)


def usual_of(values: Iterable[float | None], since: str = JUST_BEFORE) -> Usual:
    """The median, and the band without the outermost tenths, where there are enough to leave any out."""
    known = [value for value in values if value is not None and isfinite(value)]
    if not known:
        return Usual(since=since)
    low, middle, high = np.quantile(known, (0.1, 0.5, 0.9) if len(known) >= 5 else (0.0, 0.5, 1.0))
    return Usual(float(middle), float(low), float(high), since)


def entries(ask: Ask, stretches: Stretches, entered_at: Sequence[str]) -> dict[str, dict[int, Entries]]:
    """By kind, the stretches in which any entered, by how many lie after each; `entered_at`: see entry_services."""
    found: defaultdict[str, dict[int, Entries]] = defaultdict(dict)
    for kind, place, requests, errors, p95_ms in ask(
        "kpi/entries", entry_services=entered_at, **_parameters(stretches)
    ).iter_rows():
        found[kind][place] = Entries(requests, errors, p95_ms)
    return found


def entries_and_usually(
    ask: Ask, window: Window, like: Window
) -> dict[str, tuple[Entries | None, Sequence[Entries], str]]:
    """What entered in a window; what of the same kind to compare it with, before `like`; and when that was.

    Of requests always, first, and of messages where there are any.
    """
    entered_at = entry_services(ask, like.from_, window.to)
    days = earlier_days(window, like)
    count = days.count + 1 if days else 1  # in one question: its own day is the day after the earlier ones
    found = entries(ask, Stretches(window, DAY if days else window.length, count, SAME_TIME), entered_at)
    now = {REQUESTS: None} | {kind: each.pop(0) for kind, each in found.items() if 0 in each}
    past = {
        kind: {place: entered for place, entered in each.items() if _is_before(window, place, like)}
        for kind, each in found.items()
    }
    few = [kind for kind in now if len(past.get(kind, {})) < LEAST_DAYS]
    before = entries(ask, just_before(like), entered_at) if few else {}
    return {
        kind: (entered, [*before.get(kind, {}).values()], _before(window, like))
        if kind in few
        else (entered, [*past[kind].values()], SAME_TIME)
        for kind, entered in now.items()
    }


def days_usually(ask: Ask, kpis: Sequence[Kpi], window: Window, like: Window) -> dict[Kpi, Usual]:
    """What is usual for the business figures at this time of day, of those that were kept long enough before `like`.

    The window is of whole minutes: others are not kept.
    """
    days = earlier_days(window, like)
    if days is None:
        return {}
    stretches: defaultdict[str, list[tuple[Parts, int]]] = defaultdict(list)
    for digest, place, part, of, minutes in ask(
        "kpi/kept_stretches", kpis=[kpi.digest for kpi in kpis], **_parameters(days)
    ).iter_rows():
        if _is_before(window, place + 1, like):
            stretches[digest].append(((part, of), minutes * MINUTE_S))
    found = {kpi: [of_parts(kpi, [parts], known_s)[0] for parts, known_s in stretches[kpi.digest]] for kpi in kpis}
    known = {kpi: [value for value in values if value is not None] for kpi, values in found.items()}
    return {kpi: usual_of(values, days.since) for kpi, values in known.items() if len(values) >= LEAST_DAYS}


def _is_before(window: Window, days: int, like: Window) -> bool:
    return window.to - days * DAY <= like.from_


def before_usually(kpi: Kpi, found: Measured, window: Window, like: Window) -> Usual:
    """What is usual for a figure by its minutes in the two hours before `like`, a window of whole ones.

    Nothing is known of what follows the hour where the window itself is hours later.
    """
    if kpi.kind in FOLLOW_THE_HOUR and window.from_ - like.from_ > BEFORE:
        return Usual()
    before = just_before(like)
    as_long = like.length / before.window.length if kpi.kind is Kind.SUM else 1.0
    values = [value * as_long for stretch in before.bounds if (value := over(kpi, found, stretch)) is not None]
    return usual_of(values, _before(window, like))


def _before(window: Window, like: Window) -> str:
    return JUST_BEFORE if like.from_ == window.from_ else BEFORE_INCIDENT


def _parameters(stretches: Stretches) -> dict[str, Value]:
    return {
        "to": stretches.window.to,
        "length_s": _seconds(stretches.window.length),
        "every_s": max(_seconds(stretches.every), _seconds(stretches.window.length)),
        "stretches": stretches.count,
    }


def _seconds(length: timedelta) -> int:
    return max(int(length.total_seconds()), 1)
