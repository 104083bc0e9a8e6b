"""Nothing arrives from a service that used to report: judged by when data arrived, not by what time it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import log
from typing import cast

import numpy as np
import numpy.typing as npt

from triage.detectors.wording import clock, name
from triage.symptom import Ask, Cause, Severity, Symptom
from triage.window import Window

LEAST_SILENT = 4
"""Minutes."""
LEAST_HEARD = 15
"""Minutes in which a sender must have been heard…"""
STEADY = 0.5
"""…and their share of those from its first to its last, for its silence to say anything."""
LONGEST_GAPS = 3
"""Times its own longest gap that a silence must last."""
LATELY = 15
"""Minutes before a silence that say how often a sender was heard: in the evening it is heard less and less."""
UNLIKELY = 16.0
"""Nats: at that rate chance brings so long a silence once in e^16 times."""
AROUND = 5
"""Minutes before and after each of the same time on an earlier day that say how often it was heard then."""
VISIT = 4
"""Minutes that a person's visit lasts: what is sent in it comes, or does not, together."""
BURST = 5
"""Times the median deviation of minutes from their median: what one has above that is a burst of its own."""
LEAST_MISSED = 30
"""Spans that there would have been since, had the sender kept its share of all."""

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Heard:
    """When a sender was heard: minutes since 1970, in order, and how many spans it sent in all."""

    minutes: Counts
    spans: int

    @staticmethod
    def of(row: Mapping[str, object]) -> Heard:
        """From a row of queries/detect/silent_services.sql."""
        return Heard(np.array(cast(list[int], row["seen"]), dtype=np.int64) // 60, sum(cast(list[int], row["spans"])))

    @property
    def is_steady(self) -> bool:
        """Whether it was heard often enough."""
        over = self.minutes[-1] - self.minutes[0] + 1
        return len(self.minutes) >= LEAST_HEARD and len(self.minutes) >= STEADY * over

    def is_silent(self, now: int) -> bool:
        """Whether it has been quiet for far longer than it ever was in between, and than chance would have it."""
        silent = now - int(self.minutes[-1]) - 1
        longest = int(np.diff(self.minutes).max(initial=1)) - 1
        if silent < max(LEAST_SILENT, LONGEST_GAPS * (longest + 1)):
            return False
        lately = int((self.minutes > self.minutes[-1] - LATELY).sum())
        return -silent * log(1 - lately / (LATELY + 1)) >= UNLIKELY


@dataclass(frozen=True)
class Traffic:
    """What all services sent: minutes since 1970, and the spans up to the end of each."""

    minutes: Counts
    spans: Counts

    @property
    def each(self) -> npt.NDArray[np.float64]:
        """The spans of each minute from the first to the last in which there were some, without what was a burst.

        Only where this is silent all are: an import, or a job's batch, is no visit that might have stayed away.
        """
        sent = np.diff(self.spans, prepend=0)
        median = np.median(sent)
        spans = np.zeros(self.minutes[-1] - self.minutes[0] + 1)
        spans[self.minutes - self.minutes[0]] = np.minimum(sent, median + BURST * np.median(np.abs(sent - median)))
        return spans

    @property
    def of_a_visit(self) -> float:
        """The spans that come together, by how much minutes differ from those around them (the index of dispersion)."""
        each = self.each
        if len(each) <= 2 * AROUND:
            return float(each.sum())
        usual = np.convolve(each, np.full(2 * AROUND + 1, 1 / (2 * AROUND + 1)), "valid")
        return max(1.0, VISIT * float(((each[AROUND:-AROUND] - usual) ** 2).sum() / usual.sum()))

    def nats_of_silence(self, silent: int) -> float:
        """How unlikely so many minutes without anything are: the visits missed, had it got quieter as it did before."""
        each = self.each
        before, lately = each[-2 * LATELY : -LATELY].sum(), each[-LATELY:].sum()
        share = min(1.0, lately / before) if before else 1.0
        missed = lately / LATELY * (share ** (np.arange(1, silent + 1) / LATELY)).sum()
        return float(missed / self.of_a_visit)

    @staticmethod
    def of(row: Mapping[str, object]) -> Traffic:
        """From the first row of queries/detect/silent_services.sql."""
        return Traffic(Heard.of(row).minutes, np.cumsum(np.array(cast(list[int], row["spans"]), dtype=np.int64)))

    def goes_on_without(self, one: Heard) -> bool:
        """Whether the others sent far more since it was heard last than they ever did in between.

        At its share of all spans there would have been a good many of its own, too: a night in which all is quiet says
        nothing of one.
        """
        until, before = self._until(one.minutes), self._until(one.minutes - 1)
        largest = (before[1:] - until[:-1]).max(initial=0)
        usually, since = until[-1] / len(one.minutes), self.spans[-1] - until[-1]
        missed = since * one.spans / until[-1]
        return bool(since >= LONGEST_GAPS * (largest + usually) and missed >= LEAST_MISSED)

    def _until(self, minutes: Counts) -> Counts:
        """Spans up to these minutes, those of the minutes too."""
        places = np.searchsorted(self.minutes, minutes, side="right")
        return np.concatenate([[0], self.spans])[places]


def _is_odd_at_this_time(ask: Ask, service: str, last: int, now: datetime) -> bool:
    """Whether so long a silence is unlikely by some earlier day, minute by minute: not where it closes each night."""
    around = timedelta(minutes=AROUND)
    since = datetime.fromtimestamp(60 * (last + 1), UTC)
    days = ask("detect/heard_before", **{"from": since - around}, to=now + around, service=service)["seen"].to_list()
    minutes = int((now - since).total_seconds()) // 60 + 2 * AROUND
    return not days or max(_nats(np.isin(np.arange(minutes), seen)) for seen in days) >= UNLIKELY


def _nats(heard: npt.NDArray[np.bool_]) -> float:
    """How unlikely silence was in these minutes, but for those around them."""
    shares = np.convolve(heard, np.ones(2 * AROUND + 1), "valid") / (2 * AROUND + 2)
    return float(-np.log(1 - shares).sum())


def no_data(window: Window, ask: Ask) -> Iterator[Symptom]:
    """One symptom for each service that fell silent; a single one where all did.

    A sender that was heard in less than 15 minutes, or in fewer than half of them, is no steady one.
    """
    whole = window.to.replace(second=0, microsecond=0)
    now = int(whole.timestamp()) // 60
    found = ask("detect/silent_services", **{"from": window.from_}, to=whole).rows(named=True)
    rows = [(str(row["service"]), Heard.of(row)) for row in found[1:]]
    steady = [(service, heard) for service, heard in rows if heard.is_steady]
    if not steady:
        return
    together, traffic = Heard.of(found[0]), Traffic.of(found[0])
    if together.is_silent(now):
        last = int(together.minutes[-1])
        if traffic.nats_of_silence(now - last - 1) >= UNLIKELY and _is_odd_at_this_time(ask, "", last, whole):
            yield _symptom("" if len(rows) > 1 else steady[0][0], [service for service, _ in steady], last, whole)
        return
    for service, heard in steady:
        last = int(heard.minutes[-1])
        if heard.is_silent(now) and traffic.goes_on_without(heard) and _is_odd_at_this_time(ask, service, last, whole):
            yield _symptom(service, [service], last, whole)


def still_unheard(ask: Ask, symptom: Symptom, now: datetime) -> Symptom | None:
    """The same of now, if nothing has arrived since it was found; None once something has."""
    service = "" if symptom.subject["service"] == "*" else symptom.subject["service"]
    if now <= symptom.from_:  # the clock was set back
        return symptom
    if ask("detect/heard_since", **{"from": symptom.from_}, to=now, service=service)["spans"][0]:
        return None
    last = int(symptom.from_.timestamp()) // 60 - 1
    return _symptom(service, sorted(symptom.services), last, now.replace(second=0, microsecond=0))


def _symptom(service: str, services: Sequence[str], last: int, now: datetime) -> Symptom:
    since = datetime.fromtimestamp(60 * (last + 1), UTC)
    minutes = (now - since).total_seconds() / 60
    who = name(service) if service else f"any of the {len(services)} services that report"
    return Symptom(
        detector="no_data",
        subject={"service": service or "*"},
        from_=since,
        to=None,
        severity=Severity.WARNING if service else Severity.CRITICAL,
        sentence=f"Nothing has arrived from {who} for {minutes:.0f} min, since {clock(since, now)}",
        value=minutes,
        usual=0.0,
        unit="min",
        cause=Cause.SENDER_SILENT,
        because="it was heard steadily before"
        if service
        else "all were heard steadily before: look at the way in first",
        suspect=service,
        services=frozenset(services),
    )
