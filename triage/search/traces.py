"""Traces by what one of their spans is, and by whom and what they name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from queries.store import Store, Value
from triage.search.going_back import Found, Place, go_back
from triage.trace import moment
from triage.window import Window

ANY_NS = (1 << 64) - 1
AT_A_TIME = 1000  # traces whose spans are read at once


@dataclass(frozen=True)
class TraceFilter:
    """What a span of the trace must be, all of it at once, and what the trace must name; "" and None are "any".

    A duration is that of the span where a service or an operation is told, else that of a root. `key` without a
    `value` asks for spans that have this attribute, whatever it says.
    """

    service: str = ""
    operation: str = ""
    failing: bool | None = None
    least_ns: int = 0
    most_ns: int = ANY_NS
    key: str = ""
    value: str = ""
    customer: str = ""
    order: str = ""

    def parameters(self) -> dict[str, Value]:
        """As queries/search/matching.sql takes them."""
        failing = -1 if self.failing is None else int(self.failing)
        return vars(self) | {"failing": failing}


@dataclass(frozen=True)
class SpanFound:
    """A span, as a search tells of it."""

    span_id: str
    service: str
    operation: str
    start_ns: int
    duration_ns: int

    @property
    def start(self) -> datetime:
        """When it began, cut to microseconds."""
        return moment(self.start_ns)

    @property
    def duration_ms(self) -> float:
        """How long it took."""
        return self.duration_ns / 1e6


@dataclass(frozen=True)
class TraceFound(SpanFound):
    """A trace: its entry, and how that went. `customer` is None for none, or several.

    `matched` is its latest span that is what was asked for.
    """

    trace_id: str
    spans: int
    failed: bool
    customer: str | None
    last_ns: int
    matched: SpanFound = field(compare=False)

    @property
    def place(self) -> Place:
        """Where it stands in the answer."""
        return self.matched.start_ns, self.trace_id


def find_traces(store: Store, wanted: TraceFilter, window: Window, after: Place, limit: int) -> Found[TraceFound]:
    """The traces that have such a span in the window, the one whose latest began last first. Raises StoreError."""

    def look(piece: Window, after: Place, at_most: int) -> tuple[Sequence[TraceFound], Place | None]:
        matched = _matching(store, wanted, piece, after, at_most)
        traces = described(store, matched)
        later = _matching_later(store, wanted, Window(piece.to, window.to), traces) if piece.to < window.to else set()
        again = list(matched.items())[-1] if len(matched) >= at_most else None
        return [one for one in traces if one.trace_id not in later], (again[1].start_ns, again[0]) if again else None

    return go_back(window, after, limit, look)


def _matching(
    store: Store, wanted: TraceFilter, piece: Window, after: Place, at_most: int, only: Sequence[str] = ()
) -> dict[str, SpanFound]:
    """The latest matching span of each trace, the latest first."""
    frame = store.ask(
        "search/matching",
        **{"from": piece.from_},
        to=piece.to,
        before_ns=after[0],
        before_trace=after[1],
        only=only,
        at_most=at_most,
        **wanted.parameters(),
    )
    rows = frame.select("trace_id", "span_id", "service", "operation", "latest_ns", "duration_ns").iter_rows()
    return {trace_id: SpanFound(*span) for trace_id, *span in rows}


def _matching_later(store: Store, wanted: TraceFilter, later: Window, traces: Sequence[TraceFound]) -> set[str]:
    """Those of the traces that have such a span later in the window too: they have been told of there."""
    from_ns = int(later.from_.timestamp()) * 1_000_000_000
    lasting = [one.trace_id for one in traces if one.last_ns >= from_ns]
    if not lasting:
        return set()
    return set(_matching(store, wanted, later, ((1 << 63) - 1, ""), len(lasting), lasting))


def described(store: Store, matched: Mapping[str, SpanFound]) -> list[TraceFound]:
    """Those of the traces that have spans; `matched` tells which span of each was asked for. Raises StoreError."""
    found: dict[str, TraceFound] = {}
    ids = list(matched)
    for first in range(0, len(ids), AT_A_TIME):
        frame = store.ask("search/traces", trace_ids=ids[first : first + AT_A_TIME])
        for row in frame.iter_rows(named=True):
            customer = row.pop("customer") or None
            found[row["trace_id"]] = TraceFound(customer=customer, matched=matched[row["trace_id"]], **row)
    return [found[trace_id] for trace_id in ids if trace_id in found]
