"""How far out in its own past a statistic lies: a tail probability, in nats.

Inside the bulk it is the conformal p-value (Laxhammar and Falkman, 2014), beyond it a generalised Pareto tail as in
peaks over threshold (Siffer et al., "Anomaly Detection in Streams with Extreme Value Theory", KDD 2017), with the
scale taken from quantiles so that earlier anomalies do not widen it.
"""

from bisect import bisect_left, insort
from collections import deque
from math import log, log1p

HEAVY = 0.15  # the tail index: a little heavier than exponential, as telemetry is
KEPT = 2000  # how many of the latest values are the past
OPENING = 12  # with fewer values nothing is said
CAUTION = 12.0  # how many values' worth of doubt widens the tail


class Tail:
    """The recent past of one non-negative statistic, kept sorted."""

    def __init__(self, kept: int = KEPT) -> None:
        self._latest: deque[float] = deque()
        self._sorted: list[float] = []
        self._kept = kept

    def learn(self, value: float) -> None:
        """Adds a value and forgets the oldest."""
        self._latest.append(value)
        insort(self._sorted, value)
        if len(self._latest) > self._kept:
            del self._sorted[bisect_left(self._sorted, self._latest.popleft())]

    @property
    def middle(self) -> float:
        """The median of the past; nan before the first value."""
        return self._sorted[len(self._sorted) // 2] if self._sorted else float("nan")

    def surprise(self, value: float, floor: float) -> float:
        """-ln of the probability of a value this large; `floor` is the least spread that is worth a word."""
        count = len(self._sorted)
        if count < OPENING:
            return 0.0
        threshold, scale = self._shape(floor)
        above = count - bisect_left(self._sorted, value)
        if value <= threshold:
            return log((count + 1) / (above + 1))
        nats = log(10) + log1p(HEAVY * (value - threshold) / scale) / HEAVY
        # a size that has been there several times is not unlikely, however far out
        return min(nats, log(count / (above - 2)) + 2) if above > 2 else nats

    def limit(self, nats: float, floor: float) -> float:
        """The value whose surprise is `nats`: the width of a band."""
        if len(self._sorted) < OPENING:
            return float("nan")
        threshold, scale = self._shape(floor)
        return float(threshold + scale * (2.718281828459045 ** (HEAVY * max(nats - log(10), 0.0)) - 1) / HEAVY)

    def _shape(self, floor: float) -> tuple[float, float]:
        count = len(self._sorted)
        q90, q95, q99 = (self._sorted[int(q * (count - 1))] for q in (0.9, 0.95, 0.99))
        scale = max((q99 - q90) / log(10), (q95 - q90) / log(2), 0.25 * (q90 - self._sorted[count // 2]), floor)
        return q90, scale * (1 + CAUTION / count)
