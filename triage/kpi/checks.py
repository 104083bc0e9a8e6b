"""The three things to look at first: errors at the gateway, latency there, and the business figures.

`checks` judges each for a window. `in_a_line` says them as the pages, Slack and the terminal do:

    ▲ gateway errors 12.4 % (usually 0.2 %) · latency as usual · ▲ conversion 1.9 % (usually 3.1–3.4 %)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from triage.chance import SURE, surprise
from triage.kpi.figures import Good, Kind, Kpi
from triage.kpi.named import kpis_of
from triage.kpi.usual import (
    FOLLOW_THE_HOUR,
    MESSAGES,
    REQUESTS,
    SAME_TIME,
    Entries,
    Usual,
    before_usually,
    days_usually,
    entries_and_usually,
    just_before,
    usual_of,
)
from triage.kpi.values import MINUTE_S, Measured, minutes, over, whole_minutes
from triage.kpi.wording import band, figure
from triage.symptom import Ask
from triage.window import Window

MINUTE = timedelta(seconds=MINUTE_S)
GATEWAY_ERRORS, LATENCY, KPI = "gateway_errors", "latency", "kpi:"
LEAST_REQUESTS = 20
AT_LEAST, AT_MOST = timedelta(minutes=1), timedelta(minutes=10)
"""How much of an incident's time its checks look at."""
NOT_KNOWN_YET = "what is usual is not known yet"
LEAST_RATIO, TIMES_USUAL = 0.02, 3.0
SLOWER, SLOWER_MS = 1.5, 50.0
FALLS_BY = 0.25
"""The part of its usual value that a figure must lose."""
FALLS_BY_SURELY = 0.5
"""The same for a figure that follows the hour, where no earlier day tells what is usual at this one."""


class State(StrEnum):
    """How a check stands against what is usual."""

    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"


SIGNS = {State.OK: "·", State.BAD: "▲", State.UNKNOWN: "?"}


@dataclass(frozen=True)
class Check:
    """A figure in a window, what is usual, and how it stands; None of what is not known.

    `name` is for programs (`gateway_errors`, `latency`, `kpi:NAME`), `title` for people. `low` and `high` are the band
    that the usual values keep to, in the same `unit`: "ratio", "ms", or the figure's own (UCUM). `entries` are what
    enters that it is of, requests or messages; "" of a business figure.
    """

    name: str
    title: str
    state: State
    value: float | None
    usual: Usual
    unit: str
    good: Good = Good.DOWN
    entries: str = ""

    @property
    def is_as_usual(self) -> bool:
        """Whether it is on the good side of its band, or in it: what is worse may still be too little to matter."""
        if self.state is not State.OK or self.value is None or self.usual.middle is None:
            return False
        edge = self.usual.low if self.good is Good.UP else self.usual.high
        return edge is None or (self.value >= edge if self.good is Good.UP else self.value <= edge)

    @property
    def is_within(self) -> bool:
        """Whether it lies in its band: where both are told, what is better is not as usual either."""
        return self.is_as_usual and self.value is not None and self.usual.holds(self.value)

    @property
    def sentence(self) -> str:
        """What there is to say, in words."""
        if self.value is None:
            return f"{_begun(self.title)}: unknown, nothing was heard of it in this window"
        said = f"{_begun(self.title)} {_are(self.title)} {figure(self.value, self.unit)}"
        if self.usual.middle is None:
            return f"{said}; {NOT_KNOWN_YET}"
        usually = f"usually {band(self.usual, self.unit)} ({self.usual.since})"
        if self.state is State.UNKNOWN:
            return f"{said}, {usually}; too little to judge by"
        return f"{said}, as usual ({band(self.usual, self.unit)})" if self.is_within else f"{said}, {usually}"

    @property
    def brief(self) -> str:
        """Its part of the line: with its sign where it is unusual, so that colour is not needed."""
        if self.value is None or self.state is State.UNKNOWN:
            return f"{self.title} unknown"
        if self.is_as_usual:
            return f"{self.title} as usual"
        sign = f"{SIGNS[State.BAD]} " if self.state is State.BAD else ""
        known = self.usual.middle is not None
        usually = f"usually {band(self.usual, self.unit)}" if known else NOT_KNOWN_YET
        return f"{sign}{self.title} {figure(self.value, self.unit)} ({usually})"


def checks(ask: Ask, window: Window, began: datetime | None = None) -> Iterator[Check]:
    """Gateway errors, latency, then each business figure, in order. Raises StoreError.

    What is usual is taken from before the window, or from before `began`, the moment since when it was not as usual; by
    earlier days at the time of the window.
    """
    like = Window(began, began + window.length) if began and began < window.from_ else window
    yield from _entries(ask, window, like)
    yield from _kpis(ask, whole_minutes(window), whole_minutes(like).from_)


def checks_of(ask: Ask, began: datetime, until: datetime) -> Iterator[Check]:
    """The checks of what began and lasts, or lasted, until then: over its last minutes, against what was before it."""
    from_ = min(max(began, until - AT_MOST), until - AT_LEAST)
    return checks(ask, Window(from_, until), began)


def first_three(found: Iterable[Check]) -> tuple[Check, ...]:
    """What there is room for in a line: errors, latency, and the business figures that are unusual, else the first."""
    every = list(found)
    figures = [each for each in every if each.name.startswith(KPI)]
    unusual = [each for each in figures if each.state is State.BAD]
    return (*(each for each in every if each not in figures), *(unusual[:2] or figures[:1]))


def in_a_line(found: Iterable[Check]) -> str:
    """The checks in one line of plain text, made of `first_three`; "" of none."""
    return " · ".join(check.brief for check in first_three(found))


def _entries(ask: Ask, window: Window, like: Window) -> Iterator[Check]:
    found = entries_and_usually(ask, window, like)
    yield max((_errors(kind, *each) for kind, each in found.items()), key=_gravity)
    yield _latency(*found[REQUESTS])  # nobody waits for messages


def _errors(kind: str, now: Entries | None, past: Sequence[Entries], since: str) -> Check:
    usual = usual_of((each.ratio for each in past), since)
    failing = now is not None and _fails_more(now, usual.high or 0.0)
    ratio = now.ratio if now else None
    is_plain = ratio == 0 or (ratio or 0.0) > LEAST_RATIO  # whatever is usual
    state = _state(_are_enough(now) and (is_plain or usual.high is not None), failing)
    title = "errors of messages" if kind == MESSAGES else "gateway errors"
    return Check(GATEWAY_ERRORS, title, state, ratio, usual, "ratio", entries=kind)


def _latency(now: Entries | None, past: Sequence[Entries], since: str) -> Check:
    usual = usual_of((each.p95_ms for each in past), since)
    p95_ms = now.p95_ms if now else None
    known = _are_enough(now) and usual.high is not None
    slow = (p95_ms or 0.0) > SLOWER * (usual.high or 0.0) + SLOWER_MS
    return Check(LATENCY, "latency", _state(known, slow), p95_ms, usual, "ms", entries=REQUESTS)


def _are_enough(now: Entries | None) -> bool:
    return now is not None and now.requests >= LEAST_REQUESTS


def _gravity(check: Check) -> tuple[int, bool, float]:
    """What is bad first, what looks so though it is too little to judge by, what is well; of what is bad, the worst."""
    ratio = check.value or 0.0
    looks_bad = check.entries == REQUESTS and ratio > max(LEAST_RATIO, TIMES_USUAL * (check.usual.high or 0.0))
    places = {State.BAD: 3, State.UNKNOWN: 2 if looks_bad else 0, State.OK: 1}
    return places[check.state], check.value is not None, ratio if check.state is State.BAD else 0.0


def _fails_more(now: Entries, usual: float) -> bool:
    """Whether more requests fail than usual: so many that it matters, or few of many, but surely not by chance."""
    if now.ratio <= TIMES_USUAL * usual:
        return False
    chance = max(usual, 1 / (LEAST_REQUESTS * now.requests))
    return now.ratio > LEAST_RATIO or surprise(now.errors, now.requests, chance) >= SURE


def _kpis(ask: Ask, window: Window, since: datetime) -> Iterator[Check]:
    """The figures in a window from a whole minute on, against what was usual for as many minutes since that minute."""
    kpis = kpis_of(ask)
    if not kpis:
        return
    like = Window(since, since + -(-window.length // MINUTE) * MINUTE)
    by_day = days_usually(ask, kpis, Window(window.from_, window.from_ + like.length), like)
    found, earlier = _minutes(ask, kpis, window, like)
    for kpi in kpis:
        now = over(kpi, found[kpi], window)
        usual = by_day.get(kpi) or before_usually(kpi, earlier[kpi], window, like)
        if kpi.kind is Kind.SUM:  # the window's last minute may only have begun
            usual = usual.times(window.length / like.length)
        known = now is not None and usual.middle is not None
        state = _state(known, is_worse(kpi, now, usual))
        yield Check(f"{KPI}{kpi.name}", kpi.name, state, now, usual, kpi.unit, kpi.good)


def _minutes(
    ask: Ask, kpis: Sequence[Kpi], window: Window, like: Window
) -> tuple[Mapping[Kpi, Measured], Mapping[Kpi, Measured]]:
    """The figures by minute, in the window and before what it is compared with: in one reading, if they adjoin."""
    stretches = just_before(like).bounds
    before = Window(stretches[-1].from_, stretches[0].to)
    if before.to == window.from_:
        found = minutes(ask, kpis, Window(before.from_, window.to))
        return found, found
    return minutes(ask, kpis, window), minutes(ask, kpis, before)


def is_worse(kpi: Kpi, now: float | None, usual: Usual) -> bool:
    """Whether a figure lies beyond its band, and so far that it matters."""
    if now is None or usual.middle is None or usual.low is None or usual.high is None:
        return False
    is_alike = kpi.kind not in FOLLOW_THE_HOUR or usual.since == SAME_TIME
    part = FALLS_BY if is_alike else FALLS_BY_SURELY
    if kpi.good is Good.UP:
        return now < usual.low and usual.middle - now >= part * abs(usual.middle)
    return now > usual.high and now - usual.middle >= part / (1 - part) * abs(usual.middle)


def _state(known: bool, bad: bool) -> State:
    if not known:
        return State.UNKNOWN
    return State.BAD if bad else State.OK


def _begun(title: str) -> str:
    return title[:1].upper() + title[1:]


def _are(title: str) -> str:
    return "are" if title.endswith("s") else "is"
