"""The business figures: what they are made from, and their values by interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from triage.symptom import Ask
from triage.window import Window

MINUTE_S = 60


class Kind(StrEnum):
    """How a figure is made from its metrics."""

    RATIO = "ratio"  # the first counter for each of the second
    RATE = "rate"  # a counter's growth for each minute
    SUM = "sum"  # a counter's growth in the interval
    GAUGE = "gauge"  # the mean of what was reported


class Good(StrEnum):
    """In which direction a figure is good."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class Kpi:
    """A business figure. `metrics` are the names of one counter or gauge, or of two counters for a ratio."""

    name: str
    kind: Kind
    metrics: tuple[str, ...]
    unit: str
    good: Good = Good.UP
    owner: str = ""


@dataclass(frozen=True)
class Value:
    """A figure in the interval that begins at `time`; of a ratio `of` is what it is a share of. None of nothing."""

    time: datetime
    value: float | None
    of: float | None = None


KPIS: tuple[Kpi, ...] = (
    Kpi("conversion", Kind.RATIO, ("shop.orders", "shop.visits"), "1", owner="shop"),
    Kpi("orders", Kind.RATE, ("shop.orders",), "{order}/min", owner="shop"),
    Kpi("visits", Kind.RATE, ("shop.visits",), "{visit}/min", owner="shop"),
    Kpi("revenue", Kind.SUM, ("shop.revenue",), "{currency}", owner="shop"),
)
"""What the simulated shop counts. A figure whose metrics nobody sends has no values."""


def values(ask: Ask, kpi: Kpi, window: Window, step_s: int = MINUTE_S) -> list[Value]:
    """The figure by interval, in order, with those left out of which nothing is known."""
    question = "kpi/gauges" if kpi.kind is Kind.GAUGE else "kpi/increases"
    frame = ask(question, **{"from": window.from_}, to=window.to, metrics=kpi.metrics, step_s=step_s)
    series: dict[str, dict[int, float]] = {metric: {} for metric in kpi.metrics}
    for metric, start, amount in frame.iter_rows():
        series[metric][start] = amount
    intervals = sorted(set().union(*series.values()))
    return [_value(kpi, series, start, step_s) for start in intervals]


def _value(kpi: Kpi, series: Mapping[str, Mapping[int, float]], start: int, step_s: int) -> Value:
    time = datetime.fromtimestamp(start, UTC)
    first = series[kpi.metrics[0]].get(start)
    if kpi.kind is Kind.RATIO:
        of = series[kpi.metrics[1]].get(start, 0.0)
        return Value(time, (first or 0.0) / of if of else None, of)
    if kpi.kind is Kind.RATE and first is not None:
        return Value(time, first * MINUTE_S / step_s)
    return Value(time, first)


def kpi_named(name: str, kpis: Sequence[Kpi] = KPIS) -> Kpi | None:
    """The figure of that name, None where there is none."""
    return next((kpi for kpi in kpis if kpi.name == name), None)


def total(ask: Ask, kpi: Kpi, window: Window) -> float | None:
    """The figure over the whole window; None where nothing is known."""
    known = values(ask, kpi, window)
    if kpi.kind is Kind.RATIO:
        of = sum(value.of or 0.0 for value in known)
        return sum((value.value or 0.0) * (value.of or 0.0) for value in known) / of if of else None
    told = [value.value for value in known if value.value is not None]
    if not told:
        return None
    return sum(told) if kpi.kind is Kind.SUM else sum(told) / len(told)
