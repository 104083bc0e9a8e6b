"""The check at receipt: what is acknowledged can be loaded.

The bytes are parsed once, to know that they can be, and handed on as they came. Odd values are not refused here: SQL
deals with them. What is large enough to be millions of records is parsed without keeping them, and counted on the wire.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collectors.kinds import MOST_UNFOLDED, ROW_BYTES, Kind
from collectors.otlp_count import PARSED_BYTES, Held, counted, too_large
from collectors.otlp_fault import fault
from collectors.otlp_schema import REQUESTS, SKIMMED


@dataclass(frozen=True, slots=True)
class Checked:
    """What a request holds: `records` are its spans, log records or data points."""

    records: int
    without_data: int
    """Metrics whose data is in a field that OTLP 1 doesn't have (an older wire's); nothing of them can be kept."""
    unfolded: int
    """Bytes that its rows count for: each repeats the attributes of its resource."""


def check(kind: Kind, body: bytes) -> Checked:
    """Parses a request's protobuf bytes and counts what is in it.

    Raises TooLarge for what unfolds to more than MOST_UNFOLDED, BadRecord with what is wrong and where.
    """
    records = without_data = unfolded = 0
    for scope in _scopes(kind, body):
        records += scope.records
        without_data += scope.without_data
        unfolded += scope.records * (ROW_BYTES + scope.repeated)
        if unfolded > MOST_UNFOLDED:
            raise too_large()
    return Checked(records, without_data, unfolded)


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


def _scopes(kind: Kind, body: bytes) -> Iterator[Held]:
    if len(body) <= PARSED_BYTES:
        return COUNTERS[kind](parse(kind, body))
    parse(kind, body, SKIMMED)
    return counted(kind, body)


def _spans(message: Message) -> Iterator[Held]:
    request = cast(ExportTraceServiceRequest, message)
    for resource in request.resource_spans:
        repeated = resource.resource.ByteSize()
        for scope in resource.scope_spans:
            yield Held(len(scope.spans), 0, repeated + scope.scope.ByteSize())


def _log_records(message: Message) -> Iterator[Held]:
    request = cast(ExportLogsServiceRequest, message)
    for resource in request.resource_logs:
        repeated = resource.resource.ByteSize()
        for scope in resource.scope_logs:
            yield Held(len(scope.log_records), 0, repeated + scope.scope.ByteSize())


def _data_points(message: Message) -> Iterator[Held]:
    request = cast(ExportMetricsServiceRequest, message)
    for resource in request.resource_metrics:
        repeated = resource.resource.ByteSize()
        for scope in resource.scope_metrics:
            points = without_data = 0
            for metric in scope.metrics:
                if (data := metric.WhichOneof("data")) is None:
                    without_data += 1
                else:
                    points += len(getattr(metric, data).data_points)
            yield Held(points, without_data, repeated + scope.scope.ByteSize())


COUNTERS: Mapping[Kind, Callable[[Message], Iterator[Held]]] = {
    Kind.TRACES: _spans,
    Kind.LOGS: _log_records,
    Kind.METRICS: _data_points,
}
