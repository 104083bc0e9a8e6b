"""The check at receipt: what is acknowledged can be loaded.

The bytes are parsed once, to know that they can be, and handed on as they came. Odd values are not refused here: SQL
deals with them. What is large enough to be millions of records is parsed without keeping them, and counted on the wire.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collectors.kinds import Kind
from collectors.otlp_count import PARSED_BYTES, check_number, counted
from collectors.otlp_fault import fault
from collectors.otlp_schema import REQUESTS, SKIMMED


@dataclass(frozen=True, slots=True)
class Checked:
    """What a request holds: `records` are its spans, log records or data points."""

    records: int
    without_data: int = 0
    """Metrics whose data is in a field that OTLP 1 doesn't have (an older wire's); nothing of them can be kept."""


def check(kind: Kind, body: bytes) -> Checked:
    """Parses a request's protobuf bytes and counts what is in it.

    Raises TooLarge for more than MOST_RECORDS, BadRecord with what is wrong and where.
    """
    if len(body) > PARSED_BYTES:
        parse(kind, body, SKIMMED)
        return Checked(*counted(kind, body))
    checked = COUNTERS[kind](parse(kind, body))
    check_number(checked.records)
    return checked


def parse(kind: Kind, body: bytes, into: Mapping[Kind, type[Message]] = REQUESTS) -> Message:
    """A request's message, its strings as bytes. Raises BadRecord, with what is wrong and where."""
    try:
        return into[kind].FromString(body)
    except DecodeError as error:
        raise fault(kind, body) from error


def canonical(kind: Kind, body: bytes) -> bytes:
    """The same request as the protobuf library writes it, without what the schema doesn't know.

    A parser skips a known field of a wrong wire type, where ClickHouse refuses the message: written anew, it loads.
    Costs three times the parse, so it is for the rare record that the engine refused. Raises BadRecord.
    """
    message = parse(kind, body)
    message.DiscardUnknownFields()
    return message.SerializeToString()


def _spans(message: Message) -> Checked:
    request = cast(ExportTraceServiceRequest, message)
    return Checked(sum(len(scope.spans) for resource in request.resource_spans for scope in resource.scope_spans))


def _log_records(message: Message) -> Checked:
    request = cast(ExportLogsServiceRequest, message)
    return Checked(sum(len(scope.log_records) for resource in request.resource_logs for scope in resource.scope_logs))


def _data_points(message: Message) -> Checked:
    request = cast(ExportMetricsServiceRequest, message)
    points = without_data = 0
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                if (data := metric.WhichOneof("data")) is None:
                    without_data += 1
                else:
                    points += len(getattr(metric, data).data_points)
    return Checked(points, without_data)


COUNTERS: Mapping[Kind, Callable[[Message], Checked]] = {
    Kind.TRACES: _spans,
    Kind.LOGS: _log_records,
    Kind.METRICS: _data_points,
}
