"""The rhythm of a series: the lag at which it most resembles itself, and the values of so long before."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

LEAST_LAG = 4
ALIKE = 0.3  # a weaker resemblance is no rhythm
ROWS = 4096
CYCLES = 4  # so many are looked back


def period_of(values: Array) -> int:
    """The period in rows, 0 where there is none: the first high peak of the autocorrelation (Box and Jenkins)."""
    latest = values[-ROWS:]
    count = len(latest)
    low, high = np.quantile(latest, (0.02, 0.98))
    clipped = np.clip(latest, low, high)
    detrended = clipped - np.polyval(np.polyfit(np.arange(count), clipped, 1), np.arange(count))
    power = np.abs(np.fft.rfft(detrended, 2 * count)) ** 2
    if power.sum() <= 0:
        return 0
    alike = np.fft.irfft(power)[: count // 3] * (count / (count - np.arange(count // 3)))
    if alike[0] <= 0:
        return 0
    alike = alike / alike[0]
    peaks = LEAST_LAG + np.flatnonzero(
        (alike[LEAST_LAG:-1] > alike[LEAST_LAG - 1 : -2]) & (alike[LEAST_LAG:-1] >= alike[LEAST_LAG + 1 :])
    )
    if not len(peaks) or alike[peaks].max() < ALIKE:
        return 0
    # after the first fall below half the peak: near lags are alike in any smooth series
    fallen = int(np.argmax(alike < 0.5 * alike[peaks].max()))
    peaks = peaks[peaks > fallen]
    if not len(peaks) or not fallen or alike[peaks].max() < ALIKE:
        return 0
    return int(peaks[alike[peaks] >= 0.9 * alike[peaks].max()][0])


def periods_back(times: Array, values: Array, rows: Rows, period: float, step: float) -> Array:
    """The median of the values one, two, … periods (s) before each row; nan where there are none."""
    found = np.full((CYCLES, len(rows)), np.nan)
    for cycle in range(1, CYCLES + 1):
        wanted = times[rows] - cycle * period
        if wanted[-1] < times[0] - step:
            break
        after = np.searchsorted(times, wanted)
        before = np.maximum(after - 1, 0)
        near = np.where(wanted - times[before] <= times[after] - wanted, before, after)
        is_near = np.abs(times[near] - wanted) <= 0.75 * step
        found[cycle - 1, is_near] = values[near[is_near]]
    return _medians(found)


def cycles_back(values: Array, rows: Rows, lag: int, first: int) -> Array:
    """The median of the values one, two, … lags (rows) before each row; nan where there are none since `first`."""
    found = np.full((CYCLES, len(rows)), np.nan)
    for cycle in range(1, CYCLES + 1):
        places = rows - cycle * lag
        known = places >= first
        found[cycle - 1, known] = values[places[known]]
    return _medians(found)


def _medians(table: Array) -> Array:
    """The median of each column's known values; nan where none is."""
    ordered = np.sort(table, axis=0)
    known = np.isfinite(table).sum(0)
    column = np.arange(table.shape[1])
    low, high = np.maximum(known - 1, 0) // 2, np.minimum(known // 2, table.shape[0] - 1)
    return np.asarray((ordered[low, column] + ordered[high, column]) / 2)
