"""Puts spans and log records into a store as a sender would have: OTLP requests, framed, in so many inserts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span as OtlpSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from queries.schema import Meanings
from queries.store import Store, varint
from tests.odd_traces import Telemetry
from tests.odd_world import Keys
from tests.telemetry import Log, Span

KEPT = ("schema_applied", "attribute_meanings", "partners")
TABLES = """
    SELECT name FROM system.tables
    WHERE database = currentDatabase() AND endsWith(engine, {engine:String}) AND name NOT IN {kept:Array(String)}
"""
_tokens = count(1)


def meanings(keys: Keys) -> Meanings:
    """The keys as settings would have them."""
    return Meanings(keys.customer, keys.order, keys.amount, keys.currency, keys.partners)


def empty(store: Store) -> None:
    """Forgets all that was sent, and its tokens; the tables stay, and what settings say of attributes and partners."""
    for name in store.select(TABLES, kept=KEPT, engine="MergeTree")["name"]:
        store.command(f"TRUNCATE TABLE {name} SYNC")


def load(store: Store, telemetry: Telemetry) -> None:
    """Inserts it all, and merges the tables if it says so."""
    for insert in sorted({each.insert for each in telemetry.sent}):
        arrived = [each.what for each in telemetry.sent if each.insert == insert]
        typed = insert % 2 == 1
        if spans := [each for each in arrived if isinstance(each, Span)]:
            _insert(store, "traces", trace_request(spans, typed).SerializeToString())
        if logs := [each for each in arrived if isinstance(each, Log)]:
            _insert(store, "logs", log_request(logs, typed).SerializeToString())
    if telemetry.merged:
        for name in store.select(TABLES, kept=KEPT, engine="ingMergeTree")["name"]:
            store.command(f"OPTIMIZE TABLE {name} FINAL")


def _insert(store: Store, signal: str, record: bytes) -> None:
    store.insert(signal, varint(len(record)) + record, f"odd-{next(_tokens)}")


def trace_request(spans: Iterable[Span], typed: bool = False) -> ExportTraceServiceRequest:
    """One request. `typed` sends numbers as numbers, and no id as all zero."""
    request = ExportTraceServiceRequest()
    for resource, theirs in _by_resource(spans).items():
        of_resource = request.resource_spans.add()
        of_resource.resource.attributes.extend(_attributes(dict(resource), typed))
        of_resource.scope_spans.add().spans.extend(_span(span, typed) for span in theirs)
    return request


def log_request(logs: Sequence[Log], typed: bool = False) -> ExportLogsServiceRequest:
    """One request, as above."""
    request = ExportLogsServiceRequest()
    of_scope = request.resource_logs.add().scope_logs.add()
    of_scope.log_records.extend(
        LogRecord(
            time_unix_nano=log.time_ns,
            trace_id=_id(log.trace_id, 16, typed),
            span_id=_id(log.span_id, 8, typed),
            attributes=_attributes(log.attributes, typed),
        )
        for log in logs
    )
    return request


def _by_resource(spans: Iterable[Span]) -> Mapping[tuple[tuple[str, str], ...], list[Span]]:
    by_resource: dict[tuple[tuple[str, str], ...], list[Span]] = defaultdict(list)
    for span in spans:
        by_resource[tuple({**span.resource, "service.name": span.service}.items())].append(span)
    return by_resource


def _span(span: Span, typed: bool) -> OtlpSpan:
    return OtlpSpan(
        trace_id=_id(span.trace_id, 16, typed),
        span_id=_id(span.span_id, 8, typed),
        parent_span_id=_id(span.parent_id, 8, typed),
        name=span.name,
        kind=OtlpSpan.SpanKind.Value(f"SPAN_KIND_{span.kind.upper()}"),
        start_time_unix_nano=span.start_ns,
        end_time_unix_nano=span.start_ns + span.duration_ns,
        status=Status(code=Status.STATUS_CODE_ERROR) if span.status_error else None,
        attributes=_attributes(span.attributes, typed),
    )


def _id(hex_id: str, size: int, zero: bool) -> bytes:
    return bytes.fromhex(hex_id) if hex_id else bytes(size if zero else 0)


def _attributes(attributes: Mapping[str, str], typed: bool) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(text, typed)) for key, text in attributes.items()]


def _value(text: str, typed: bool) -> AnyValue:
    if typed and re.fullmatch(r"-?[1-9][0-9]*", text):
        return AnyValue(int_value=int(text))
    if typed and re.fullmatch(r"[0-9]+\.[0-9]+", text):
        return AnyValue(double_value=float(text))
    return AnyValue(string_value=text)
