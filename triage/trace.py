"""One trace: its spans as they were sent, and what was logged in it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import TypeAlias

from queries.store import Store

MOST_SPANS = 10_000
MOST_LOGS = 10_000
LOGS_AROUND = timedelta(days=1)  # clocks differ; further than this from a trace's spans its logs are not looked for
NS = 1_000_000_000

Attributes: TypeAlias = tuple[tuple[str, str], ...]
"""Keys and values as sent, a repeated key included."""

After: TypeAlias = tuple[int, str, str, str, str]
"""Start in ns, span id, kind, service and name of a span: what comes after it in the order of spans."""

BEFORE_ALL: After = (-1 << 63, "", "", "", "")


@dataclass(frozen=True)
class Event:
    """Something that happened inside a span."""

    time_ns: int
    name: str
    attributes: Attributes


@dataclass(frozen=True)
class Span:
    """One operation of one service; times in ns since 1970. What is seldom looked at is kept as JSON until it is.

    `failed` is what makes it count when it is asked who was affected.
    """

    span_id: str
    parent_span_id: str
    service: str
    operation: str
    kind: str
    start_ns: int
    duration_ns: int
    status: str
    failed: bool
    message: str
    scope: str
    attributes_json: str
    resource_json: str
    events_json: str
    links_json: str

    @property
    def end_ns(self) -> int:
        """When it ended."""
        return self.start_ns + self.duration_ns

    @property
    def key(self) -> After:
        """Its place in the order of spans; also what tells it from all others of its trace."""
        return self.start_ns, self.span_id, self.kind, self.service, self.operation

    @cached_property
    def attributes(self) -> Attributes:
        """What the span says of itself."""
        return _pairs(self.attributes_json)

    @cached_property
    def resource(self) -> Attributes:
        """What is said of the process that it ran in."""
        return _pairs(self.resource_json)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """What happened in it, exceptions among others."""
        return tuple(
            Event(int(time), name, tuple(attributes))
            for time, name, attributes in json.loads(self.events_json, object_pairs_hook=list)
        )

    @cached_property
    def links(self) -> tuple[tuple[str, str], ...]:
        """Other spans that it has to do with: (trace id, span id)."""
        return tuple((trace_id, span_id) for trace_id, span_id in json.loads(self.links_json))

    @property
    def http_status(self) -> int | None:
        """The HTTP status code, if it names one."""
        found = dict(self.attributes)
        code = found.get("http.response.status_code") or found.get("http.status_code") or ""
        return int(code) if code.isascii() and code.isdigit() and len(code) == 3 else None

    @property
    def error(self) -> str:
        """What went wrong, in the span's own words; "" if nothing did."""
        if not self.failed:
            return ""
        return _exception(self.events) or self.message or _named(self.attributes, "error.type") or self._http_error

    @property
    def _http_error(self) -> str:
        return f"HTTP {self.http_status}" if self.http_status else "error"


@dataclass(frozen=True)
class LogRecord:
    """One line that a service logged; `time_ns` since 1970."""

    span_id: str
    service: str
    time_ns: int
    severity: str
    severity_number: int
    body: str
    attributes: Attributes

    @property
    def level(self) -> str:
        """Its severity as a word, from the number where no text was sent."""
        return self.severity or LEVELS[min(self.severity_number, 24)]


LEVELS = ("", *(level for level in ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL") for _ in range(4)))


@dataclass(frozen=True)
class Trace:
    """What is known of a trace. Both lists are in order of time; the counts are of all, listed or not.

    `failure_count` is of spans that failed.
    """

    trace_id: str
    spans: tuple[Span, ...]
    span_count: int
    failure_count: int
    logs: tuple[LogRecord, ...]
    log_count: int
    next: After | None

    @property
    def services(self) -> tuple[str, ...]:
        """The services in it, in order of appearance."""
        return tuple(dict.fromkeys(map(attrgetter("service"), self.spans)))

    @property
    def entry(self) -> Span:
        """The span by which it was entered, of those listed: the earliest that nobody called, else the earliest."""
        return min(self.spans, key=lambda span: (span.parent_span_id != "", span.key))

    @property
    def last_ns(self) -> int:
        """When the last of its spans ended or record was written, of those listed."""
        return max([*(span.end_ns for span in self.spans), *(record.time_ns for record in self.logs)])

    def logs_by_span(self) -> Mapping[str, Sequence[LogRecord]]:
        """The log records of each span id; those that name no span under ""."""
        found: dict[str, list[LogRecord]] = {}
        for record in self.logs:
            found.setdefault(record.span_id, []).append(record)
        return found


def read_trace(store: Store, trace_id: str, *, after: After = BEFORE_ALL, at_most: int = MOST_SPANS) -> Trace | None:
    """The spans that come after `after`, at most so many, with the trace's logs; None if nobody has heard of it."""
    ns, span, kind, service, operation = after
    frame = store.ask(
        "trace/spans",
        trace_id=trace_id,
        after_ns=ns,
        after_span=span,
        after_kind=kind,
        after_service=service,
        after_operation=operation,
        at_most=at_most + 1,
    )
    rows = list(frame.iter_rows(named=True))
    count, failures = (int(rows[0]["spans"]), int(rows[0]["failures"])) if rows else (0, 0)
    spans = tuple(_span(row) for row in rows[:at_most])
    logs, log_count = _logs(store, trace_id, spans)
    if not spans and not logs:
        return None
    return Trace(trace_id, spans, count, failures, logs, log_count, spans[-1].key if len(rows) > at_most else None)


def trace_customers(store: Store, trace_id: str) -> list[str]:
    """The customers that the trace names, at most a hundred."""
    return [str(name) for name in store.ask("trace/customers", trace_id=trace_id)["customer"]]


def _span(row: Mapping[str, str | int]) -> Span:
    return Span(
        span_id=str(row["span_id"]),
        parent_span_id=str(row["parent_span_id"]),
        service=str(row["service"]),
        operation=str(row["operation"]),
        kind=str(row["kind"]),
        start_ns=int(row["start_ns"]),
        duration_ns=int(row["duration_ns"]),
        status=str(row["status"]),
        failed=bool(row["failed"]),
        message=str(row["message"]),
        scope=str(row["scope"]),
        attributes_json=str(row["attributes"]),
        resource_json=str(row["resource"]),
        events_json=str(row["events"]),
        links_json=str(row["links"]),
    )


def _logs(store: Store, trace_id: str, spans: Sequence[Span]) -> tuple[tuple[LogRecord, ...], int]:
    from_, to = _around(spans)
    frame = store.ask("trace/logs", trace_id=trace_id, **{"from": from_, "to": to}, at_most=MOST_LOGS)
    rows = list(frame.iter_rows(named=True))
    records = tuple(
        LogRecord(
            span_id=row["span_id"],
            service=row["service"],
            time_ns=row["time_ns"],
            severity=row["severity"],
            severity_number=row["severity_number"],
            body=row["body"],
            attributes=_pairs(row["attributes"]),
        )
        for row in rows
    )
    return records, int(rows[0]["records"]) if rows else 0


def _around(spans: Sequence[Span]) -> tuple[datetime, datetime]:
    first, last = datetime(1970, 1, 1, tzinfo=UTC), datetime(2262, 4, 11, tzinfo=UTC)
    if not spans:
        return first, last
    from_ = moment(spans[0].start_ns)
    to = moment(max(span.end_ns for span in spans))
    return max(first + LOGS_AROUND, from_) - LOGS_AROUND, min(last - LOGS_AROUND, to) + LOGS_AROUND


def moment(ns: int) -> datetime:
    """Nanoseconds since 1970 as a moment, cut to microseconds; what lies beyond 9999 is its last day."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=min(ns // 1000, 253_402_214_400_000_000))


def format_ns(ns: int) -> str:
    """Nanoseconds since 1970 as RFC 3339 in UTC, all nine digits."""
    seconds, rest = divmod(ns, NS)
    return f"{moment(seconds * NS):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"


def _pairs(text: str) -> Attributes:
    return tuple(json.loads(text, object_pairs_hook=tuple) or ())


def _exception(events: Iterable[Event]) -> str:
    for event in events:
        if event.name == "exception":
            parts = (_named(event.attributes, "exception.type"), _named(event.attributes, "exception.message"))
            return ": ".join(part for part in parts if part)
    return ""


def _named(attributes: Attributes, key: str) -> str:
    return next((value for name, value in attributes if name == key), "")
