"""How often something fails now, against how often it usually does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from math import log
from typing import cast

import numpy as np
import numpy.typing as npt

from triage.chance import SURE, surprise
from triage.window import Window

RECENT_S = 300
WINDOWS_S = (10, 20, 30, 60, 120, 300)
SUSPICIOUS = 8.0
LEAST_FAILURES = 3
LEAST_RATIO = {10: 0.1, 20: 0.08, 30: 0.06, 60: 0.04, 120: 0.03, 300: 0.02}
"""The share of requests that must fail in a window of so many seconds, however rare failures usually are."""
TIMES_USUAL = 3.0
LATELY_S = 60
FEW_REQUESTS = 5
PRIOR_REQUESTS, PRIOR_FAILURES = 100.0, 1.0

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Excess:
    """The window that speaks most clearly: its length, what failed in it, and how surprising that is (nats).

    It is judged by the share that is `expected`; `usual` is what failed, as it is told.
    """

    window_s: int
    failures: int
    requests: int
    expected: float
    usual: float
    surprise: float

    @property
    def ratio(self) -> float:
        return self.failures / self.requests if self.requests else 0.0

    @property
    def is_practical(self) -> bool:
        """Whether it would matter, however sure it is."""
        return (
            self.failures >= LEAST_FAILURES
            and self.ratio >= LEAST_RATIO[self.window_s]
            and self.ratio >= TIMES_USUAL * self.expected
        )

    @property
    def is_sure(self) -> bool:
        return self.surprise >= SURE and self.is_practical

    def with_failures(self, failures: int) -> Excess:
        """The same window if only so many had failed in it."""
        return replace(self, failures=failures, surprise=surprise(failures, self.requests, self.expected))


@dataclass(frozen=True)
class Rates:
    """Requests and failures of one series: the last five minutes by ten seconds, older ones by five minutes.

    `earlier_…` lie before the two hours that are looked back over, where that was asked; `at_this_time` is the share
    that failed around this time of earlier days.
    """

    requests: Counts
    failures: Counts
    old_requests: Counts
    old_failures: Counts
    earlier_requests: Counts = field(default_factory=lambda: np.zeros(0))
    earlier_failures: Counts = field(default_factory=lambda: np.zeros(0))
    at_this_time: float = 0.0

    @staticmethod
    def of(row: Mapping[str, object], to: datetime, began: datetime | None = None) -> Rates:
        """From a row of queries/detect/*_errors.sql; of what is known to have `began`, nothing since is old."""
        starts = np.array(cast(list[int], row["slices"]), dtype=np.int64)
        requests = np.array(cast(list[int], row["requests"]), dtype=np.float64)
        failures = np.minimum(np.array(cast(list[int], row["errors"]), dtype=np.float64), requests)
        recent = int(to.timestamp()) - RECENT_S
        is_recent = starts >= recent
        places = (starts[is_recent] - recent) // 10
        fine = np.zeros((2, RECENT_S // 10))
        np.add.at(fine[0], places, requests[is_recent])
        np.add.at(fine[1], places, failures[is_recent])
        is_old = starts + RECENT_S <= began.timestamp() if began else ~is_recent
        return Rates(fine[0], fine[1], requests[is_old], failures[is_old])

    @property
    def usual(self) -> float:
        """The share that failed before the last five minutes, without the times at which it failed far more.

        Of few requests what is expected of them, where that is less.
        """
        failures, requests = self._before
        plain = max(failures / requests, self.at_this_time) if requests else self.expected
        return min(plain, self.expected)

    @property
    def expected(self) -> float:
        """The same to judge by: as if a hundred requests more had been seen."""
        return max(_ratio(*self._before), self.at_this_time)

    @cached_property
    def _before(self) -> tuple[float, float]:
        """The failures and requests that were usual.

        The best third says what is ordinary, of the two hours or of what lies before, so that an outage of hours is
        not; slices that this can't explain were faults, and are left out.
        """
        old, earlier = (self.old_requests, self.old_failures), (self.earlier_requests, self.earlier_failures)
        ordinary = min(_ordinary(*old), _ordinary(*earlier)) if len(self.earlier_requests) else _ordinary(*old)
        requests, failures = (np.concatenate(both) for both in zip(old, earlier, strict=True))
        kept = [
            place
            for place in range(len(requests))
            if surprise(failures[place], requests[place], ordinary) < SURE
        ]  # fmt: skip
        return float(failures[kept].sum()), float(requests[kept].sum())

    def by_what_was_usual_of(self, other: Rates) -> Rates:
        """The same, measured by what is known of another series before."""
        return replace(other, requests=self.requests, failures=self.failures)

    def usual_rate(self, window: Window, began: datetime | None = None) -> float:
        """Failures a second that are usual, of the requests before; of what is known to have `began`, of those now."""
        if began:
            return self.expected * float(self.requests.sum()) / RECENT_S
        return self.expected * float(self.old_requests.sum()) / max(window.length.total_seconds() - RECENT_S, 1)

    @property
    def is_measured(self) -> bool:
        """Whether it is known what was usual."""
        return bool(self.old_requests.sum() + self.earlier_requests.sum())

    @property
    def matters(self) -> bool:
        """Whether enough fails to matter, if it is not usual."""
        found = [self._excess(window_s, 0.0) for window_s in WINDOWS_S]
        return any(excess.is_practical for excess in found)

    @property
    def excess(self) -> Excess:
        """Of the windows that end now, the one that speaks most clearly."""
        found = [self._excess(window_s, self.expected) for window_s in WINDOWS_S]
        return max(found, key=lambda excess: (excess.is_practical, excess.surprise))

    @property
    def is_ongoing(self) -> bool:
        """Whether it still fails: in the last minute, or in the last few requests that there were."""
        slices = range(LATELY_S // 10, len(self.requests) + 1)
        count = next((count for count in slices if self.requests[-count:].sum() >= FEW_REQUESTS), len(self.requests))
        late = self._excess(10 * count, self.expected)
        return late.surprise >= SUSPICIOUS or self._is_like_the_fault(late)

    def _is_like_the_fault(self, late: Excess) -> bool:
        """Whether the fault's own share explains better what failed lately than the usual one: a few fail always."""
        fault, usual = min(self.excess.ratio, 0.99), min(late.expected, 0.99)
        if late.ratio < max(0.5 * LEAST_RATIO[RECENT_S], TIMES_USUAL * usual) or fault <= usual:
            return False
        succeeded = late.requests - late.failures
        return late.failures * log(fault / usual) + succeeded * log((1 - fault) / (1 - usual)) > 0

    def _excess(self, window_s: int, expected: float) -> Excess:
        count = window_s // 10
        failures, requests = int(self.failures[-count:].sum()), int(self.requests[-count:].sum())
        return Excess(window_s, failures, requests, expected, self.usual, surprise(failures, requests, expected))


def best_third(requests: Counts, failures: Counts) -> tuple[float, float]:
    """The requests and failures of the best slices, a third of the requests."""
    order = np.argsort(failures / np.maximum(requests, 1), kind="stable")
    best = order[: max(1, np.searchsorted(np.cumsum(requests[order]), requests.sum() / 3) + 1)]
    return float(requests[best].sum()), float(failures[best].sum())


def _ordinary(requests: Counts, failures: Counts) -> float:
    """The share that failed in the best third."""
    best_requests, best_failures = best_third(requests, failures)
    return _ratio(best_failures, best_requests)


def together(many: Sequence[Rates]) -> Rates:
    """Several series as one; of none, one in which nothing happens."""
    fine, nothing = np.zeros(RECENT_S // 10), np.zeros(0)
    return Rates(
        sum((rates.requests for rates in many), fine),
        sum((rates.failures for rates in many), fine),
        np.concatenate([nothing, *(rates.old_requests for rates in many)]),
        np.concatenate([nothing, *(rates.old_failures for rates in many)]),
        np.concatenate([nothing, *(rates.earlier_requests for rates in many)]),
        np.concatenate([nothing, *(rates.earlier_failures for rates in many)]),
        max((rates.at_this_time for rates in many), default=0.0),
    )


def _ratio(failures: float, requests: float) -> float:
    """The share of failures, as if a hundred requests more had been seen and one of them had failed."""
    return float((failures + PRIOR_FAILURES) / (requests + PRIOR_REQUESTS))
