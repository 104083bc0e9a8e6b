"""How unlike all earlier ones the latest stretch of a series is.

The left matrix profile (Yeh et al., "Matrix Profile I", ICDM 2016; Lu et al., "DAMP", KDD 2022), kept up row by row by
STOMP's recurrence of dot products, with the mean taken out but not the scale: a stretch of small noise is no shape.
"""

import numpy as np
from numpy.typing import NDArray

ROWS = 4096


class Shapes:
    """The latest rows and the dot products of their stretches with the latest one; `length` is a stretch's rows."""

    def __init__(self, length: int, past: NDArray[np.float64]) -> None:
        self.length = length
        self._start(past[-ROWS:])

    def _start(self, past: NDArray[np.float64]) -> None:
        self._shift = float(np.median(past)) if len(past) else 0.0
        self._values = np.zeros(3 * ROWS)
        self._sums = np.zeros(3 * ROWS + 1)
        self._squares = np.zeros(3 * ROWS + 1)
        self._count = len(past)
        self._values[: self._count] = past - self._shift
        np.cumsum(self._values[: self._count], out=self._sums[1 : self._count + 1])
        np.cumsum(self._values[: self._count] ** 2, out=self._squares[1 : self._count + 1])
        if self._count >= self.length:
            held = self._values[: self._count]
            self._dots = np.correlate(held, held[-self.length :], "valid")
        else:
            self._dots = np.zeros(0)

    def distance(self, value: float) -> float:
        """Takes the next row and tells its stretch's distance a row from the nearest earlier one; nan where none is."""
        if self._count == len(self._values):
            self._start(self._values[self._count - ROWS : self._count] + self._shift)
        self._append(value - self._shift)
        length, count = self.length, self._count
        if count < 2 * length:
            return float("nan")
        first = max(0, count - 2 * length + 1 - ROWS)
        ends = slice(first + length, count - length + 1)
        starts = slice(first, count - 2 * length + 1)
        sums = self._sums[ends] - self._sums[starts]
        squares = self._squares[ends] - self._squares[starts]
        own_sum = self._sums[count] - self._sums[count - length]
        own_square = self._squares[count] - self._squares[count - length]
        apart = squares + own_square - 2 * self._dots[starts] - (sums - own_sum) ** 2 / length
        return float(np.sqrt(max(float(apart.min()), 0.0) / length))

    def _append(self, value: float) -> None:
        count, length = self._count, self.length
        self._values[count] = value
        self._sums[count + 1] = self._sums[count] + value
        self._squares[count + 1] = self._squares[count] + value * value
        self._count = count + 1
        if count + 1 < length:
            return
        values = self._values
        if len(self._dots) == 0:
            self._dots = np.array([float(values[:length] @ values[:length])])
            return
        left = values[count - length]
        dots = np.empty(count + 2 - length)
        dots[1:] = self._dots - left * values[: count + 1 - length] + value * values[length : count + 1]
        dots[0] = values[:length] @ values[count + 1 - length : count + 1]
        self._dots = dots
