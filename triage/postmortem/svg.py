"""A chart over time as a static SVG: lines, the band of what is usual, and marks. Axes carry units and UTC.

Colours are attributes, so that it prints in any reader; where a page knows its classes, the page's colours hold.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from math import ceil, floor, log10

from triage.postmortem.visible import visible

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 44, 50
MOST_TICKS = 8
MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 10_080)
INK, MUTED, GRID, BAND, MARK = "#1f2328", "#59636e", "#d8dee4", "#e3ebf5", "#6639ba"
LONGEST_MARK = 44
LARGEST = 1e300
"""What is beyond stands at the edge."""
LETTER = 6.6
"""About how wide a letter is."""
ROW = 15
"""How high a line of marks' words is."""


@dataclass(frozen=True)
class Line:
    """Values over time, None where none is known; `steps`: a value holds until the next."""

    name: str
    points: Sequence[tuple[datetime, float | None]]
    colour: str
    kind: str
    steps: bool = False


@dataclass(frozen=True)
class Mark:
    """Something that happened at a moment."""

    time: datetime
    text: str


@dataclass(frozen=True)
class Label:
    """A mark's words, left of its line (`before`) or right of it, in a row above the values."""

    x: float
    words: str
    before: bool
    row: int


@dataclass(frozen=True)
class Chart:
    """What a chart shows. `band`: from what to what it usually lies; `said`: a value with its unit."""

    title: str
    unit: str
    from_: datetime
    to: datetime
    lines: Sequence[Line]
    said: Callable[[float], str]
    band: tuple[float, float] | None = None
    marks: Sequence[Mark] = field(default_factory=tuple)

    @property
    def ends(self) -> tuple[float, float]:
        """From what to what its axis must reach, zero included."""
        known = [value for line in self.lines for _, value in line.points if value is not None]
        shown = [min(max(value, -LARGEST), LARGEST) for value in (0.0, *known, *(self.band or ()))]
        low, high = min(shown), max(shown)
        return (low, high) if high - low > 1 / LARGEST else (0.0, 1.0)

    def x(self, moment: datetime) -> float:
        """Where a moment stands."""
        share = (moment - self.from_) / (self.to - self.from_)
        return round(LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT), 1)


@dataclass(frozen=True)
class Axis:
    """The values at its side: whole multiples of `step`, from the `lowest` to the `highest`, which stands at `top`."""

    step: float
    lowest: int
    highest: int
    top: int

    @property
    def bottom(self) -> int:
        """Where the lowest stands."""
        return self.top + HEIGHT - TOP - BOTTOM

    @property
    def values(self) -> list[float]:
        """From below."""
        return [number * self.step for number in range(self.lowest, self.highest + 1)]

    def y(self, value: float) -> float:
        """Where a value stands."""
        steps = min(max(value / self.step, self.lowest), self.highest) - self.lowest
        return round(self.bottom - steps / (self.highest - self.lowest) * (self.bottom - self.top), 1)


def between(low: str, high: str) -> str:
    """From what to what; once where that is the same."""
    return low if low == high else f"{low} to {high}"


def drawn(chart: Chart) -> str:
    """The SVG document."""
    labels = _labels(chart)
    axis = _axis(*chart.ends, top=TOP + ROW * (1 + max((each.row for each in labels), default=-1)))
    parts = [
        *_band(chart, axis), *_values(chart, axis), *_times(chart, axis), *_marks(labels, axis),
        *(part for line in chart.lines for part in _line(chart, line, axis)), *_head(chart),
    ]  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {axis.bottom + BOTTOM}" role="img" '
        f'aria-label="{escape(visible(chart.title))}" font-family="Noto Sans, system-ui, sans-serif" font-size="12">'
        + "".join(parts)
        + "</svg>"
    )


def _text(x: float, y: float, words: str, *, kind: str = "muted", anchor: str = "start", more: str = "") -> str:
    fill = {"ink": INK, "mark": MARK}.get(kind, MUTED)
    place = f'x="{x}" y="{y}" fill="{fill}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}{more}>{escape(visible(words))}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float, kind: str = "grid", dash: str = "") -> str:
    stroke = {"mark": MARK}.get(kind, GRID)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{stroke}"{dashed}/>'


def _head(chart: Chart) -> Iterator[str]:
    yield _text(LEFT, 16, f"{chart.title}, {chart.unit}", kind="ink", more=' font-weight="600"')
    x = float(LEFT)
    if chart.band:
        yield f'<rect class="band" x="{x}" y="24" width="14" height="10" fill="{BAND}"/>'
        words = f"usually {between(chart.said(chart.band[0]), chart.said(chart.band[1]))}"
        yield _text(x + 19, 33, words)
        x += 40 + LETTER * len(words)
    for line in chart.lines:
        yield f'<rect class="{line.kind}" x="{x}" y="28" width="14" height="3" fill="{line.colour}"/>'
        yield _text(x + 19, 33, line.name)
        x += 40 + LETTER * len(line.name)


def _band(chart: Chart, axis: Axis) -> Iterator[str]:
    if chart.band:
        upper, lower = axis.y(chart.band[1]), axis.y(chart.band[0])
        height = max(lower - upper, 2.0)
        width = WIDTH - LEFT - RIGHT
        yield f'<rect class="band" x="{LEFT}" y="{upper}" width="{width}" height="{height:.1f}" fill="{BAND}"/>'


def _values(chart: Chart, axis: Axis) -> Iterator[str]:
    for value in axis.values:
        y = axis.y(value)
        yield _rule(LEFT, y, WIDTH - RIGHT, y)
        yield _text(LEFT - 8, y + 4, chart.said(value), anchor="end")


def _times(chart: Chart, axis: Axis) -> Iterator[str]:
    minutes = next((m for m in MINUTES if (chart.to - chart.from_) / timedelta(minutes=m) <= MOST_TICKS), MINUTES[-1])
    step_s = minutes * 60
    first = -(-int(chart.from_.timestamp()) // step_s) * step_s
    y = axis.bottom
    for second in range(first, int(chart.to.timestamp()) + 1, step_s):
        moment = datetime.fromtimestamp(second, UTC)
        x = chart.x(moment)
        yield _rule(x, y, x, y + 5)
        yield _text(x, y + 18, f"{moment:%H:%M}" if minutes < 1440 else f"{moment.day} {moment:%b}", anchor="middle")
    day = f"{chart.from_.day} {chart.from_:%b %Y}"
    yield _text(WIDTH - RIGHT, y + 36, f"{day}, time in UTC", anchor="end")


def _labels(chart: Chart) -> list[Label]:
    """The words of each mark; those that would lie on one another stand lower."""
    labels: list[Label] = []
    rows: list[list[tuple[float, float]]] = []
    for mark in sorted(chart.marks, key=lambda each: each.time):
        x, words = chart.x(mark.time), visible(mark.text, LONGEST_MARK)
        width = LETTER * len(words) + 5
        before = x + width > WIDTH - RIGHT
        place = (x - width, x) if before else (x, x + width)
        row = next((number for number, taken in enumerate(rows) if _free(taken, place)), len(rows))
        rows[row:] = [*rows[row:], *([[]] if row == len(rows) else [])]
        rows[row].append(place)
        labels.append(Label(x, words, before, row))
    return labels


def _marks(labels: Sequence[Label], axis: Axis) -> Iterator[str]:
    """A dashed line each, from its words down."""
    for each in labels:
        y = TOP + ROW * each.row
        yield _rule(each.x, y, each.x, axis.bottom, "mark", "4 3")
        place, anchor = (each.x - 5, "end") if each.before else (each.x + 5, "start")
        yield _text(place, y + 10, each.words, kind="mark", anchor=anchor)


def _free(taken: Sequence[tuple[float, float]], place: tuple[float, float]) -> bool:
    return all(place[1] < left or place[0] > right for left, right in taken)


def _line(chart: Chart, line: Line, axis: Axis) -> Iterator[str]:
    path: list[str] = []
    before: float | None = None
    for moment, value in line.points:
        if value is None:
            before = None
            continue
        x, y = chart.x(moment), axis.y(value)
        if before is None:
            path.append(f"M{x} {y}h.1")  # a single value shows as a dot
        elif line.steps:
            path.append(f"H{x}V{y}")
        else:
            path.append(f"L{x} {y}")
        before = y
    if path:
        style = f'stroke="{line.colour}" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"'
        yield f'<path class="{line.kind}" d="{"".join(path)}" fill="none" {style}/>'


def _axis(low: float, high: float, top: int) -> Axis:
    step = _nice((high - low) / 4)
    return Axis(step, floor(low / step + 1e-9), ceil(high / step - 1e-9), top)


def _nice(value: float) -> float:
    """The next larger of 1, 2, 2.5, 5 times a power of ten."""
    power = 10.0 ** floor(log10(value))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= value * (1 - 1e-9))
