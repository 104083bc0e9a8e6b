"""The online scorer: each value is judged from what came before it, by what is expected and in several ways."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from triage.kpi.scoring.forecast import Forecast
from triage.kpi.scoring.past import Past
from triage.kpi.scoring.views import Views

Array = NDArray[np.float64]
Direction: TypeAlias = Literal["both", "up", "down"]

WARM_ROWS = 200.0  # a score counts half after so many rows
HALF = 10.0  # the surprise, in nats, of a score of one half
CLIP, PATIENCE = 1.3, 5  # so many bands from what is expected is no news, until so many rows in a row are


class Scorer:
    """Takes rows in the order of time; its memory is bounded. `direction` says which moves count."""

    def __init__(self, direction: Direction = "both") -> None:
        self._past = Past()
        self._forecast = Forecast(self._past)
        self._views = Views(self._past, {"both": 0, "up": 1, "down": -1}[direction])
        self._odd_rows = 0

    def take(self, times: Array, values: Array) -> Array:
        """The scores, 0 to 1, of the next rows: times in epoch seconds; a missing value (nan) scores 0.

        They are the same whether the rows come one by one or all at once.
        """
        found = np.zeros(len(values))
        known = np.flatnonzero(np.isfinite(values))
        while len(known):
            rows, known = known[: self._past.room], known[self._past.room :]
            found[rows] = self._judge(times[rows], values[rows])
            if not self._past.room:
                self._learn()
        return found

    def _judge(self, times: Array, values: Array) -> Array:
        past = self._past
        begin, end = past.end, past.end + len(values)
        past.append(times, values)
        self._expect(begin, end)
        counts = past.count + np.arange(begin, end) - past.block
        surprise = self._views.surprise(begin, end)
        nats = np.where(
            surprise > 0, np.logaddexp(0, surprise - np.log(counts + 1) / 4), 0.0
        )  # less what chance brings
        nats *= counts / (counts + WARM_ROWS)
        return np.asarray(nats / (nats + HALF))

    def _expect(self, begin: int, end: int) -> None:
        """Notes the rows' errors. A value that is odd is none for the rows after it, but at the edge of its band."""
        past, band = self._past, self._views.band
        while begin < end:
            past.errors[begin:end] = past.values[begin:end] - self._forecast.expected(begin, end)
            begin = self._clean_one(begin, end, band)

    def _clean_one(self, begin: int, end: int, band: float) -> int:
        """Cleans the first odd row; the row after it, from which on other values are to be expected."""
        past = self._past
        for row, is_odd in enumerate((np.abs(past.errors[begin:end]) > CLIP * band).tolist(), start=begin):
            self._odd_rows = self._odd_rows + 1 if is_odd else 0
            if 0 < self._odd_rows <= PATIENCE:
                past.clean[row] += np.clip(past.errors[row], -band, band) - past.errors[row]
                return row + 1
        return end

    def _learn(self) -> None:
        self._forecast.learn()
        self._past.learn()
        self._views.learn()
        self._past.begin_block()


def scores(times: Sequence[float], values: Sequence[float], direction: Direction = "both") -> Array:
    """Every row's score from the earlier ones alone; rows in any order, the answer in the same."""
    moments, figures = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    order = np.argsort(moments, kind="stable")
    found = np.zeros(len(moments))
    with threadpool_limits(1):  # the products are small: threads would wait for each other longer than they work
        found[order] = Scorer(direction).take(moments[order], figures[order])
    return found
