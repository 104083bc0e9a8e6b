"""How well the KPI scorer ranks what is labelled, beside plain baselines, by kind of series; and how fast it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from time import perf_counter

from tests.bench.figures import Figure, Target, middle
from tests.bench.scale import QUICK, Scale
from tests.kpi_series import KINDS, average_precision, best_f1, labelled, rolling_z, seasonal_naive
from triage.kpi.scoring import scores

SEEDS = 4


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """One line a kind: average precision, the median of the seeds."""
    del scratch
    ours, z, naive = [], [], []
    for kind in KINDS:
        series = [labelled(kind, seed) for seed in range(1 if scale is QUICK else SEEDS)]
        found = [scores(one.times.tolist(), one.values.tolist()) for one in series]
        precisions = [average_precision(one.odd, its) for one, its in zip(series, found, strict=True)]
        f1 = mean(best_f1(one.odd, its) for one, its in zip(series, found, strict=True))
        plain = mean(average_precision(one.odd, rolling_z(one.values)) for one in series)
        before = mean(average_precision(one.odd, seasonal_naive(one.times, one.values)) for one in series)
        note = f"best F1 {f1:.2f}; rolling z {plain:.2f}, a day before {before:.2f}"
        yield middle("kpi", kind, precisions, "AUC-PR", note=note)
        ours.append(mean(precisions))
        z.append(plain)
        naive.append(before)
    note = f"rolling z {mean(z):.2f}, a day before {mean(naive):.2f}"
    yield Figure("kpi", "all kinds, mean", mean(ours), "AUC-PR", tuple(ours), note=note)
    long = labelled("rhythm, spikes", 0, rows=10_000)
    began = perf_counter()
    scores(long.times.tolist(), long.values.tolist())
    yield Figure("kpi", "10,000 rows", perf_counter() - began, "s", target=Target(5.0))
