"""What a benchmark has measured, beside what it must reach; as a table for people and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from statistics import median

from triage.terminal import columns

HEADINGS = ("BENCHMARK", "WHAT", "FIGURE", "UNIT", "MIN…MAX", "MUST BE", "", "NOTE")
RIGHT = frozenset({"FIGURE"})


@dataclass(frozen=True)
class Target:
    """What a figure must be: at most, or at least, this."""

    limit: float
    at_most: bool = True

    def reached(self, value: float) -> bool:
        return value <= self.limit if self.at_most else value >= self.limit

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {number(self.limit)}"


@dataclass(frozen=True)
class Figure:
    """One figure in its unit, the samples that it was made from, and what it must reach, if anything."""

    benchmark: str
    what: str
    value: float
    unit: str
    samples: tuple[float, ...] = ()
    target: Target | None = None
    note: str = ""

    def __str__(self) -> str:
        return f"{self.benchmark} · {self.what}: {number(self.value)} {self.unit} {self.verdict}"

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "reached" if self.target.reached(self.value) else "MISSED"


def middle(
    benchmark: str, what: str, samples: Sequence[float], unit: str, target: Target | None = None, note: str = ""
) -> Figure:
    """A figure that is the median of its samples."""
    return Figure(benchmark, what, median(samples), unit, tuple(samples), target, note)


def table(figures: Sequence[Figure]) -> Iterator[str]:
    """One line for each figure, below headings."""
    return columns(HEADINGS, [_cells(figure) for figure in figures], right=RIGHT)


def crossed(figures: Sequence[Figure], benchmark: str) -> Iterator[str]:
    """The figures of a benchmark that are called `row: column`, a line for each row; `!` marks what was missed."""
    cells: dict[str, dict[str, str]] = {}
    for figure in figures:
        row, colon, column = figure.what.partition(": ")
        if figure.benchmark == benchmark and colon:
            mark = " !" if figure.verdict == "MISSED" else ""
            cells.setdefault(row, {})[column] = f"{number(figure.value)} {_short(figure.unit)}".strip() + mark
    headings = list(dict.fromkeys(column for row in cells.values() for column in row))
    if cells:
        yield ""
        rows = [(row, *(of_row.get(column, "") for column in headings)) for row, of_row in cells.items()]
        yield from columns((benchmark.upper(), *map(str.upper, headings)), rows)


def _short(unit: str) -> str:
    return "" if unit == "share" else unit


def as_json(figures: Sequence[Figure], machine: dict[str, str]) -> str:
    """The same for programs."""
    items = [asdict(figure) | {"verdict": figure.verdict or None} for figure in figures]
    return json.dumps({"machine": machine, "figures": items}, indent=2, ensure_ascii=False)


def missed(figures: Sequence[Figure]) -> list[Figure]:
    """Those that are not what they must be."""
    return [figure for figure in figures if figure.verdict == "MISSED"]


def percentile(values: Sequence[float], percent: float) -> float:
    """The least value that at least so many percent of them do not exceed (nearest rank)."""
    return sorted(values)[max(ceil(len(values) * percent / 100), 1) - 1]


def number(value: float) -> str:
    """With no more digits than it bears."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _cells(figure: Figure) -> tuple[str, ...]:
    spread = f"{number(min(figure.samples))}…{number(max(figure.samples))}" if len(figure.samples) > 1 else ""
    target = str(figure.target) if figure.target else ""
    return (
        figure.benchmark, figure.what, number(figure.value), figure.unit, spread, target, figure.verdict, figure.note
    )  # fmt: skip
