"""A symptom's measure over time, with what is usual of it and what changed meanwhile: what figures are drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import numpy as np

from triage.changes import Change, Origin, changes, made_once
from triage.detectors.wording import name
from triage.entries import entry_services
from triage.kpi.figures import Kpi, kpi_named
from triage.kpi.named import kpis_of
from triage.kpi.usual import MESSAGES, REQUESTS
from triage.kpi.values import values
from triage.symptom import Ask, Symptom
from triage.window import Window

USUAL_BEFORE = timedelta(hours=2)
"""What is usual is taken from so long before something began."""
LEAST_USUAL = 5
"""Intervals of which something must be known to say what is usual."""
BAND = (5.0, 95.0)
"""Percentiles of the intervals before, between which it usually lies."""
STEPS_S = (30, 60, 300, 900, 3600, 21_600, 86_400)
MOST_POINTS = 120
MINUTE_S = 60
AROUND = timedelta(minutes=10)

Values: TypeAlias = Mapping[int, float]
"""A value for each interval of which one is known, by its start in seconds since 1970."""


@dataclass(frozen=True)
class Series:
    """A measure in `unit` over a window: one value an interval of `step_s`, None where nothing is known.

    `times` are the intervals' starts. It usually lies between `usual_low` and `usual_high`, by what was before
    `began`, and is `usual` in the middle; None where too little is known. `name` is one short line, whatever telemetry
    says.
    """

    name: str
    unit: str
    window: Window
    step_s: int
    times: tuple[datetime, ...]
    values: tuple[float | None, ...]
    usual: float | None = None
    usual_low: float | None = None
    usual_high: float | None = None
    began: datetime | None = None
    ended: datetime | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is anything to draw."""
        return any(value is not None for value in self.values)

    @property
    def last(self) -> float | None:
        """The latest value that is known."""
        return next((value for value in reversed(self.values) if value is not None), None)


@dataclass(frozen=True)
class Marker:
    """A change in a figure's window."""

    time: datetime
    kind: str
    text: str
    service: str
    id: str
    origin: Origin = Origin.TOLD

    @property
    def around(self) -> Window:
        """The minutes around it, in which it is found among the changes."""
        return Window(self.time - AROUND, self.time + AROUND)


def symptom_series(ask: Ask, symptom: Symptom, window: Window) -> Series | None:
    """What the symptom measures over the window, in one query. Raises StoreError.

    None for what has no measure of ours: an outside alert that names no service.
    """
    made = _measured(ask, symptom, window)
    return replace(made, began=symptom.from_, ended=symptom.to) if made else None


def _measured(ask: Ask, symptom: Symptom, window: Window) -> Series | None:
    subject, labels, began = symptom.subject, symptom.labels, symptom.from_
    match symptom.found_by:  # not by its name: an outside alert may be called anything
        case "gateway_errors":
            service, operation = labels.get("gateway", ""), labels.get("operation", "")
            return error_series(ask, window, began, service=service, operation=operation, entries=(REQUESTS, MESSAGES))
        case "slow_checkout":
            service, operation = labels.get("gateway", ""), labels.get("operation", "")
            return latency_series(ask, window, began, service=service, operation=operation, column="mean_ms")
        case "partner_integration":
            return error_series(ask, window, began, partner=subject["partner"])
        case "inventory":
            return _row_series(ask, window, began, subject["connector"], labels.get("kind", ""))
        case "kpi_moved":
            kpi = kpi_named(subject["kpi"], kpis_of(ask))
            return kpi_series(ask, window, began, kpi) if kpi else None
        case "no_data":
            return _arrival_series(ask, window, began, subject["service"].replace("*", ""))
    service = subject.get("service", "")
    return error_series(ask, window, began, service=service) if service else None


def error_series(
    ask: Ask, window: Window, began: datetime, *, service: str = "", operation: str = "", partner: str = "",
    entries: Sequence[str] = (),
) -> Series:  # fmt: skip
    """The share that failed of requests or messages that enter, of requests to a service, or of calls to a partner."""
    grid = Grid.of(window, began)
    rows = _requests(ask, grid, service, operation, partner, entries)
    every = "all messages" if [*entries] == [MESSAGES] else "all requests"
    of_service = f"requests to {name(service)}" if service else every
    what = f"calls to {name(partner)}" if partner else name(operation) if operation else of_service
    failed, all_ = ({int(row["interval_start"]): row[column] for row in rows} for column in ("errors", "requests"))
    return grid.share(f"Errors of {what}", failed, all_)


def latency_series(
    ask: Ask, window: Window, began: datetime, *, service: str = "", operation: str = "", column: str = "p95_ms"
) -> Series:
    """How long requests take that enter the shop, in ms: `p95_ms` or `mean_ms`."""
    grid = Grid.of(window, began)
    rows = _requests(ask, grid, service, operation, "", [REQUESTS])
    what = {"p95_ms": "95th percentile", "mean_ms": "Mean time"}[column]
    took = {int(row["interval_start"]): row[column] for row in rows}
    return grid.series(f"{what} of {name(operation) if operation else 'all requests'}", "ms", took)


def kpi_series(ask: Ask, window: Window, began: datetime, kpi: Kpi) -> Series:
    """A business figure."""
    grid = Grid.of(window, began, MINUTE_S)
    known = values(ask, kpi, Window(grid.from_, grid.to), grid.step_s)
    told = {int(each.time.timestamp()): each.value for each in known if each.value is not None}
    return grid.series(kpi.name.capitalize(), kpi.unit, told)


def _row_series(ask: Ask, window: Window, began: datetime, connector: str, kind: str) -> Series:
    grid = Grid.of(window, began, MINUTE_S)
    rows = ask(
        "series/row_changes", **{"from": grid.from_}, to=grid.to, step_s=grid.step_s, connector=connector, kind=kind
    ).to_dicts()
    wrong = {row["interval_start"]: row["wrong"] for row in rows}
    all_ = {row["interval_start"]: row["changes"] for row in rows}
    return grid.share(f"Row changes of {name(connector)} that can’t be right", wrong, all_)


def _arrival_series(ask: Ask, window: Window, began: datetime, service: str) -> Series:
    grid = Grid.of(window, began, MINUTE_S)
    rows = ask("series/arrivals", **{"from": grid.from_}, to=grid.to, step_s=grid.step_s, service=service).rows()
    first = min((start for start, _ in rows), default=grid.ends)
    none = dict.fromkeys((start for start in grid.starts if start >= first), 0.0)  # nothing arrived: that is known
    per_minute = {start: spans * MINUTE_S / grid.step_s for start, spans in rows}
    return grid.series(
        f"Spans that arrived from {name(service) if service else 'anybody'}", "{span}/min", none | per_minute
    )


def _requests(
    ask: Ask, grid: Grid, service: str, operation: str, partner: str, entries: Sequence[str]
) -> list[dict[str, float]]:
    """`entries`: only these that enter; at a service that is named they do, whoever calls it by now."""
    entered_at = ([service] if service else entry_services(ask, grid.window.from_, grid.to)) if entries else []
    return ask(
        "series/requests", **{"from": grid.from_}, to=grid.to, step_s=grid.step_s, service=service,
        operation=operation, partner=partner, entries=entries, entry_services=entered_at,
    ).to_dicts()  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """The intervals of a figure, whole ones alone, with those before that say what is usual."""

    window: Window
    step_s: int
    usual_from: int
    usual_to: int

    @staticmethod
    def of(window: Window, began: datetime, least_step_s: int = STEPS_S[0]) -> Grid:
        """The intervals that suit a window; what is usual is taken from before `began`."""
        length_s = window.length.total_seconds()
        steps = [step for step in STEPS_S if step >= least_step_s]
        step_s = next((step for step in steps if length_s / step <= MOST_POINTS), steps[-1])
        before = int((began - USUAL_BEFORE).timestamp()) // step_s * step_s
        return Grid(window, step_s, before, int(began.timestamp()) // step_s * step_s)

    @property
    def starts(self) -> range:
        """The starts of the window's intervals, in seconds since 1970."""
        begin = -(-int(self.window.from_.timestamp()) // self.step_s) * self.step_s
        return range(begin, self.ends, self.step_s)

    @property
    def ends(self) -> int:
        """Where the last whole interval ends."""
        return int(self.window.to.timestamp()) // self.step_s * self.step_s

    @property
    def from_(self) -> datetime:
        """From when on something must be read."""
        return _moment(min(self.usual_from, self.starts.start))

    @property
    def to(self) -> datetime:
        """Until when something must be read."""
        return _moment(max(self.ends, self.usual_to, int(self.from_.timestamp()) + self.step_s))

    def series(self, title: str, unit: str, known: Values) -> Series:
        """The series of these values."""
        before = [value for start, value in known.items() if self.usual_from <= start < self.usual_to]
        band: Sequence[float | None] = (None, None, None)
        if len(before) >= LEAST_USUAL:
            band = [float(value) for value in np.percentile(before, (BAND[0], 50.0, BAND[1]))]
        return Series(
            name=title,
            unit=unit,
            window=self.window,
            step_s=self.step_s,
            times=tuple(_moment(start) for start in self.starts),
            values=tuple(known.get(start) for start in self.starts),
            usual_low=band[0],
            usual=band[1],
            usual_high=band[2],
        )

    def share(self, title: str, part: Values, whole: Values) -> Series:
        """The series of what share of a whole a part is; usual is the share over all that was before."""
        shares = {start: part.get(start, 0.0) / count for start, count in whole.items() if count}
        made = self.series(title, "ratio", shares)
        before = [start for start in shares if self.usual_from <= start < self.usual_to]
        if made.usual is None:
            return made
        usual = sum(part.get(each, 0.0) for each in before) / sum(whole[each] for each in before)
        return replace(made, usual=usual, usual_high=max(usual, made.usual_high or 0.0))


def markers(ask: Ask, window: Window, at_most: int = 20) -> tuple[Marker, ...]:
    """The latest changes in the window, in order of time. Raises StoreError."""
    found = made_once(changes(ask, window, at_most=4 * at_most))[:at_most]
    return tuple(
        Marker(each.time, each.kind, marker_text(each), each.service, each.id, each.origin) for each in reversed(found)
    )


def marker_text(change: Change) -> str:
    """The change in a few words: "deploy of payment 2.4.0"; what was told of it may be anything."""
    if change.kind == "deploy" and change.service:
        return f"deploy of {change.service} {change.version}".rstrip()
    return change.title or f"{change.kind} change" + (f" of {change.service}" if change.service else "")


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
