"""Random odd traces and the questions to ask of them: all that a sender may get wrong, from small alphabets.

Several customers in a trace, roots and parents missing, several roots, cycles, shared span ids, names in logs and
resources or for spans that never came, spans twice, wrong clocks, failures that a retry saved. Hypothesis draws them.
What has to come together to be seen is in tight_corners.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tests.odd_world import (
    BASE,
    BASE_NS,
    DEFAULT_KEYS,
    DURATIONS,
    ERRORS,
    HOUR,
    ODD,
    OPERATIONS,
    OWN_KEYS,
    SECOND,
    STARTS,
    Attributes,
    Keys,
    World,
)
from tests.telemetry import Log, Span
from tests.tight_corners import tight_corner
from triage.model import Question

TRACES_EACH, SPANS_EACH = 3, 5
SPAN_COUNTS = st.sampled_from([1, 1, 1, 2, 2, 3, 4, SPANS_EACH])
RETRIES = st.sampled_from([True, True, False])
LOG_COUNTS = st.sampled_from([0, 0, 0, 1, 2, 3])
PEERS = ("psp", "erp", "shop", "wms.example", "nobody")
HAS_ORDER = st.sampled_from([False] * 4 + [True])


def _often(common: Attributes, *rare: Attributes, times: int = 6) -> st.SearchStrategy[Attributes]:
    return st.sampled_from([common] * times + list(rare))


NEW, OLD = "http.response.status_code", "http.status_code"

CODES = _often(
    {}, {NEW: "500"}, {NEW: "503"}, {NEW: "404"}, {NEW: "499"}, {NEW: "200"}, {OLD: "500"}, {OLD: "400"},
    {OLD: "65535"}, {NEW: "", OLD: "502"}, {NEW: "200", OLD: "500"}, {NEW: "oops", OLD: "500"}, {OLD: "70000"},
    {OLD: "-500"}, times=8,
)  # fmt: skip
PARTNERS = _often(
    {}, {"service.peer.name": "psp"}, {"peer.service": "erp"}, {"server.address": "wms.example"},
    {"service.peer.name": "shop", "peer.service": "psp"}, {"service.peer.name": "", "peer.service": "shop"},
    {"peer.service": "erp", "server.address": "nobody"}, {"peer.service": ODD}, {"net.peer.name": "wms.example"},
    {"net.peer.name": "wms.example", "server.address": "nobody"}, {"net.peer.name": "psp", "server.address": ""},
    {"db.system": "redis", "peer.service": "psp"}, {"db.system.name": "mysql", "server.address": "wms.example"},
)  # fmt: skip
ROUTES = _often({}, {"http.route": "/buy"}, {"http.route": ""}, times=3)
VERSIONS = _often({}, {"service.version": "1"}, {"service.version": "2"}, times=2)
KINDS = st.sampled_from(["Server"] * 4 + ["Client"] * 4 + ["Internal", "Unspecified", "Consumer"])
TRACE_STARTS = st.sampled_from([0, 0, SECOND, 2 * SECOND, 11 * SECOND, 600 * SECOND, 3 * HOUR, 50 * HOUR])
SKEWS = st.sampled_from([0] * 20 + [-5 * SECOND, 5 * SECOND, -2 * HOUR, 2 * HOUR, -20 * HOUR, 30 * HOUR, 100 * HOUR])
WRONG_CLOCKS = st.sampled_from([None] * 40 + [datetime(year, 7, 1, tzinfo=UTC) for year in (1971, 1999, 2100, 2250)])
AMOUNTS = st.sampled_from(["10", "10.0", "49.9", "12.34567", "0.00004", "0", "-5", "many", "", None])
CURRENCIES = st.sampled_from(["EUR", "EUR", "USD", "", None])
FIRST_PARENTS = st.sampled_from(["root"] * 6 + ["missing", "self", "next", "zero"])
PARENTS = st.sampled_from(["before"] * 5 + ["first"] * 4 + ["root", "missing", "self", "next"])
ID_SHIFTS = st.sampled_from([0] * 16 + [-1, -1, None])
MOMENTS = [BASE + timedelta(microseconds=us) for us in (0, 1, 1_000_000, 2_000_000, 11_000_000)]
LATER = [BASE + timedelta(seconds=seconds) for seconds in (599, 601, 3 * 3600, 4 * 3600, 60 * 3600, 150 * 3600)]
YEARS = [datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 2000, 2026, 2027, 2150, 2200)]
FROM = st.sampled_from([*MOMENTS, *LATER[:-2], *YEARS[:3] * 4, BASE - timedelta(hours=1)])
"""Not so late that a clock more than a day behind its root matters, the one bound of docs/affected.md."""
TO = st.sampled_from([*MOMENTS, *LATER, *YEARS[3:] * 4])


@dataclass(frozen=True)
class Sent:
    """A span or a log record, and with which insert it came. The same may be sent again."""

    insert: int
    what: Span | Log


@dataclass(frozen=True)
class Telemetry:
    """All that a store was sent, what its attributes mean, and whether its tables have been merged since."""

    sent: tuple[Sent, ...]
    keys: Keys = DEFAULT_KEYS
    merged: bool = False

    @property
    def spans(self) -> list[Span]:
        return [each.what for each in self.sent if isinstance(each.what, Span)]

    @property
    def logs(self) -> list[Log]:
        return [each.what for each in self.sent if isinstance(each.what, Log)]

    def __repr__(self) -> str:
        return f"<{len(self.spans)} spans, {len(self.logs)} log records>"


@st.composite
def telemetry(draw: st.DrawFn, worlds: int = 22) -> Telemetry:
    """All that a store holds: the traces of up to so many worlds, which share some names and no traces.

    Of many more, most would be more than Hypothesis draws at once, and be thrown away.
    """
    keys = draw(st.sampled_from([DEFAULT_KEYS, OWN_KEYS]))
    services = ("gate", "gate", "shop", *draw(st.sampled_from([(), ("psp",), (ODD,), ("psp", ODD)])))
    spans: dict[object, Span] = {}
    logs: list[Log] = []
    for number in range(1, draw(st.integers(worlds // 2, worlds)) + 1):
        world = World(number, keys, services)
        for trace in range(1, draw(st.integers(1, TRACES_EACH)) + 1):
            trace_id = draw(st.sampled_from([world.trace_id(trace)] * 8 + ["", "0" * 32]))
            start_ns = BASE_NS + draw(TRACE_STARTS)
            places = range(1, draw(SPAN_COUNTS) + 1)
            drawn = [draw(_span(world, keys, trace_id, start_ns, place)) for place in places]
            if draw(RETRIES):
                drawn.append(draw(_retry(world, drawn[0])))
            spans |= {span.identity: span for span in drawn if span.identity not in spans}
            logs += [draw(_log(world, trace_id, start_ns)) for _ in range(draw(LOG_COUNTS))]
        for corner in draw(st.lists(tight_corner(world), max_size=2)):
            spans |= {one.identity: one for one in corner if isinstance(one, Span)}
            logs += [one for one in corner if isinstance(one, Log)]
    return Telemetry(draw(_arrival([*spans.values(), *logs])), keys, draw(st.sampled_from([False] * 4 + [True])))


@st.composite
def _arrival(draw: st.DrawFn, each: Sequence[Span | Log]) -> tuple[Sent, ...]:
    """In any order, in one insert or a few, and some of it twice."""
    dice = draw(st.randoms(use_true_random=False, note_method_calls=False))
    again = [one for one in each if dice.random() < 0.05]
    inserts = draw(st.sampled_from([1, 2, 3]))
    sent = [Sent(dice.randrange(inserts), one) for one in (*each, *again)]
    dice.shuffle(sent)
    return tuple(sent)


@st.composite
def _span(draw: st.DrawFn, world: World, keys: Keys, trace_id: str, start_ns: int, place: int) -> Span:
    start_ns += draw(STARTS) + draw(SKEWS)
    clock = draw(WRONG_CLOCKS)
    shift = draw(ID_SHIFTS)
    service = draw(world.services)
    attributes = draw(world.on_spans) | draw(CODES) | draw(PARTNERS) | draw(ROUTES)
    if draw(HAS_ORDER):
        attributes |= draw(_order(world, keys))
    return Span(
        trace_id=trace_id,
        span_id="" if shift is None else world.span_id(max(place + shift, 1)),
        parent_id=_parent_id(world, draw(PARENTS if place > 1 else FIRST_PARENTS), place),
        service=service,
        name=draw(OPERATIONS),
        kind=draw(KINDS),
        start_ns=start_ns if clock is None else int(clock.timestamp()) * SECOND + start_ns % HOUR,
        duration_ns=draw(DURATIONS),
        status_error=draw(ERRORS),
        attributes=attributes,
        resource={"service.name": service} | draw(VERSIONS) | draw(world.on_resources),
    )


@st.composite
def _retry(draw: st.DrawFn, world: World, first: Span) -> Span:
    """The same operation again, as a plain request that most often goes well: one root that names its customer."""
    named = {key: text for key, text in first.attributes.items() if key in world.customer_keys}
    return replace(
        first,
        trace_id=world.trace_id(draw(st.integers(100, 120))),
        parent_id="",
        start_ns=first.start_ns + draw(st.sampled_from([0, 1, SECOND, 11 * SECOND, 600 * SECOND, 30 * HOUR])),
        duration_ns=draw(DURATIONS),
        status_error=draw(ERRORS),
        attributes=draw(st.sampled_from([{}, named])) or draw(world.names),
    )


def _parent_id(world: World, which: str, place: int) -> str:
    if which == "root":
        return ""
    if which == "zero":
        return "0" * 16
    return world.span_id({"before": place - 1, "first": 1, "missing": 99, "self": place, "next": place + 1}[which])


@st.composite
def _order(draw: st.DrawFn, world: World, keys: Keys) -> Attributes:
    given = {keys.amount[-1]: draw(AMOUNTS), keys.currency[-1]: draw(CURRENCIES)}
    return draw(st.sampled_from(world.orders)) | {key: text for key, text in given.items() if text is not None}


@st.composite
def _log(draw: st.DrawFn, world: World, trace_id: str, start_ns: int) -> Log:
    """A record inside one of the trace's spans, one that never came, or none."""
    inside = draw(st.integers(0, SPANS_EACH + 1))
    time_ns = start_ns + draw(STARTS) + draw(SKEWS)
    return Log(trace_id, world.span_id(inside) if inside else "", time_ns, draw(world.in_logs))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A question about these traces: any window, most often nothing else."""
    return Question(
        from_=draw(FROM),
        to=draw(TO),
        service=draw(_seldom("gate", "shop", "nobody")),
        operation=draw(_seldom("buy", "look")),
        route=draw(_seldom("/buy")),
        partner=draw(_seldom(*PEERS)),
        version=draw(_seldom("1", "2")),
        slower_than_ms=draw(st.sampled_from([None] * 4 + [0.0, 100.0, 2000.0])),
        as_of=draw(st.sampled_from([None] * 15 + MOMENTS * 2 + LATER + YEARS[3:5])),
    )


def _seldom(*values: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from([None] * 4 * len(values) + list(values))


def everything(slower_than_ms: float | None = None) -> Question:
    """Asks for all that ever failed, or took longer."""
    return Question(datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC), slower_than_ms=slower_than_ms)
