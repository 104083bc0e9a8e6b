"""What is changed in the shop on purpose: releases, harmless as a rule, and the switch of a flag."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from random import Random

from triage.demo.catalogue import CACHE, FULFILMENT, INVENTORY, PAY_BUTTON, PRICING, SERVICES, STOREFRONT
from triage.demo.fault import Fault
from triage.demo.request import SECOND_NS

SLOT_S = 2 * 3600
RELEASED = 0.5
"""The share of such slots in which something is released."""

_OFTEN_RELEASED = (STOREFRONT, STOREFRONT, PRICING, INVENTORY, FULFILMENT, CACHE)
_VERSIONS = {service.name: service.version for service in SERVICES}
_IN_PROGRESS_NS, _DONE_NS = 60 * SECOND_NS, 2 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Release:
    """A version of a service that serves from `at_ns` on."""

    at_ns: int
    service: str
    version: str


@dataclass(frozen=True, slots=True)
class Switch:
    """A flag that gives another variant from `at_ns` on."""

    at_ns: int
    flag: str
    variant: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A change is told of at `at_ns`; `state` is how far it is then: in_progress or success."""

    at_ns: int
    change: Release | Switch
    state: str


class Calendar:
    """The ordinary releases of a shop since it opened, by seed and by the clock: then all hosts run the version."""

    def __init__(self, seed: int, opened_ns: int) -> None:
        self._seed, self._opened_ns = seed, opened_ns
        self._slot = opened_ns // SECOND_NS // SLOT_S
        self._releases: list[Release] = []
        self._times: list[int] = []
        self._patches: dict[str, int] = {}

    def until(self, at_ns: int) -> int:
        """How many there were up to a moment."""
        while self._slot * SLOT_S * SECOND_NS <= at_ns:
            self._plan(self._slot)
            self._slot += 1
        return bisect_right(self._times, at_ns)

    def first(self, count: int) -> Sequence[Release]:
        """The first so many."""
        return self._releases[:count]

    def between(self, from_ns: int, to_ns: int) -> Sequence[Release]:
        """Those in `(from_ns, to_ns]`."""
        return self._releases[bisect_left(self._times, from_ns + 1) : self.until(to_ns)]

    def _plan(self, slot: int) -> None:
        dice = Random(f"{self._seed} release {slot}")
        at_ns = int((slot + dice.random()) * SLOT_S) * SECOND_NS
        if dice.random() >= RELEASED or at_ns <= self._opened_ns:
            return
        service = dice.choice(_OFTEN_RELEASED)
        patch = self._patches[service] = self._patches.get(service, 0) + 1
        major, minor, usual = _VERSIONS[service].split(".")
        self._releases.append(Release(at_ns, service, f"{major}.{minor}.{int(usual) + patch}"))
        self._times.append(at_ns)


class Notices:
    """Says what is told of changes, of the ordinary ones and of those that come with a fault."""

    def __init__(self, calendar: Calendar, opened_ns: int, faults: Sequence[Fault]) -> None:
        self._calendar, self._faults = calendar, tuple(faults)
        self._told_ns = self._opened_ns = opened_ns
        self._told: set[Notice] = set()

    def until(self, now_ns: int) -> Iterator[Notice]:
        """What is told up to then, and was not yet."""
        changes: list[Release | Switch] = [*self._calendar.between(self._told_ns, now_ns + _IN_PROGRESS_NS)]
        changes += [change for fault in self._faults for change in _with_fault(fault) if change.at_ns > self._opened_ns]
        self._told_ns = now_ns
        due = [notice for change in changes for notice in _notices(change) if notice.at_ns <= now_ns]
        for notice in sorted(due, key=lambda notice: notice.at_ns):
            if notice not in self._told:
                self._told.add(notice)
                yield notice


def _notices(change: Release | Switch) -> Iterator[Notice]:
    """A release is under way a minute before, and done when its version begins to serve."""
    if isinstance(change, Release):
        yield Notice(change.at_ns - _IN_PROGRESS_NS, change, "in_progress")
    yield Notice(change.at_ns - _DONE_NS, change, "success")


def _with_fault(fault: Fault) -> Iterator[Release | Switch]:
    """What is released or switched as the fault begins, and back as it ends."""
    for moment, back in ((fault.start_ns, False), (fault.end_ns, True)):
        if moment != inf:
            for service, version in fault.scenario.released:
                yield Release(int(moment), service, _VERSIONS[service] if back else version)
            if fault.scenario.unsold:
                yield Switch(int(moment), PAY_BUTTON, "classic" if back else "express")
