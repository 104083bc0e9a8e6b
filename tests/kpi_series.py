"""Series of many kinds with their anomalies labelled, drawn from a seed; and how well scores rank the labelled rows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
START = 1_790_000_000


@dataclass(frozen=True)
class Labelled:
    """A series: its kind, times (epoch seconds), values (nan where missing) and which rows are anomalous."""

    kind: str
    times: Array
    values: Array
    odd: NDArray[np.bool_]


def _day(rng: np.random.Generator, rows: int, step: float) -> Array:
    turns = 2 * np.pi * np.arange(rows) * step / 86_400
    shape = np.sin(turns + rng.uniform(0, 6)) + 0.4 * np.sin(2 * turns + rng.uniform(0, 6))
    return np.asarray(100 + 40 * shape * (1 - 0.3 * (np.sin(turns / 7) > 0.6)))


def _noise(rng: np.random.Generator, rows: int) -> Array:
    white = rng.normal(0, 3, rows)
    return np.asarray(white + 0.5 * np.concatenate([[0.0], white[:-1]]))


def _spikes(rng: np.random.Generator, values: Array, odd: NDArray[np.bool_]) -> None:
    for at in rng.integers(len(values) // 4, len(values), 6):
        values[at] += rng.choice([-1, 1]) * rng.uniform(6, 14) * 3
        odd[at] = True


def _stretch(change: Callable[[np.random.Generator, Array], Array], rows: int = 30):
    def put(rng: np.random.Generator, values: Array, odd: NDArray[np.bool_]) -> None:
        for third in (2, 3):
            at = int(rng.integers(third * len(values) // 4, (third + 1) * len(values) // 4 - rows))
            values[at : at + rows] = change(rng, values[at : at + rows])
            odd[at : at + rows] = True

    return put


def _shifted(rng: np.random.Generator, part: Array) -> Array:
    return np.asarray(part + rng.choice([-1, 1]) * rng.uniform(15, 30))


def _wild(rng: np.random.Generator, part: Array) -> Array:
    return part + rng.normal(0, 12, len(part))


def _calm(_: np.random.Generator, part: Array) -> Array:
    return np.full(len(part), part[0])


def _reversed(_: np.random.Generator, part: Array) -> Array:
    return part[::-1].copy()


def _sparse(rng: np.random.Generator, rows: int, step: float) -> Array:
    del step
    return np.asarray(rng.poisson(0.3, rows) * 8.0)


def _flat(rng: np.random.Generator, rows: int, step: float) -> Array:
    del step
    return np.full(rows, float(rng.integers(1, 500)))


def _walk(rng: np.random.Generator, rows: int, step: float) -> Array:
    del step
    return np.asarray(500 + np.cumsum(rng.normal(0, 2, rows)))


def _trend(rng: np.random.Generator, rows: int, step: float) -> Array:
    return _day(rng, rows, step) + np.arange(rows) * rng.uniform(0.02, 0.2) + _noise(rng, rows)


def _rhythm(rng: np.random.Generator, rows: int, step: float) -> Array:
    return _day(rng, rows, step) + _noise(rng, rows)


def _level(rng: np.random.Generator, rows: int, step: float) -> Array:
    del step
    return np.asarray(50 + _noise(rng, rows))


def _wave(rng: np.random.Generator, rows: int, step: float) -> Array:
    del step
    turns = 2 * np.pi * np.arange(rows) / rng.integers(30, 70)
    return np.asarray(50 * np.sin(turns) ** 5 + 15 * np.cos(2 * turns) + rng.normal(0, 2, rows))


KINDS = {
    "level, spikes": (_level, _spikes),
    "rhythm, spikes": (_rhythm, _spikes),
    "trend, spikes": (_trend, _spikes),
    "walk, spikes": (_walk, _spikes),
    "sparse, spikes": (_sparse, _spikes),
    "flat, spikes": (_flat, _spikes),
    "level, shift": (_level, _stretch(_shifted)),
    "rhythm, shift": (_rhythm, _stretch(_shifted)),
    "level, wild": (_level, _stretch(_wild)),
    "rhythm, wild": (_rhythm, _stretch(_wild)),
    "level, stuck": (_level, _stretch(_calm)),
    "rhythm, stuck": (_rhythm, _stretch(_calm)),
    "wave, reversed": (_wave, _stretch(_reversed, 50)),
}


def labelled(kind: str, seed: int, rows: int = 2500) -> Labelled:
    """One series; odd seeds have gaps, missing values and times that are not quite regular."""
    rng = np.random.default_rng([seed, *kind.encode()])
    base, put = KINDS[kind]
    step = float(rng.choice([300, 3600]))
    values, odd = base(rng, rows, step), np.zeros(rows, bool)
    put(rng, values, odd)
    times: Array = (START + np.arange(rows) * step).astype(np.float64)
    if seed % 2:
        times += np.round(rng.uniform(-0.2, 0.2, rows) * step)
        values[(rng.random(rows) < 0.02) & ~odd] = np.nan
        kept = np.ones(rows, bool)
        kept[rows // 5 : rows // 5 + 40] = False
        times, values, odd = times[kept], values[kept], odd[kept]
    return Labelled(kind, times, values, odd)


def average_precision(odd: NDArray[np.bool_], scores: Array) -> float:
    """The area below precision and recall, tied scores taken together."""
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    found = np.cumsum(odd[order])[ends]
    return float((np.diff(found, prepend=0) / odd.sum() * found / (ends + 1)).sum())


def best_f1(odd: NDArray[np.bool_], scores: Array) -> float:
    """The best F1 of any threshold."""
    thresholds = np.unique(scores)
    ends = np.searchsorted(np.sort(scores), thresholds)
    found = odd.sum() - np.searchsorted(np.sort(scores[odd]), thresholds)
    return float((2 * found / (len(scores) - ends + odd.sum())).max())


def rolling_z(values: Array, rows: int = 50) -> Array:
    """A baseline: how many standard deviations from the mean of the rows just before."""
    found = np.zeros(len(values))
    for at in range(rows, len(values)):
        past = values[at - rows : at]
        past = past[np.isfinite(past)]
        found[at] = abs(values[at] - past.mean()) / (past.std() + 1e-9) if np.isfinite(values[at]) else 0.0
    return found


def seasonal_naive(times: Array, values: Array) -> Array:
    """A baseline: the difference from a day before."""
    at = np.clip(np.searchsorted(times, times - 86_400), 0, len(times) - 1)
    return np.where(times - 86_400 < times[0], 0.0, np.nan_to_num(np.abs(values - values[at])))
