"""Series like those of the public labelled collections. Variants of the scorer were chosen by them: they prove little.

Each maker stands for a collection's character, not for its data: Yahoo S5's A1, A3 and A4 (hourly; outliers, change
points), AIOps' KPIs (every minute; anomalies of minutes), NAB (labelled stretches) and UCR (one odd cycle).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tests.kpi_series import START, Array, Labelled

Made: TypeAlias = tuple[float, Array, NDArray[np.bool_]]
"""The rows' distance (s), their values, and which of them are odd."""


def _outliers(rng: np.random.Generator, rows: int = 1600) -> Made:
    """Yahoo A3: a trend and three rhythms, with outliers."""
    row = np.arange(rows)
    rhythms = [rng.uniform(20, 300) * np.sin(2 * np.pi * row / period + rng.uniform(0, 6)) for period in (12, 24, 168)]
    noise = rng.normal(0, rng.uniform(3, 15), rows)
    values: Array = np.asarray(rng.uniform(-1, 1) * row + sum(rhythms) + noise + rng.uniform(0, 5000))
    odd = np.zeros(rows, bool)
    for at in rng.integers(rows // 5, rows, 8):
        values[at] += rng.choice([-1, 1]) * rng.uniform(60, 400)
        odd[at] = True
    return 3600.0, values, odd


def _change_point(rng: np.random.Generator, rows: int = 1600) -> Made:
    """Yahoo A4: the same, and a change of level and noise, labelled at its first row."""
    step, values, odd = _outliers(rng, rows)
    at = int(rng.integers(rows // 2, rows - 200))
    values[at:] += rng.choice([-1, 1]) * rng.uniform(100, 500) + rng.normal(0, rng.uniform(5, 40), rows - at)
    odd[at] = True
    return step, values, odd


def _traffic(rng: np.random.Generator, rows: int = 1420) -> Made:
    """Yahoo A1: traffic by the hour, with noise in proportion, and a few odd hours."""
    row = np.arange(rows)
    rhythm = 0.6 * np.sin(2 * np.pi * row / 24) + 0.2 * np.sin(2 * np.pi * row / 168)
    values: Array = np.asarray(np.exp(rhythm + rng.normal(0, 0.15, rows)) * rng.uniform(0.5, 2))
    odd = np.zeros(rows, bool)
    for _ in range(3):
        at, length = int(rng.integers(rows // 3, rows - 10)), int(rng.integers(1, 6))
        values[at : at + length] *= rng.choice([0.2, 0.3, 3, 5, 8])
        odd[at : at + length] = True
    return 3600.0, values, odd


def _by_minute(rng: np.random.Generator, rows: int = 12_000) -> Made:
    """AIOps: a day's rhythm by the minute with heavy tails; falls, rises and ramps of some minutes."""
    turns = 2 * np.pi * np.arange(rows) / 1440
    base = np.maximum(1 + np.sin(turns - 1.5) + 0.4 * np.sin(2 * turns), 0.02) * rng.uniform(50, 5000)
    usual = base.mean()
    values: Array = base * (1 + rng.normal(0, 0.05, rows)) + np.abs(rng.standard_t(3, rows)) * usual * 0.01
    odd = np.zeros(rows, bool)
    for _ in range(8):
        at, length = int(rng.integers(rows // 3, rows - 60)), int(rng.integers(2, 50))
        part, size = slice(at, at + length), rng.uniform(0.5, 2)
        changed = (values[part] * rng.uniform(0.1, 0.6), values[part] + usual * size,
                   values[part] + usual * size * np.linspace(0, 1, length))  # fmt: skip
        values[part] = changed[int(rng.integers(3))]
        odd[part] = True
    return 60.0, values, odd


def _load(rng: np.random.Generator, rows: int = 4000) -> Made:
    """NAB's servers: a level with bursts that are usual, one that is not, and hours at a higher level."""
    values: Array = rng.uniform(2, 50) + rng.gamma(2, 1, rows)
    odd = np.zeros(rows, bool)
    values[rng.integers(0, rows, 40)] += rng.uniform(5, 15, 40)
    for at, length, size in (
        (int(rng.integers(rows // 2, rows - 500)), int(rng.integers(100, 400)), rng.uniform(15, 40)),
        (int(rng.integers(rows // 4, rows // 2 - 200)), 3, 90.0),
    ):
        values[at : at + length] += size
        odd[at : at + length] = True
    return 300.0, values, odd


def _holidays(rng: np.random.Generator, rows: int = 5000) -> Made:
    """NAB's taxis: days and weeks, and four days that are like none."""
    row = np.arange(rows)
    turns, weekend = 2 * np.pi * row / 48, row // 48 % 7 > 4
    values: Array = 15_000 + 8000 * np.sin(turns - 2) + 3000 * np.sin(2 * turns) - 2500 * weekend * np.cos(turns)
    values += rng.normal(0, 600, rows)
    odd = np.zeros(rows, bool)
    for day in rng.integers(40, rows // 48 - 2, 4):
        part = slice(day * 48, day * 48 + 48)
        values[part] = values[part] * rng.uniform(0.4, 0.75) + 2000
        odd[part] = True
    return 1800.0, values, odd


def _beats(rng: np.random.Generator, rows: int = 6000) -> Made:
    """UCR: beats of about the same length; one is reversed, smoothed or slow."""
    length = int(rng.integers(60, 160))
    x = np.linspace(0, 1, length)
    beat = 2 * np.exp(-(((x - 0.3) / 0.02) ** 2)) - 0.4 * np.exp(-(((x - 0.36) / 0.02) ** 2))
    beat += 0.3 * np.exp(-(((x - 0.6) / 0.06) ** 2))
    beats: list[Array] = []
    while sum(len(each) for each in beats) < rows:
        places = np.linspace(0, 1, int(length * rng.normal(1, 0.03)))
        beats.append(np.interp(places, x, beat) * rng.normal(1, 0.05))
    values: Array = np.concatenate(beats)[:rows] + rng.normal(0, 0.03, rows)
    at, odd = int(rng.integers(rows // 2, rows - 2 * length)), np.zeros(rows, bool)
    part = slice(at, at + length)
    smooth = np.convolve(values[at - 10 : at + length + 10], np.ones(21) / 21, "valid")[:length]
    slow = np.interp(x, np.linspace(0, 1, length // 2), values[at : at + length // 2])
    values[part] = (values[part][::-1].copy(), smooth, slow)[int(rng.integers(3))]
    odd[part] = True
    return 1.0, values, odd


def _machine(rng: np.random.Generator, rows: int = 5000) -> Made:
    """UCR: a machine's cycle; for a while it is noisy, or stands still."""
    period = int(rng.integers(40, 200))
    turns = 2 * np.pi * np.arange(rows) / period
    values: Array = np.sin(turns) + 0.5 * np.sign(np.sin(turns + 1)) + rng.normal(0, 0.05, rows)
    at, length = int(rng.integers(rows // 2, rows - 420)), int(rng.integers(period // 2, 2 * period))
    odd = np.zeros(rows, bool)
    noisy = values[at : at + length] + rng.normal(0, 0.3, length)
    values[at : at + length] = noisy if rng.random() < 0.5 else values[at]
    odd[at : at + length] = True
    return 1.0, values, odd


COLLECTIONS: dict[str, Callable[[np.random.Generator], Made]] = {
    "traffic": _traffic,
    "outliers": _outliers,
    "change point": _change_point,
    "by minute": _by_minute,
    "load": _load,
    "holidays": _holidays,
    "beats": _beats,
    "machine": _machine,
}


def collected(kind: str, seed: int) -> Labelled:
    """One series, drawn from a seed."""
    step, values, odd = COLLECTIONS[kind](np.random.default_rng([seed, *kind.encode()]))
    times: Array = np.asarray(START + step * np.arange(len(values)), dtype=np.float64)
    return Labelled(kind, times, values, odd)
