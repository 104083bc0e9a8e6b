"""Hours of telemetry for `triage doctor` to examine, one for each test."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.store import Store
from tests.integration.otlp import SECOND, Plain, attributes, segment, span, token, traces
from triage.doctor.examination import Check
from triage.doctor.examined import examined
from triage.doctor.finding import Finding
from triage.window import Window

HOUR = timedelta(hours=1)
FAILED = Status(code=Status.STATUS_CODE_ERROR)
SERVER, CLIENT = Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CLIENT
INTERNAL, CONSUMER = Span.SPAN_KIND_INTERNAL, Span.SPAN_KIND_CONSUMER
_hours, trace_numbers = count(), count(1)


class Hour:
    """An hour of its own for each test, in whose last minute requests are put: each a trace of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        start = datetime(2026, 8, 1, tzinfo=UTC) + next(_hours) * 2 * HOUR
        self.window = Window(start, start + HOUR)
        self.ns = int(self.window.to.timestamp()) * SECOND - 60 * SECOND

    def put(self, service: str, *spans: Span) -> None:
        """Spans of a service, as they come in one request."""
        request = traces(*spans, resource={"service.name": service, "service.version": "1"})
        self.store.insert("traces", segment(request), token())

    def span(
        self,
        trace: int,
        number: int = 1,
        parent: int = 0,
        says: Mapping[str, Plain] | None = None,
        kind: Span.SpanKind.ValueType = SERVER,
        name: str = "",
        status: Status | None = None,
    ) -> Span:
        """A span of this minute."""
        told = attributes(dict(says or {}))
        return span(number, trace, parent, self.ns, kind=kind, name=name, status=status, attributes=told)

    def requests(
        self,
        service: str,
        *says: Mapping[str, Plain],
        kind: Span.SpanKind.ValueType = SERVER,
        name: str = "",
        status: Status | None = None,
    ) -> None:
        """Each a trace of its own."""
        made = (self.span(next(trace_numbers), says=each, kind=kind, name=name, status=status) for each in says)
        self.put(service, *made)

    def called(self, service: str, names: Iterable[str]) -> None:
        """A request by each of the names."""
        self.put(service, *(self.span(next(trace_numbers), name=name) for name in names))

    def tapped(self, service: str, *requests: tuple[str, Mapping[str, Plain]]) -> None:
        """The same below a phone's spans, each with its name."""
        taps = [(next(trace_numbers), *request) for request in requests]
        self.put("phone", *(self.span(trace, kind=CLIENT, name="tap") for trace, _, _ in taps))
        self.put(service, *(self.span(trace, 2, 1, says, name=name) for trace, name, says in taps))

    def found(self, check: Check) -> list[Finding]:
        """What the check says of the hour."""
        return list(check(examined(self.store, self.window)))
