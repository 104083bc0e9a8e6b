"""How far out in its own past a statistic lies: a tail probability, in nats.

Inside the bulk it is the conformal p-value (Laxhammar and Falkman, 2014), beyond it a generalised Pareto tail as in
peaks over threshold (Siffer et al., "Anomaly Detection in Streams with Extreme Value Theory", KDD 2017), with the
scale taken from quantiles so that earlier anomalies do not widen it.
"""

from math import exp, log

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HEAVY = 0.15  # the tail index: a little heavier than exponential, as telemetry is
KEPT = 2000  # how many of the latest values are the past
OPENING = 12  # with fewer values nothing is said
CAUTION = 12.0  # how many values' worth of doubt widens the tail


class Tail:
    """The recent past of one statistic."""

    def __init__(self) -> None:
        self._latest: Array = np.zeros(0)
        self._sorted: Array = np.zeros(0)

    def learn(self, values: Array) -> None:
        """Adds values, those that are known, and forgets the oldest."""
        self._latest = np.concatenate([self._latest, values[np.isfinite(values)]])[-KEPT:]
        self._sorted = np.sort(self._latest)

    @property
    def middle(self) -> float:
        """The median of the past; 0 before the first value."""
        return float(self._sorted[len(self._sorted) // 2]) if len(self._sorted) else 0.0

    def surprise(self, values: Array, floor: float) -> Array:
        """-ln of the probability of values this large, given the past and those before it here; 0 of unknown ones.

        `floor` is the least spread that is worth a word.
        """
        count = len(self._sorted)
        if count < OPENING:
            return np.zeros(len(values))
        known = np.nan_to_num(values, nan=-np.inf)
        threshold, scale = self._shape(floor)
        above = count - np.searchsorted(self._sorted, known)
        above += np.tril(known >= known[:, None], -1).sum(1)
        within = np.log((count + 1) / (above + 1))
        beyond = log(10) + np.log1p(HEAVY * np.maximum(known - threshold, 0.0) / scale) / HEAVY
        # a size that has been there several times is not unlikely, however far out
        seen = np.log(count / np.maximum(above - 2, 1)) + 2
        beyond = np.where(above > 2, np.minimum(beyond, seen), beyond)
        return np.where(known <= threshold, np.maximum(within, 0.0), beyond)

    def limit(self, nats: float, floor: float) -> float:
        """The value whose surprise is `nats`: the width of a band; infinite as long as nothing is known."""
        if len(self._sorted) < OPENING:
            return float("inf")
        threshold, scale = self._shape(floor)
        return float(threshold + scale * (exp(HEAVY * max(nats - log(10), 0.0)) - 1) / HEAVY)

    def _shape(self, floor: float) -> tuple[float, float]:
        count = len(self._sorted)
        q50, q90, q95, q99 = (float(self._sorted[int(q * (count - 1))]) for q in (0.5, 0.9, 0.95, 0.99))
        scale = max((q99 - q90) / log(10), (q95 - q90) / log(2), 0.25 * (q90 - q50), floor)
        return q90, scale * (1 + CAUTION / count)
