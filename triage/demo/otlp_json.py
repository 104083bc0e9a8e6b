"""OTLP/JSON from OTLP protobuf: protobuf's own JSON, but for ids, which OTLP writes as hex."""

import json
from base64 import b64decode
from collections.abc import Callable
from typing import cast

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_REQUESTS: dict[str, Callable[[], Message]] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
_IDS = frozenset({"traceId", "spanId", "parentSpanId"})

_Json = str | int | float | bool | None | list["_Json"] | dict[str, "_Json"]


def otlp_json(signal: str, body: bytes) -> bytes:
    """The JSON of an export request's protobuf bytes."""
    message = _REQUESTS[signal]()
    message.ParseFromString(body)
    fields = cast("_Json", MessageToDict(message, use_integers_for_enums=True))
    return json.dumps(_with_hex_ids(fields), separators=(",", ":"), ensure_ascii=False).encode()


def _with_hex_ids(of: _Json) -> _Json:
    if isinstance(of, list):
        return [_with_hex_ids(part) for part in of]
    if isinstance(of, dict):
        return {key: b64decode(str(part)).hex() if key in _IDS else _with_hex_ids(part) for key, part in of.items()}
    return of
