"""A trace as other programs get it."""

from typing import Self

from triage.trace import Event, LogRecord, Span, Trace, format_ns
from triage.wire import Wire

NS_PER_MS = 1_000_000


class LogJson(Wire):
    """One log record."""

    time: str
    service: str
    severity: str
    severity_number: int
    body: str
    span_id: str
    attributes: dict[str, str]

    @classmethod
    def of(cls, record: LogRecord) -> Self:
        return cls(
            time=format_ns(record.time_ns),
            service=record.service,
            severity=record.level,
            severity_number=record.severity_number,
            body=record.body,
            span_id=record.span_id,
            attributes=dict(record.attributes),
        )


class EventJson(Wire):
    """Something that happened inside a span."""

    time: str
    name: str
    attributes: dict[str, str]

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(time=format_ns(event.time_ns), name=event.name, attributes=dict(event.attributes))


class LinkJson(Wire):
    """Another span that this one has to do with."""

    trace_id: str
    span_id: str


class SpanJson(Wire):
    """One operation of one service, with what was logged in it."""

    span_id: str
    parent_span_id: str | None
    service: str
    operation: str
    kind: str
    start: str
    end: str
    duration_ms: float
    status: str
    status_message: str
    failed: bool
    error: str | None
    attributes: dict[str, str]
    resource: dict[str, str]
    scope: str
    events: list[EventJson]
    links: list[LinkJson]
    logs: list[LogJson]

    @classmethod
    def of(cls, span: Span, logs: list[LogJson]) -> Self:
        return cls(
            span_id=span.span_id,
            parent_span_id=span.parent_span_id or None,
            service=span.service,
            operation=span.operation,
            kind=span.kind,
            start=format_ns(span.start_ns),
            end=format_ns(span.end_ns),
            duration_ms=span.duration_ns / NS_PER_MS,
            status=span.status,
            status_message=span.message,
            failed=span.failed,
            error=span.error or None,
            attributes=dict(span.attributes),
            resource=dict(span.resource),
            scope=span.scope,
            events=[EventJson.of(event) for event in span.events],
            links=[LinkJson(trace_id=trace_id, span_id=span_id) for trace_id, span_id in span.links],
            logs=logs,
        )


class TraceJson(Wire):
    """A trace: `spans` in order of start; `logs` are those that name none of these spans."""

    trace_id: str
    start: str | None
    end: str | None
    duration_ms: float | None
    services: list[str]
    span_count: int
    log_count: int
    spans: list[SpanJson]
    logs: list[LogJson]
    next: str | None

    @classmethod
    def of(cls, trace: Trace, cursor: str | None) -> Self:
        logs: dict[str, list[LogJson]] = {}
        for record in trace.logs:
            logs.setdefault(record.span_id, []).append(LogJson.of(record))
        start = min((span.start_ns for span in trace.spans), default=None)
        end = max((span.end_ns for span in trace.spans), default=None)
        spans = [SpanJson.of(span, logs.pop(span.span_id, [])) for span in trace.spans]
        return cls(
            trace_id=trace.trace_id,
            start=None if start is None else format_ns(start),
            end=None if end is None else format_ns(end),
            duration_ms=None if start is None or end is None else (end - start) / NS_PER_MS,
            services=list(trace.services),
            span_count=trace.span_count,
            log_count=trace.log_count,
            spans=spans,
            logs=[record for records in logs.values() for record in records],
            next=cursor,
        )
