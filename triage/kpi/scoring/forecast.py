"""What the next value is expected to be: several plain forecasters, weighed by how well each has done of late."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from triage.kpi.scoring.past import BLOCK_ROWS, Past
from triage.kpi.scoring.period import cycles_back, periods_back

Array = NDArray[np.float64]

DAY_S, WEEK_S = 86_400.0, 604_800.0
LONGEST_STEP_S = {DAY_S: 21_600.0, WEEK_S: DAY_S}
"""With rows farther apart, a rhythm of that period can't be seen."""
LEVEL_ROWS = 9
LAGS = 3
FEATURES = LAGS + 5
OPENING = 20  # the regression says nothing before so many rows
MEMORY = 0.98  # of an error, a row later
SHARPNESS = 4  # how strongly the better forecaster is preferred
FORGET = 0.999  # of the regression, a row later
RIDGE = 1.0


class Forecast:
    """A mixture of the last value, the level, the same time of earlier days, weeks and cycles, and a regression."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._regression = Regression(FEATURES)
        self._mixture = Mixture(6)
        self._forecasts: Array = np.zeros((6, BLOCK_ROWS))
        self._features: Array = np.zeros((BLOCK_ROWS, FEATURES))

    def expected(self, begin: int, end: int) -> Array:
        """The values expected of rows of the block, each from the clean ones before it."""
        past, rows = self._past, np.arange(begin, end)
        clean = past.clean
        last = clean[rows - 1]
        level = np.median(sliding_window_view(clean[begin - LEVEL_ROWS : end - 1], LEVEL_ROWS), axis=1)
        nothing = np.full(len(rows), np.nan)
        day, week = (self._periods_back(rows, period) for period in (DAY_S, WEEK_S))
        cycle = cycles_back(clean, rows, past.cycle, past.first) if past.cycle else nothing
        features = self._features[begin - past.block : end - past.block]
        for lag in range(LAGS):
            features[:, lag] = clean[rows - 1 - lag] - level
        for column, usual in enumerate((day, week, cycle), start=LAGS):
            features[:, column] = np.where(np.isfinite(usual), usual, last) - level
        features[:, -2] = level - clean[rows - LEVEL_ROWS]
        features /= past.unit
        features[:, -1] = 1.0
        regression = nothing
        if past.count > OPENING:
            regression = level + past.unit * np.clip(self._regression.predict(features), -30, 30)
        forecasts = self._forecasts[:, begin - past.block : end - past.block]
        forecasts[:] = last, level, day, week, cycle, regression
        return self._mixture.expected(forecasts)

    def _periods_back(self, rows: NDArray[np.int64], period: float) -> Array:
        past = self._past
        known = slice(past.first, int(rows[-1]) + 1)
        if not 0 < past.step <= LONGEST_STEP_S[period] or np.ptp(past.times[known]) < period - past.step:
            return np.full(len(rows), np.nan)
        return periods_back(past.times[known], past.clean[known], rows - past.first, period, past.step)

    def learn(self) -> None:
        """Takes what came in the block."""
        past = self._past
        values = past.values[past.block : past.end]
        size = len(values)
        if past.count:
            self._mixture.learn(self._forecasts[:, :size], values, past.most_error)
        if past.count > 2:  # one value alone has no size of a move
            features = self._features[:size]
            wanted = (values - self._forecasts[1, :size]) / past.unit
            guess = self._regression.predict(features)
            self._regression.learn(np.clip(features, -50, 50), guess + np.clip(wanted - guess, -3, 3))


class Regression:
    """Least squares with forgetting and a small ridge towards the first feature, solved anew after each block."""

    def __init__(self, width: int) -> None:
        self._start: Array = np.eye(width)[0]
        self._weights: Array = self._start
        self._square: Array = RIDGE * np.eye(width)
        self._product: Array = RIDGE * self._start

    def predict(self, features: Array) -> Array:
        """The values expected, one a row of features."""
        return np.asarray((features * self._weights).sum(1))

    def learn(self, features: Array, values: Array) -> None:
        """Takes what came."""
        kept = FORGET ** len(values)
        ridge = RIDGE * (1 - kept)
        self._square = kept * self._square + features.T @ features + ridge * np.eye(len(self._weights))
        self._product = kept * self._product + features.T @ values + ridge * self._start
        self._weights = np.asarray(np.linalg.solve(self._square, self._product), dtype=np.float64)


class Mixture:
    """Weights of forecasters by the inverse power of their recent errors (Bates and Granger, 1969)."""

    def __init__(self, forecasters: int) -> None:
        self._errors: Array = np.full(forecasters, np.nan)

    def expected(self, forecasts: Array) -> Array:
        """The weighed mean of those that have something to say: one a column, of forecasters by rows."""
        errors = np.where(np.isfinite(self._errors), self._errors, 1.5 * self._worst)[:, None]
        able = np.isfinite(forecasts)
        least = np.maximum(np.where(able, errors, np.inf).min(0), 1e-12)
        weights = np.where(able, (least / np.maximum(errors, least)) ** SHARPNESS, 0.0)
        return np.asarray((weights * np.where(able, forecasts, 0.0)).sum(0) / weights.sum(0))

    def learn(self, forecasts: Array, values: Array, most: float) -> None:
        """Takes the values that came; an error counts for no more than `most`. Who is new starts with the worst."""
        errors = np.minimum(np.abs(forecasts - values), most)
        able = np.isfinite(errors)
        weights = (1 - MEMORY) * MEMORY ** np.arange(len(values) - 1, -1, -1.0)
        share = (weights * able).sum(1)
        fresh = (weights * np.where(able, errors, 0.0)).sum(1)
        before = np.where(np.isfinite(self._errors), self._errors, self._worst)
        self._errors = np.where(able.any(1), (1 - share) * before + fresh, self._errors)

    @property
    def _worst(self) -> float:
        known = self._errors[np.isfinite(self._errors)]
        return float(known.max()) if len(known) else 0.0
