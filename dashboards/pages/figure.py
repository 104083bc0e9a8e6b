"""Figures: drawn on the server as SVG, so that they are there at once, JavaScript or not; plotly makes them live."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor, log10

from markupsafe import Markup

from dashboards.pages.measures import Axis, axis, band, measured
from triage.incident.series import Marker, Series
from triage.window import Window, format_time

TICKS = 4
TICK_STEPS_S = (60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
MOST_HOURS = timedelta(days=2)
"""In a window that is longer, the axis of time says days, not hours."""
MOST_DAYS = 8
"""How many days it names at most."""
DAY_S = 86_400
ROOM = 1.08
"""How much higher than the highest value a figure reaches."""


@dataclass(frozen=True)
class Tick:
    """A place on an axis, in percent, and what is written there."""

    at: float
    text: str


@dataclass(frozen=True)
class Place:
    """A marker with its place in percent."""

    at: float
    marker: Marker


@dataclass(frozen=True)
class Figure:
    """A series as it is drawn: paths in a field of 100 × 100, y from above."""

    id: str
    series: Series
    markers: Sequence[Marker]

    @property
    def usual(self) -> str:
        """Between what it usually lies, in words."""
        low, high, unit = self.series.usual_low, self.series.usual_high, self.series.unit
        return measured(self.series.usual, unit) if low is not None and low == high else band(low, high, unit)

    @property
    def top(self) -> float:
        """The value at its upper edge: zero or more."""
        highest = max(self._known)
        return highest * ROOM if highest or self.bottom else 1.0

    @property
    def bottom(self) -> float:
        """The value at its lower edge: zero or less."""
        return min(self._known)

    @property
    def lines(self) -> str:
        """The line, as a path; where nothing is known it is broken, and a lone value is a point."""
        return " ".join(self._lines())

    @property
    def usual_box(self) -> tuple[float, float] | None:
        """Where the usual band begins and how high it is, in percent."""
        low, high = self.series.usual_low, self.series.usual_high
        if low is None or high is None:
            return None
        upper, lower = self._y(high), self._y(low)
        return upper, round(max(lower - upper, 0.6), 2)

    @property
    def began(self) -> float | None:
        """Where the symptom begins, in percent; None if that is not in the window."""
        began = self.series.began
        return self._x(began) if began and self._holds(began) else None

    @property
    def places(self) -> list[Place]:
        """The changes that lie in the window."""
        return [Place(self._x(each.time), each) for each in self.markers if self._holds(each.time)]

    @property
    def height_ticks(self) -> list[Tick]:
        """Round values on the axis."""
        made = self._axis
        values = _round(self.bottom * made.scale, self.top * made.scale)
        return [Tick(self._y(value / made.scale), _tick(value, made)) for value in values]

    @property
    def time_ticks(self) -> list[Tick]:
        """Round times on the axis, in UTC: hours, or in a long window whole days."""
        window = self.series.window
        days = window.length > MOST_HOURS
        step_s = _days_s(window.length) if days else _hours_s(window.length)
        first = -(-int(window.from_.timestamp()) // step_s) * step_s
        moments = (
            datetime.fromtimestamp(each, window.from_.tzinfo)
            for each in range(first, int(window.to.timestamp()), step_s)
        )
        return [Tick(self._x(each), f"{each:%d %b}" if days else f"{each:%H:%M}") for each in moments]

    @property
    def rows(self) -> list[tuple[datetime, str]]:
        """The table behind it: when, and the value with its unit."""
        pairs = zip(self.series.times, self.series.values, strict=True)
        return [(time, measured(value, self.series.unit)) for time, value in pairs]

    @property
    def data(self) -> Markup:
        """What page.js draws it from, as JSON that is safe inside a script element."""
        made, series = self._axis, self.series
        told = {
            "name": series.name,
            "from": format_time(series.window.from_),
            "to": format_time(series.window.to),
            "times": [format_time(time) for time in series.times],
            "values": [None if value is None else round(value * made.scale, 4) for value in series.values],
            "band": None if series.usual_low is None or series.usual_high is None
            else [series.usual_low * made.scale, series.usual_high * made.scale],
            "began": format_time(series.began) if self.began is not None and series.began else None,
            "suffix": made.suffix,
            "format": made.format,
            "markers": [
                {"time": format_time(place.marker.time), "text": place.marker.text[:120]} for place in self.places
            ],
        }  # fmt: skip
        return Markup(json.dumps(told).replace("<", "\\u003c").replace("&", "\\u0026"))

    @property
    def _known(self) -> list[float]:
        """What is to be seen in it, and a zero, from which it is measured."""
        series = self.series
        return [0.0, *(each for each in (*series.values, series.usual_low, series.usual_high) if each is not None)]

    @property
    def _axis(self) -> Axis:
        return axis(self.series.unit, max(self.top, -self.bottom))

    def _lines(self) -> Iterator[str]:
        half = timedelta(seconds=self.series.step_s / 2)
        pen_down = False
        points = list(zip(self.series.times, self.series.values, strict=True))
        for number, (time, value) in enumerate(points):
            if value is None:
                pen_down = False
                continue
            yield f"{'L' if pen_down else 'M'}{self._x(time + half)} {self._y(value)}"
            alone = not pen_down and (number + 1 == len(points) or points[number + 1][1] is None)
            if alone:
                yield "h0.01"
            pen_down = True

    def _holds(self, moment: datetime) -> bool:
        return self.series.window.from_ <= moment < self.series.window.to

    def _x(self, moment: datetime) -> float:
        window: Window = self.series.window
        return round(100 * min(max((moment - window.from_) / window.length, 0), 1), 2)

    def _y(self, value: float) -> float:
        share = (value - self.bottom) / (self.top - self.bottom)
        return round(100 - 100 * min(max(share, 0), 1), 2)


def _round(low: float, high: float) -> list[float]:
    """Two to five round values between the two, six where some are below zero; zero is among them."""
    length, most = high - low, TICKS + 1 if low < 0 else TICKS
    power = 10 ** floor(log10(length))
    step = next((part * power for part in (0.2, 0.5, 1, 2, 5) if length / (part * power) <= most), 5 * power)
    return [number * step for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _hours_s(length: timedelta) -> int:
    """How far the hours lie apart that an axis of this length names, in seconds."""
    return next(each for each in TICK_STEPS_S if length / timedelta(seconds=each) <= TICKS + 1)


def _days_s(length: timedelta) -> int:
    """The same of days."""
    return ceil(length / timedelta(days=MOST_DAYS)) * DAY_S


def _tick(value: float, made: Axis) -> str:
    return f"{value:,.4g}{made.suffix}" if abs(value) < 10_000 else f"{value:,.0f}{made.suffix}"
