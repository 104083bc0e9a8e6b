"""The rhythm of a series, found in its past: the lag at which it most resembles itself."""

import numpy as np
from numpy.typing import NDArray

LEAST_LAG = 4
ALIKE = 0.3  # a weaker resemblance is no rhythm
ROWS = 4096


def period_of(values: NDArray[np.float64]) -> int:
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
