"""What the next value is expected to be: several plain forecasters, weighed by how well each has done of late."""

from bisect import bisect_left
from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

LEVEL_ROWS = 9
CYCLES = 4
LAGS = 3
MEMORY = 0.98  # of an error, a row later
SHARPNESS = 4  # how strongly the better forecaster is preferred
FORGET = 0.999  # of the regression, a row later
NAN = float("nan")


def seasonal(times: Sequence[float], values: Sequence[float], time: float, period: float, step: float) -> float:
    """The median of the values one, two, … periods before `time`; nan where there are none."""
    found: list[float] = []
    for cycle in range(1, CYCLES + 1):
        wanted = time - cycle * period
        if wanted < times[0] - step / 2:
            break
        after = bisect_left(times, wanted)
        near = min((one for one in (after - 1, after) if 0 <= one < len(times)), key=lambda i: abs(times[i] - wanted))
        if abs(times[near] - wanted) <= 0.75 * step:
            found.append(values[near])
    return median(found) if found else NAN


class Regression:
    """Recursive least squares with forgetting (Haykin, "Adaptive Filter Theory", ch. 10); wild errors are clipped."""

    def __init__(self, width: int) -> None:
        self._weights: NDArray[np.float64] = np.zeros(width)
        self._weights[0] = 1.0
        self._inverse: NDArray[np.float64] = np.eye(width)

    def predict(self, features: NDArray[np.float64]) -> float:
        """The value expected."""
        return float(self._weights @ features)

    def learn(self, features: NDArray[np.float64], error: float) -> None:
        """Takes what the prediction missed."""
        turned = self._inverse @ features
        gain = turned / (FORGET + features @ turned)
        self._weights = self._weights + gain * error
        self._inverse = (self._inverse - np.outer(gain, turned)) / FORGET
        if np.trace(self._inverse) > 1e4 * len(features):  # nothing moves: forgetting must not blow it up
            self._inverse *= 0.1


class Mixture:
    """Weights of forecasters by the inverse power of their recent errors (Bates and Granger, 1969)."""

    def __init__(self) -> None:
        self._errors: dict[str, float] = {}

    def expected(self, forecasts: dict[str, float]) -> float:
        """The weighed mean of those that have something to say."""
        able = {name: value for name, value in forecasts.items() if value == value}
        known = [self._errors[name] for name in able if name in self._errors]
        start = 1.5 * max(known) if known else 1.0
        errors = {name: self._errors.get(name, start) for name in able}
        least = max(min(errors.values()), 1e-12)
        weights = {name: (least / max(error, least)) ** SHARPNESS for name, error in errors.items()}
        return sum(weights[name] * able[name] for name in able) / sum(weights.values())

    def learn(self, forecasts: dict[str, float], value: float, most: float) -> None:
        """Takes the value that came; an error counts for no more than `most`."""
        worst = max(self._errors.values(), default=0.0)
        for name, forecast in forecasts.items():
            if forecast == forecast:
                error = min(abs(value - forecast), most)
                before = self._errors.get(name)
                self._errors[name] = max(error, worst) if before is None else MEMORY * before + (1 - MEMORY) * error
