"""Changes that nobody told us of, seen in the telemetry: versions that begin to serve, flags whose shares move."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from math import sqrt

from triage.symptom import Ask
from triage.window import Window

LOOK_BACK = timedelta(days=1)  # a version that has not served for so long is a new one
BEFORE, AFTER = timedelta(minutes=30), timedelta(minutes=5)  # what is compared around a moment
FEWEST = 30  # evaluations on either side
LEAST_MOVE = 0.1  # of a variant's share
LEAST_SIGMA = 6.0  # one customer's evaluations are much alike, so that chance moves shares more than it should


@dataclass(frozen=True)
class NewVersion:
    """A version that began to serve."""

    service: str
    version: str
    previous: str
    at: datetime


@dataclass(frozen=True)
class Moved:
    """A flag whose variant `variant` has another share from `at` on."""

    service: str
    flag: str
    at: datetime
    variant: str
    before: float
    after: float


Served = Mapping[datetime, Mapping[str, int]]
"""How often each variant was served, by when ten seconds began."""


def new_versions(ask: Ask, window: Window, service: str = "") -> Iterator[NewVersion]:
    """Versions that had not served in the day before the window, of services that had others; in order of time."""
    since = window.from_ - LOOK_BACK
    found = ask("changes/observed_versions", since=since, service=service, **_ends(window))
    for row in found.iter_rows(named=True):
        yield NewVersion(row["service"], row["version"], row["previous"], row["began"])


def moved_flags(ask: Ask, window: Window, service: str = "") -> Iterator[Moved]:
    """Flags that began to serve other shares of their variants in the window."""
    found = ask("changes/observed_flags", service=service, **_ends(Window(window.from_ - BEFORE, window.to)))
    served: defaultdict[tuple[str, str], dict[datetime, dict[str, int]]] = defaultdict(dict)
    for of, flag, at, variant, evaluations in found.iter_rows():
        served[of, flag].setdefault(at, {})[variant] = evaluations
    for (of, flag), by_time in served.items():
        for at, variant, before, after in moves(by_time, window.from_):
            yield Moved(of, flag, at, variant, before, after)


def _ends(window: Window) -> dict[str, datetime]:
    return {"from": window.from_, "to": window.to}


def moves(served: Served, from_: datetime) -> Iterator[tuple[datetime, str, float, float]]:
    """When shares moved from then on, of which variant most, and its shares; each move once, where it is clearest."""
    series = Series(served)
    begin = number = 0
    while number < len(series.times):
        if series.sigma(begin, number) >= LEAST_SIGMA:
            number = series.clearest(begin, number)
            if series.times[number] >= from_:
                yield series.times[number], *_move(*series.sides(begin, number))
            begin = number
        number += 1


class Series:
    """What a flag served, ready to be summed up over any span of time."""

    def __init__(self, served: Served) -> None:
        self.times = sorted(served)
        self._totals = list(accumulate((Counter(served[at]) for at in self.times), initial=Counter[str]()))

    def first(self, at: datetime) -> int:
        """The number of the first ten seconds that begin then or later."""
        return bisect_left(self.times, at)

    def sides(self, begin: int, number: int) -> tuple[Counter[str], Counter[str]]:
        """What was served before these ten seconds, not counting what lies before `begin`, and from them on."""
        at = self.times[number]
        first, last = max(begin, self.first(at - BEFORE)), self.first(at + AFTER)
        return self._totals[number] - self._totals[first], self._totals[last] - self._totals[number]

    def clearest(self, begin: int, number: int) -> int:
        """Where, from these ten seconds on, what is compared differs most."""
        near = range(number, self.first(self.times[number] + AFTER))
        return max(near, key=lambda one: self.sigma(begin, one))

    def sigma(self, begin: int, number: int) -> float:
        """By how many standard deviations the shares differ there; 0 for too few evaluations, or a small move."""
        before, after = self.sides(begin, number)
        many, few = before.total(), after.total()
        if min(many, few) < FEWEST:
            return 0.0
        variant, share, later = _move(before, after)
        pooled = (before[variant] + after[variant]) / (many + few)
        deviation = sqrt(pooled * (1 - pooled) * (1 / many + 1 / few))
        return abs(later - share) / deviation if deviation and abs(later - share) >= LEAST_MOVE else 0.0


def _move(before: Counter[str], after: Counter[str]) -> tuple[str, float, float]:
    """The variant whose share moved most (upwards, of two alike), its share before and after."""
    many, few = before.total(), after.total()
    shares = {name: (before[name] / many, after[name] / few) for name in sorted({*before, *after})}
    variant = max(shares, key=lambda name: (abs(shares[name][1] - shares[name][0]), shares[name][1]))
    return variant, *shares[variant]
