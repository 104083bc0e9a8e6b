"""Traces in which several things come together that chance alone would rarely bring together."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from tests.odd_world import BASE_NS, DURATIONS, ERRORS, HOUR, OPERATIONS, SECOND, STARTS, Attributes, World
from tests.telemetry import Log, Span

LONG_AGO_NS = int(datetime(1999, 7, 1, tzinfo=UTC).timestamp()) * SECOND
BEHIND = st.sampled_from([-1, SECOND, SECOND, 2 * SECOND, 20 * HOUR, BASE_NS - LONG_AGO_NS])


@st.composite
def tight_corner(draw: st.DrawFn, world: World) -> list[Span | Log]:
    """A failure, and what makes it hard to say whose it is or what became of it."""
    corner = draw(st.sampled_from([_logs_disagree, _parents_disagree, _root_begins_late, _inside_anothers]))
    number = draw(st.integers(200, 250))
    return draw(corner(world, number, BASE_NS + draw(STARTS)))


@st.composite
def _logs_disagree(draw: st.DrawFn, world: World, trace: int, start_ns: int) -> list[Span | Log]:
    """Several log records inside the failing span, which is not named itself, name different customers."""
    span = draw(_spans(world, trace))
    times = draw(st.lists(STARTS, min_size=2, max_size=3))
    records = [Log(world.trace_id(trace), world.span_id(2), start_ns + time, draw(world.names)) for time in times]
    root = span(1, 0, start_ns, draw(st.sampled_from([{}, draw(world.names)])), draw(ERRORS))
    return [root, span(2, 1, start_ns, {}, True), *records]


@st.composite
def _parents_disagree(draw: st.DrawFn, world: World, trace: int, start_ns: int) -> list[Span | Log]:
    """The spans that share the parent's id name different customers; the failing span may be further down."""
    span = draw(_spans(world, trace))
    times = draw(st.lists(STARTS, min_size=2, max_size=3))
    parents = [span(2, 1, start_ns + time, draw(world.names)) for time in times]
    between = [span(3, 2, start_ns)] if draw(st.booleans()) else []
    root = span(1, 0, start_ns, draw(st.sampled_from([{}, draw(world.names)])), draw(ERRORS))
    return [root, *parents, *between, span(4, 3 if between else 2, start_ns, {}, True)]


@st.composite
def _root_begins_late(draw: st.DrawFn, world: World, trace: int, start_ns: int) -> list[Span | Log]:
    """They succeed in a trace that names them below its root, on a span whose clock is behind."""
    failed, span, who = draw(_spans(world, trace)), draw(_spans(world, trace + 100)), draw(world.names)
    again_ns = start_ns + draw(STARTS)
    root = span(1, 0, again_ns, draw(st.sampled_from([{}, who, draw(world.names)])), draw(ERRORS))
    below = span(2, 1, again_ns - draw(BEHIND), who)
    return [failed(1, 0, start_ns, who, True), root, below]


@st.composite
def _inside_anothers(draw: st.DrawFn, world: World, trace: int, start_ns: int) -> list[Span | Log]:
    """Something fails for a customer inside another's request; they may have tried the same themselves before."""
    span, own, who = draw(_spans(world, trace)), draw(_spans(world, trace + 100)), draw(world.names)
    root = span(1, 0, start_ns, draw(world.names), draw(ERRORS))
    before = own(1, 0, start_ns - draw(BEHIND), who, draw(ERRORS))
    return [root, span(2, 1, start_ns + draw(STARTS), who, True), before]


class _Spans:
    """Makes the spans of one trace, all of the same operation."""

    def __init__(self, world: World, trace: int, service: str, name: str, duration_ns: int) -> None:
        self._world, self._trace = world, trace
        self._service, self._name, self._duration_ns = service, name, duration_ns

    def __call__(
        self, number: int, parent: int, start_ns: int, attributes: Attributes | None = None, bad: bool = False
    ) -> Span:
        return Span(
            trace_id=self._world.trace_id(self._trace),
            span_id=self._world.span_id(number),
            parent_id=self._world.span_id(parent) if parent else "",
            service=self._service,
            name=self._name,
            kind="Server",
            start_ns=start_ns,
            duration_ns=self._duration_ns,
            status_error=bad,
            attributes=attributes or {},
            resource={"service.name": self._service},
        )


@st.composite
def _spans(draw: st.DrawFn, world: World, trace: int) -> _Spans:
    return _Spans(world, trace, draw(world.services), draw(OPERATIONS), draw(DURATIONS))
