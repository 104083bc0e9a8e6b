"""Small makers of OTLP: requests as a sender would send them, and the segment they end up in."""

from __future__ import annotations

import itertools
from typing import TypeAlias

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from queries.store import varint

Plain: TypeAlias = "str | bool | int | float | bytes | list[Plain] | dict[str, Plain] | None"
Request: TypeAlias = ExportTraceServiceRequest | ExportLogsServiceRequest | ExportMetricsServiceRequest

SECOND = 1_000_000_000
T0 = 1_790_000_000 * SECOND  # 2026-09-21 14:13:20 UTC
_numbers = itertools.count(1)


def token() -> str:
    """A segment's name that was not used before."""
    return f"segment-{next(_numbers)}"


def any_value(value: Plain) -> AnyValue:
    if value is None:
        return AnyValue()
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[any_value(each) for each in value]))
    return AnyValue(kvlist_value=KeyValueList(values=attributes(value)))


def attributes(pairs: dict[str, Plain]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in pairs.items()]


def traces(*spans: Span, resource: dict[str, Plain] | None = None) -> ExportTraceServiceRequest:
    """A request of one resource and one scope with these spans."""
    request = ExportTraceServiceRequest()
    of_resource = request.resource_spans.add()
    of_resource.resource.attributes.extend(attributes({"service.name": "shop"} if resource is None else resource))
    of_resource.scope_spans.add().spans.extend(spans)
    return request


def logs(*records: LogRecord, resource: dict[str, Plain] | None = None) -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    of_resource = request.resource_logs.add()
    of_resource.resource.attributes.extend(attributes({"service.name": "shop"} if resource is None else resource))
    of_resource.scope_logs.add().log_records.extend(records)
    return request


def metrics(*each: Metric, resource: dict[str, Plain] | None = None) -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    of_resource = request.resource_metrics.add()
    of_resource.resource.attributes.extend(attributes({"service.name": "shop"} if resource is None else resource))
    of_resource.scope_metrics.add().metrics.extend(each)
    return request


def span(
    number: int = 1, trace: int = 1, parent: int = 0, start: int = T0, took: int = 5_000_000, **fields: object
) -> Span:
    """A span; `fields` go to the message as they are."""
    made = Span(
        trace_id=trace.to_bytes(16, "big"),
        span_id=number.to_bytes(8, "big"),
        parent_span_id=parent.to_bytes(8, "big") if parent else b"",
        start_time_unix_nano=start,
        end_time_unix_nano=start + took,
    )
    made.MergeFrom(Span(**fields))  # type: ignore[arg-type]  # the message checks them
    return made


def segment(*requests: Request) -> bytes:
    """The bytes of a segment that holds these requests."""
    records = [request.SerializeToString() for request in requests]
    return b"".join(varint(len(record)) + record for record in records)
