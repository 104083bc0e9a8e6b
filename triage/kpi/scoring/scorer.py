"""The online scorer: each value is judged from what came before it, by what is expected and in several ways."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log
from statistics import median
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from triage.kpi.scoring.forecast import LAGS, LEVEL_ROWS, NAN, Mixture, Regression, seasonal
from triage.kpi.scoring.period import period_of
from triage.kpi.scoring.shape import Shapes
from triage.kpi.scoring.tail import Tail

Direction: TypeAlias = Literal["both", "up", "down"]

KEPT_ROWS = 16_384
DAY_S, WEEK_S = 86_400.0, 604_800.0
FIRST_LOOK, LOOK_AGAIN = 48, 1.3  # the rhythm is sought after so many rows, and whenever they are so many times more
WARM_ROWS = 40.0  # a score counts half after so many rows
SHIFT_ROWS, SPREAD_ROWS = 8, 16
SHAPE_LEAST, SHAPE_MOST, SHAPE_USUAL = 12, 96, 24
OTHERS = 0.3  # what the other views add to the strongest
HALF = 15.0  # the surprise, in nats, of a score of one half
BAND_NATS = log(1000)
CLIP, PATIENCE = 1.5, 5  # so many bands from what is expected is no news, until so many rows in a row are


@dataclass(frozen=True)
class Scored:
    """One row: its score in 0..1, and the value expected with the band that 999 of 1,000 values keep to."""

    score: float
    expected: float
    low: float
    high: float


class Scorer:
    """Takes rows in the order of time; its memory is bounded. `direction` says which moves count."""

    def __init__(self, direction: Direction = "both") -> None:
        self._sign = {"both": 0, "up": 1, "down": -1}[direction]
        self._times: list[float] = []
        self._values: list[float] = []
        self._clean: list[float] = []
        self._odd_rows = 0
        self._count = 0
        self._look_at = FIRST_LOOK
        self._step = 0.0
        self._cycle = 0  # rows
        self._mixture = Mixture()
        self._regression = Regression(LAGS + 5)
        self._shapes: Shapes | None = None
        self._errors: deque[float] = deque(maxlen=SHIFT_ROWS)
        self._tails = {name: Tail() for name in ("error", "shift", "spread", "calm", "shape", "high", "low")}
        self._past = Tail()
        self._floor = 1e-9
        self._unit = 1.0

    def update(self, time: float, value: float) -> float:
        """The score of a value at a time (epoch seconds); 0 for a value that is missing."""
        return self.judge(time, value).score

    def judge(self, time: float, value: float) -> Scored:
        """The same with what was expected."""
        if not self._times:
            if isfinite(value):
                self._keep(time, value)
            return Scored(0.0, NAN, NAN, NAN)
        time = max(time, self._times[-1])
        forecasts, features = self._forecasts(time)
        expected = self._mixture.expected(forecasts)
        width = self._tails["error"].limit(BAND_NATS, self._floor)
        if not isfinite(value):
            return Scored(0.0, expected, expected - width, expected + width)
        clean = self._cleaned(value, expected, width)
        surprise = self._surprise(value, expected, clean)
        self._learn(value, forecasts, features)
        self._keep(time, value, clean)
        sure = self._count / (self._count + WARM_ROWS)
        nats = max(surprise - log(self._count + 1) / 4, 0.0) * sure
        return Scored(nats / (nats + HALF), expected, expected - width, expected + width)

    def _forecasts(self, time: float) -> tuple[dict[str, float], NDArray[np.float64]]:
        values = self._clean
        last = values[-1]
        level = median(values[-LEVEL_ROWS:])
        day = self._seasonal(time, DAY_S, 6 * 3600.0)
        week = self._seasonal(time, WEEK_S, DAY_S)
        cycle = NAN
        if self._cycle and len(values) >= self._cycle:
            back = [values[-k * self._cycle] for k in range(1, 5) if len(values) >= k * self._cycle]
            cycle = median(back)
        usual = [one if isfinite(one) else last for one in (day, week, cycle)]
        lags = [*values[-1 : -LAGS - 1 : -1], *[values[0]] * LAGS][:LAGS]
        features = np.array([*lags, *usual, level, self._unit]) / self._unit
        features[:-1] -= level / self._unit
        forecasts = {
            "last": last,
            "level": level,
            "day": day,
            "week": week,
            "cycle": cycle,
            "regression": level + self._unit * self._regression.predict(features) if self._count > 20 else NAN,
        }
        return forecasts, features

    def _seasonal(self, time: float, period: float, longest_step: float) -> float:
        if not 0 < self._step <= longest_step:
            return NAN
        return seasonal(self._times, self._clean, time, period, self._step)

    def _surprise(self, value: float, expected: float, clean: float) -> float:
        views = list(self._views(value, expected, clean))
        strongest = max(views)
        return strongest + OTHERS * (sum(views) - strongest) / (len(views) - 1)

    def _views(self, value: float, expected: float, clean: float) -> list[float]:
        error = value - expected
        self._errors.append(error)
        found = [self._seen("error", self._wanted(error))]
        if len(self._errors) == SHIFT_ROWS:
            limit = 6 * self._unit
            mean = sum(min(max(one, -limit), limit) for one in self._errors) / SHIFT_ROWS
            found.append(self._seen("shift", self._wanted(mean)))
        middle = self._past.middle
        if self._sign >= 0:
            found.append(self._seen("high", max(value - middle, 0.0)) * 0.7)
        if self._sign <= 0:
            found.append(self._seen("low", max(middle - value, 0.0)) * 0.7)
        if self._sign == 0:
            found += self._spread(value)
            if self._shapes is not None and isfinite(apart := self._shapes.distance(clean)):
                found.append(self._seen("shape", apart))
        return [*found, 0.0]

    def _spread(self, value: float) -> list[float]:
        latest = np.array([*self._values[-SPREAD_ROWS:], value])
        if len(latest) <= SPREAD_ROWS:
            return []
        moved = float(np.abs(np.diff(latest)).mean())
        wild = log(1 + moved / (self._floor + 1e-12))
        calm = log(1 + self._unit / (moved + 0.02 * self._unit + 1e-12))
        return [self._seen("spread", wild, 0.05), self._seen("calm", calm, 0.15)]

    def _wanted(self, move: float) -> float:
        return abs(move) if self._sign == 0 else max(self._sign * move, 0.0)

    def _seen(self, name: str, size: float, floor: float | None = None) -> float:
        tail = self._tails[name]
        nats = tail.surprise(size, self._floor if floor is None else floor)
        tail.learn(size)
        return nats

    def _learn(self, value: float, forecasts: dict[str, float], features: NDArray[np.float64]) -> None:
        most = 6 * self._unit if self._count > FIRST_LOOK else float("inf")
        self._mixture.learn(forecasts, value, most)
        if self._count < 2:  # one value alone has no size of a step
            return
        level = forecasts["level"]
        missed = (value - level) / self._unit - self._regression.predict(features)
        self._regression.learn(features, min(max(missed, -3.0), 3.0))
        # the size of a usual step from row to row, and the least that is worth a word
        self._unit = max(self._unit + 0.02 * (min(abs(value - self._values[-1]), most) - self._unit), self._floor)

    def _cleaned(self, value: float, expected: float, width: float) -> float:
        """The value, or the nearest that was to be expected: until it has been so for some rows, it is no news."""
        is_odd = self._count > FIRST_LOOK and abs(value - expected) > CLIP * width
        self._odd_rows = self._odd_rows + 1 if is_odd else 0
        if not is_odd or self._odd_rows > PATIENCE:
            return value
        return min(max(value, expected - width), expected + width)

    def _keep(self, time: float, value: float, clean: float | None = None) -> None:
        if self._count == 1:
            self._unit = abs(value - self._values[0]) or max(abs(value), 1e-6) * 1e-3
        self._times.append(time)
        self._values.append(value)
        self._clean.append(value if clean is None else clean)
        self._past.learn(value)
        self._count += 1
        if len(self._values) > 2 * KEPT_ROWS:
            del self._times[:KEPT_ROWS], self._values[:KEPT_ROWS], self._clean[:KEPT_ROWS]
        if self._count >= self._look_at or self._count == 5:
            self._look()

    def _look(self) -> None:
        """Learns the interval, the rhythm and the size of things from the past."""
        steps = np.diff(np.array(self._times[-1000:]))
        self._step = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
        past = np.array(self._values)
        spread = float(np.subtract(*np.quantile(past, (0.9, 0.1))))
        self._floor = max(1e-3 * spread, 1e-4 * float(np.median(np.abs(past))), 1e-9)
        if self._count < FIRST_LOOK:
            return
        self._look_at = min(int(self._look_at * LOOK_AGAIN), self._look_at + 2000)
        self._cycle = period_of(past)
        length = min(max(self._cycle, SHAPE_LEAST), SHAPE_MOST) if self._cycle else SHAPE_USUAL
        if self._shapes is None or not 0.7 < length / self._shapes.length < 1.4:
            self._shapes = Shapes(length, past)


def scored(times: Sequence[float], values: Sequence[float], direction: Direction = "both") -> list[Scored]:
    """Every row judged from the earlier ones alone; rows in any order, the answer in the same."""
    scorer = Scorer(direction)
    found = [Scored(0.0, NAN, NAN, NAN)] * len(times)
    for row in sorted(range(len(times)), key=times.__getitem__):
        found[row] = scorer.judge(times[row], values[row])
    return found


def scores(times: Sequence[float], values: Sequence[float], direction: Direction = "both") -> NDArray[np.float64]:
    """The scores alone: times are epoch seconds, a missing value is nan."""
    return np.array([one.score for one in scored(times, values, direction)])
