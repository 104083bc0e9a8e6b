"""Counters as senders report them, drawn from a seed; and in plain Python what they grew by, minute by minute."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

CUMULATIVE, DELTA = 2, 1
HOUR_S = 3600


@dataclass(frozen=True)
class Point:
    """A reading of a series: when it began (s; None: not said; `time`: unknown), when it was read, and its value."""

    series: str
    start: int | None
    time: int
    value: float


@dataclass(frozen=True)
class Counter:
    """All readings of a metric, as received."""

    name: str
    temporality: int
    points: tuple[Point, ...]
    is_monotonic: bool = True
    where: tuple[tuple[str, str], ...] = ()

    def request(self, t0: int, service: str = "gateway") -> ExportMetricsServiceRequest:
        """As OTLP; times count from `t0`, epoch seconds."""
        request = ExportMetricsServiceRequest()
        of = request.resource_metrics.add()
        of.resource.attributes.add(key="service.name").value.string_value = service
        made = of.scope_metrics.add().metrics.add(name=self.name)
        made.sum.aggregation_temporality = self.temporality  # type: ignore[assignment]  # an enum's number
        made.sum.is_monotonic = self.is_monotonic
        for point in self.points:
            start = 0 if point.start is None else (t0 + point.start) * 10**9
            told = made.sum.data_points.add(
                start_time_unix_nano=start, time_unix_nano=(t0 + point.time) * 10**9, as_double=point.value
            )
            told.attributes.add(key="instance").value.string_value = point.series
            for key, text in self.where:
                told.attributes.add(key=key).value.string_value = text
        return request


def drawn(name: str, rng: random.Random) -> Counter:
    """One to three series, of one process or two, with restarts, gaps, repeats, lost and unordered points.

    Their starts are told, not said or unknown.
    """
    temporality = rng.choice([CUMULATIVE, CUMULATIVE, DELTA])
    is_monotonic = temporality == DELTA or rng.random() < 0.8
    points: list[Point] = []
    for series in "abc"[: rng.randint(1, 3)]:
        says_start = rng.random() < 0.7
        for _ in range(rng.choice([1, 1, 2]) if says_start else 1):
            points += _series(series, temporality, is_monotonic, says_start, rng)
    points += rng.sample(points, min(len(points), rng.randint(0, 4)))
    rng.shuffle(points)
    return Counter(name, temporality, tuple(points), is_monotonic)


def _series(series: str, temporality: int, is_monotonic: bool, says_start: bool, rng: random.Random) -> list[Point]:
    start = rng.choice([-3 * HOUR_S, -30, 0])
    time, value, found = max(start, -HOUR_S - 200) + rng.randint(1, 60), float(rng.randint(0, 50)), []
    start = rng.choice([start, start, time])
    while time < 2 * HOUR_S:
        told = start if says_start else None
        found.append(Point(series, told, time, value))
        before, step = time, rng.choice([10, 30, 60, 60, 60, 400, 400] + [HOUR_S + 60] * (rng.random() < 0.1))
        time += step
        grown = float(rng.randint(0, 9))
        if temporality == DELTA:
            value, start = grown, before
        elif rng.random() < 0.08:  # a restart
            start, value = rng.choice([rng.randint(before, time), time]), grown
        elif rng.random() < 0.08:  # who reads it restarted, and does not know when it began
            start, value = time, value + grown
        else:
            value += grown if is_monotonic else grown - 4
    return [point for point in found if rng.random() > 0.05]


def growth(counter: Counter, from_: int, to: int, step: int = 60) -> dict[int, float]:
    """What it grew by in each interval of the window, by the interval's start; those without a point are left out."""
    by_series: dict[str, dict[tuple[int, int], Point]] = defaultdict(dict)
    for point in sorted(counter.points, key=lambda each: each.value):
        by_series[point.series][point.time, point.start or 0] = point
    grown: dict[int, float] = defaultdict(float)
    for points in by_series.values():
        before: dict[int | None, Point] = {}
        latest: Point | None = None
        for _, point in sorted(points.items()):
            if from_ <= point.time < to:
                of_same = latest if point.start == point.time else before.get(point.start)
                grown[point.time // step * step] += _grew(counter, of_same, point)
            before[point.start] = latest = point
    return dict(sorted(grown.items()))


def _grew(counter: Counter, before: Point | None, point: Point) -> float:
    if counter.temporality == DELTA:
        return point.value
    if before is None or before.time < point.time - HOUR_S:
        return point.value if point.start is not None and point.time - HOUR_S <= point.start < point.time else 0.0
    return point.value if counter.is_monotonic and point.value < before.value else point.value - before.value


def joined(requests: Iterable[ExportMetricsServiceRequest]) -> bytes:
    """Several requests as one."""
    return b"".join(request.SerializeToString() for request in requests)
