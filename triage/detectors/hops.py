"""Which hop took the time that requests take more: a call that got slower, or calls that a cache used to save."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import polars as pl

from triage.detectors.wording import milliseconds, name, percent
from triage.symptom import Cause

CONTAINS = 0.9
"""A service is what waits if its requests hold so much of the added time."""
HITS_FELL = 0.25
MORE_CALLS = 1.5
LEAST_MS = 1.0
MATTERS = 0.15
LEAST_LOOKUPS, FEW_LOOKUPS = 10, 5
"""In a cache, usually and now, for their hits to say anything."""


@dataclass(frozen=True)
class Hop:
    """A kind of call in the requests looked at: each figure per request, first usually, then now; times in ms.

    `lookups` are those in a cache, and how many of them hit; then the same for now.
    """

    service: str
    operation: str
    kind: str
    peer: str
    is_partner: bool
    calls: tuple[float, float]
    total_ms: tuple[float, float]
    own_ms: tuple[float, float]
    lookups: tuple[int, int, int, int]

    @property
    def added_ms(self) -> float:
        return self.own_ms[1] - self.own_ms[0]

    @property
    def call_ms(self) -> tuple[float, float]:
        """How long one call takes."""
        usual, now = (total / calls if calls else 0.0 for total, calls in zip(self.total_ms, self.calls, strict=True))
        return usual, now

    @property
    def more_calls(self) -> float:
        """Times as many calls as usual."""
        return self.calls[1] / self.calls[0] if self.calls[0] else MORE_CALLS * 2

    @property
    def slower(self) -> float:
        """Times as long a call as usual."""
        usual, now = self.call_ms
        return now / max(usual, LEAST_MS)

    @property
    def suspect(self) -> str:
        """Who is asked, or who works."""
        return self.peer if self.kind == "Client" and self.peer else self.service

    @property
    def is_frequency(self) -> bool:
        """Whether it is the number of calls that grew, more than their length."""
        return self.more_calls >= MORE_CALLS and log(self.more_calls) > log(max(self.slower, 1.0))


@dataclass(frozen=True)
class Hops:
    """All hops, the one that added most first."""

    all: Sequence[Hop]

    @staticmethod
    def of(frame: pl.DataFrame) -> Hops:
        """From the rows of queries/detect/hops.sql."""
        return Hops(
            [_hop(row) for row in frame.iter_rows(named=True) if row["usual_requests"] and row["late_requests"]]
        )

    def waiting(self, entry: str) -> str:
        """The service behind the entry whose requests hold nearly all of the added time; the entry itself if none does.

        Of several, one inside the other, the outer one: what customers ask of the shop is slow there.
        """
        added: dict[str, float] = defaultdict(float)
        spent: dict[str, float] = defaultdict(float)
        for hop in self.all:
            if hop.kind == "Server":
                added[hop.service] += hop.total_ms[1] - hop.total_ms[0]
                spent[hop.service] += hop.total_ms[1]
        most = max(added.values(), default=0.0)
        holding = [service for service, ms in added.items() if service != entry and ms >= CONTAINS * most > 0]
        return max(holding, key=lambda service: (spent[service], service), default=entry)

    @property
    def caches(self) -> Mapping[str, tuple[float, float]]:
        """Of each service whose spans tell of lookups the usual share of hits, and that of now."""
        lookups: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for hop in self.all:
            lookups[hop.service] = [sum(pair) for pair in zip(lookups[hop.service], hop.lookups, strict=True)]
        return {
            service: (usual_hits / usual, hits / now)
            for service, (usual, usual_hits, now, hits) in lookups.items()
            if usual >= LEAST_LOOKUPS and now >= FEW_LOOKUPS
        }


@dataclass(frozen=True)
class Blame:
    """Who makes requests wait, in what way, and the numbers that say so; `hop` is the call that adds most."""

    suspect: str
    is_partner: bool
    cause: Cause
    because: str
    hop: tuple[str, str, str]


def blame(hops: Hops, added_ms: float, caches: Mapping[str, tuple[float, float]]) -> Blame | None:
    """What the evidence supports; None where no hop took a good part of the added time.

    A call that usually is not there at all says nothing of its length: a cache that fell may have saved it every time.
    """
    if not hops.all or hops.all[0].added_ms < MATTERS * added_ms:
        return None
    top = hops.all[0]
    hop = top.service, top.operation, top.peer
    fell = [(usual - now, cache) for cache, (usual, now) in caches.items() if usual - now >= HITS_FELL]
    if fell and (not top.calls[0] or top.slower < 4 * max(top.more_calls, 1.0)):
        cache = max(fell)[1]
        usual, now = caches[cache]
        told = f"{name(cache)} answers {percent(now)} of its lookups itself, usually {percent(usual)}; {_told(top)}"
        return Blame(cache, False, Cause.CACHE_MISSES, told, hop)
    if top.is_frequency:
        told = f"{_told(top)}: what used to save these calls does not"
        return Blame(top.suspect, top.is_partner, Cause.CACHE_MISSES, told, hop)
    cause = Cause.ERP_SYNC if top.is_partner else Cause.SLOW_HOP
    return Blame(top.suspect, top.is_partner, cause, _told(top), hop)


def _told(hop: Hop) -> str:
    asked = f"{name(hop.operation)} of {name(hop.service)}" + (f" to {name(hop.peer)}" if hop.peer else "")
    usual, now = hop.call_ms
    return (
        f"{asked} adds {milliseconds(hop.added_ms)} to a request: {hop.calls[1]:.2g} calls of {milliseconds(now)} "
        f"each, usually {hop.calls[0]:.2g} of {milliseconds(usual)}"
    )


def _hop(row: Mapping[str, object]) -> Hop:
    usual, late = _number(row["usual_requests"]), _number(row["late_requests"])

    def each(what: str) -> tuple[float, float]:
        return _number(row[f"usual_{what}"]) / usual, _number(row[f"late_{what}"]) / late

    return Hop(
        service=str(row["hop_service"]),
        operation=str(row["hop_operation"]),
        kind=str(row["kind"]),
        peer=str(row["peer"]),
        is_partner=bool(row["is_partner_call"]),
        calls=each("calls"),
        total_ms=each("ms"),
        own_ms=each("own_ms"),
        lookups=(
            int(_number(row["usual_lookups"])),
            int(_number(row["usual_hits"])),
            int(_number(row["late_lookups"])),
            int(_number(row["late_hits"])),
        ),
    )


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)
