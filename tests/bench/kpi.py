"""How well the KPI scorer ranks what is labelled, beside plain baselines, by kind of series; and how fast it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean
from time import process_time

from tests.bench.figures import Figure, Target, middle
from tests.bench.scale import QUICK, Scale
from tests.kpi_collections import COLLECTIONS, collected
from tests.kpi_series import KINDS, Labelled, average_precision, best_f1, labelled, rolling_z, seasonal_naive
from triage.kpi.scoring import scores

SEEDS = 4


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """One line a kind: average precision, the median of the seeds."""
    del scratch
    seeds = 1 if scale is QUICK else SEEDS
    yield from _kinds("all kinds", tuple(KINDS), labelled, seeds)
    yield from _kinds("like public collections", tuple(COLLECTIONS), collected, seeds)
    for rows in (10_000, 40_000):
        long = labelled("rhythm, spikes", 0, rows=rows)
        began = process_time()
        scores(long.times.tolist(), long.values.tolist())
        yield Figure("kpi", f"{rows:,} rows", process_time() - began, "CPU s", target=Target(5.0 * rows / 10_000))


def _kinds(name: str, kinds: tuple[str, ...], make: Callable[[str, int], Labelled], seeds: int) -> Iterator[Figure]:
    ours, z, naive = [], [], []
    for kind in kinds:
        series = [make(kind, seed) for seed in range(seeds)]
        found = [scores(one.times.tolist(), one.values.tolist()) for one in series]
        precisions = [average_precision(one.odd, its) for one, its in zip(series, found, strict=True)]
        f1 = mean(best_f1(one.odd, its) for one, its in zip(series, found, strict=True))
        z.append(mean(average_precision(one.odd, rolling_z(one.values)) for one in series))
        naive.append(mean(average_precision(one.odd, seasonal_naive(one.times, one.values)) for one in series))
        note = f"best F1 {f1:.2f}; rolling z {z[-1]:.2f}, a day before {naive[-1]:.2f}"
        yield middle("kpi", kind, precisions, "AUC-PR", note=note)
        ours.append(mean(precisions))
    note = f"rolling z {mean(z):.2f}, a day before {mean(naive):.2f}"
    yield Figure("kpi", f"{name}, mean", mean(ours), "AUC-PR", tuple(ours), note=note)
