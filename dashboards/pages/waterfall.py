"""A trace as a tree in time: rows for a waterfall, whatever the spans say.

Parents may be missing, form loops or share a span id with their child; clocks differ, and one may be years off.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from dashboards.pages.shown import duration
from triage.trace import LogRecord, Span, Trace

DEEPEST_INDENT = 12
COLOURS = 8
FAR_OFF_NS = timedelta(hours=24) // timedelta(microseconds=1) * 1000
LEAST_WIDTH = 0.15  # percent: what is shorter is still drawn
SKEW_NS = 1_000_000  # clocks of one machine differ by less
KIND_ORDER = {"Client": 0, "Producer": 0, "Server": 1, "Consumer": 1}


@dataclass(frozen=True)
class Row:
    """One line of the waterfall. `left` and `width` are in percent of the axis, `depth` counts from 0."""

    span: Span
    depth: int
    children: int
    left: float
    width: float
    colour: int
    notes: tuple[str, ...]
    logs: Sequence[LogRecord]
    offset_ms: float

    @property
    def indent(self) -> int:
        """Its depth as far as there is room for it."""
        return min(self.depth, DEEPEST_INDENT)


@dataclass(frozen=True)
class Placed:
    """A span with its place in the tree. `shift_ns` is added to its times to draw it where it fits."""

    span: Span
    parent: Span | None
    depth: int
    children: int
    shift_ns: int

    @property
    def start_ns(self) -> int:
        """When it is drawn to begin."""
        return self.span.start_ns + self.shift_ns

    @property
    def end_ns(self) -> int:
        """When it is drawn to end."""
        return self.span.end_ns + self.shift_ns


@dataclass(frozen=True)
class Axis:
    """The time that is drawn, in ns since 1970."""

    start_ns: int
    end_ns: int

    @classmethod
    def of(cls, spans: Sequence[Placed]) -> "Axis":
        """From the first start to the last end, of spans whose clocks are not a day off the others'."""
        middle = sorted(span.start_ns for span in spans)[len(spans) // 2]
        sane = [span for span in spans if abs(span.start_ns - middle) <= FAR_OFF_NS]
        start = min(span.start_ns for span in sane)
        return cls(start, max(start + 1, *(span.end_ns for span in sane)))

    @property
    def length_ms(self) -> float:
        """How long it is."""
        return (self.end_ns - self.start_ns) / 1e6

    def holds(self, span: Placed) -> bool:
        """Whether the span begins inside it."""
        return self.start_ns <= span.start_ns <= self.end_ns

    def percent(self, ns: int) -> float:
        """Where a moment is, cut off at the ends."""
        return 100 * min(max((ns - self.start_ns) / (self.end_ns - self.start_ns), 0), 1)


class Waterfall:
    """The tree of a trace's spans. Everything is there once, under a parent that is known or at the top."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._logs = trace.logs_by_span()
        self._by_id: dict[str, list[Span]] = defaultdict(list)
        for span in sorted(trace.spans, key=lambda span: KIND_ORDER.get(span.kind, 2)):
            self._by_id[span.span_id].append(span)
        placed = tuple(self._walk())
        self.axis = Axis.of(placed)
        self.colours = {service: place % COLOURS for place, service in enumerate(trace.services)}
        self.rows = tuple(map(self._row, placed))
        """All lines, parents before their children, these in order of start."""

    @cached_property
    def failed(self) -> tuple[tuple[int, Row], ...]:
        """The lines that failed, with their places (from 0)."""
        return tuple((place, row) for place, row in enumerate(self.rows) if row.span.failed)

    def place_of(self, span_id: str) -> int | None:
        """Where a span's line is (from 0); of two with its id the one that failed."""
        places = [place for place, row in enumerate(self.rows) if row.span.span_id == span_id]
        return min(places, key=lambda place: not self.rows[place].span.failed, default=None)

    def stray_logs(self) -> Sequence[LogRecord]:
        """What was logged in the trace, but in none of these spans."""
        return [record for record in self._trace.logs if record.span_id not in self._by_id]

    def _parent(self, span: Span) -> Span | None:
        """The span that it says has called it, if that is here."""
        twins = self._by_id[span.span_id]
        if twins[0] is not span and KIND_ORDER.get(span.kind) == 1:  # caller and called may share an id
            return twins[0]
        callers = self._by_id.get(span.parent_span_id, []) if span.parent_span_id else []
        return callers[-1] if callers and callers[-1] is not span else None

    def _walk(self) -> Iterator[Placed]:
        children: dict[int, list[Span]] = defaultdict(list)
        tops: list[Span] = []
        for span in self._trace.spans:
            parent = self._parent(span)
            (children[id(parent)] if parent else tops).append(span)
        seen: set[int] = set()
        yield from _depth_first(tops, children, seen)
        for span in self._trace.spans:  # what is left hangs on a loop: it is cut open at its earliest span
            if id(span) not in seen:
                yield from _depth_first([span], children, seen)

    def _row(self, placed: Placed) -> Row:
        left = self.axis.percent(placed.start_ns)
        width = max(self.axis.percent(placed.end_ns) - left, LEAST_WIDTH)
        return Row(
            span=placed.span,
            depth=placed.depth,
            children=placed.children,
            left=round(min(left, 100 - LEAST_WIDTH), 3),
            width=round(width, 3),
            colour=self.colours[placed.span.service],
            notes=tuple(self._notes(placed)),
            logs=self._logs.get(placed.span.span_id, ()),
            offset_ms=(placed.start_ns - self.axis.start_ns) / 1e6,
        )

    def _notes(self, placed: Placed) -> Iterator[str]:
        span, parent = placed.span, placed.parent
        if not self.axis.holds(placed):
            yield "its clock is more than a day off: drawn at the edge"
        elif parent and parent.start_ns - span.start_ns > SKEW_NS and placed.shift_ns:
            yield f"its clock is {duration(placed.shift_ns / 1e6)} behind its caller’s: drawn where it fits"
        if span.parent_span_id and span.parent_span_id == span.span_id and parent is None:
            yield "names itself as its caller"
        elif span.parent_span_id and parent is None:
            yield "its callers form a loop" if self._parent(span) else "its caller has not arrived"


def _depth_first(tops: Sequence[Span], children: dict[int, list[Span]], seen: set[int]) -> Iterator[Placed]:
    """A forest, each span once; no recursion, since a trace may be 10,000 deep."""
    stack: list[tuple[Span, Placed | None]] = [(span, None) for span in reversed(tops)]
    while stack:
        span, above = stack.pop()
        if id(span) in seen:
            continue
        seen.add(id(span))
        below = children.get(id(span), [])
        parent, depth = (above.span, above.depth + 1) if above else (None, 0)
        placed = Placed(span, parent, depth, len(below), _shift(span, above) if above else 0)
        yield placed
        stack.extend((child, placed) for child in reversed(below))


def _shift(span: Span, above: Placed) -> int:
    """What to add to a span's times so that it does not begin before its caller: nothing, where clocks agree.

    As Zipkin and Jaeger do it: a span that can't have begun so early is put in the middle of its caller's.
    """
    shift = above.shift_ns if span.service == above.span.service else 0
    early = above.start_ns - span.start_ns - shift
    if early <= SKEW_NS:
        return shift
    return shift + early + max(0, (above.span.duration_ns - span.duration_ns) // 2)
