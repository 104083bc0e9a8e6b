"""What a business figure is: its name, what it is made from and how, its unit, and in which direction it is good."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from json import dumps


class Kind(StrEnum):
    """How a figure is made."""

    RATIO = "ratio"  # the first counter for each of the second
    RATE = "rate"  # a counter's growth for each minute
    SUM = "sum"  # a counter's growth in the interval
    GAUGE = "gauge"  # the mean of what was reported


class Good(StrEnum):
    """In which direction a figure is good."""

    UP = "up"
    DOWN = "down"


class Signal(StrEnum):
    """The telemetry that a figure is made from."""

    METRIC = "metric"
    SPAN = "span"
    LOG = "log"


@dataclass(frozen=True)
class Source:
    """What is counted: a metric, the spans of a name, or the log records of an event's name or with a text.

    `where` are attributes (of the point, span or record, else of its resource) and what each must be; `value` the
    attribute of spans and records that is summed up, "" to count them; `failed` which of them count, None for all.
    """

    signal: Signal
    name: str
    service: str = ""
    where: tuple[tuple[str, str], ...] = ()
    value: str = ""
    failed: bool | None = None


@dataclass(frozen=True)
class Kpi:
    """A business figure. Only a ratio has a `by`, what it is a share of."""

    name: str
    kind: Kind
    of: Source
    unit: str
    by: Source | None = None
    good: Good = Good.UP
    owner: str = ""

    @property
    def sources(self) -> tuple[Source, ...]:
        """What it is made from."""
        return (self.of, self.by) if self.by else (self.of,)

    @property
    def digest(self) -> str:
        """Alike for figures that are made alike, whatever they are called."""
        made = [asdict(source) for source in self.sources]
        return hashlib.sha256(dumps([self.kind is Kind.GAUGE, made]).encode()).hexdigest()[:16]


def kpi_named(name: str, kpis: Sequence[Kpi]) -> Kpi | None:
    """The figure of that name, None where there is none."""
    return next((kpi for kpi in kpis if kpi.name == name), None)
