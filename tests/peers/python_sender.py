"""Sends the same spans, metrics and log record over one protocol, with OpenTelemetry's own SDK.

python python_sender.py grpc|proto ENDPOINT [none|gzip] [AUTHORIZATION]

ENDPOINT is http://HOST:PORT. Prints the ids of the spans as JSON; exits with 1 if an export fails.
"""

import json
import logging
import sys

import grpc
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.metrics import Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.util.types import AttributeValue


class Failures(logging.Handler):
    """Notes that the SDK said something failed."""

    seen = False

    def emit(self, record: logging.LogRecord) -> None:
        self.seen = True
        sys.stderr.write(record.getMessage() + "\n")


def exporters(
    protocol: str, endpoint: str, compression: str, authorization: str | None
) -> tuple[SpanExporter, MetricExporter, LogRecordExporter]:
    """The SDK's exporters of the three signals."""
    headers = {"authorization": authorization} if authorization else {}
    if protocol == "grpc":
        packed = grpc.Compression.Gzip if compression == "gzip" else grpc.Compression.NoCompression
        return (
            GrpcSpans(endpoint=endpoint, insecure=True, headers=headers, compression=packed, timeout=20),
            GrpcMetrics(endpoint=endpoint, insecure=True, headers=headers, compression=packed, timeout=20),
            GrpcLogs(endpoint=endpoint, insecure=True, headers=headers, compression=packed, timeout=20),
        )
    zipped = Compression(compression)
    return (
        HttpSpans(endpoint=f"{endpoint}/v1/traces", headers=headers, compression=zipped, timeout=20),
        HttpMetrics(endpoint=f"{endpoint}/v1/metrics", headers=headers, compression=zipped, timeout=20),
        HttpLogs(endpoint=f"{endpoint}/v1/logs", headers=headers, compression=zipped, timeout=20),
    )


def main(protocol: str, endpoint: str, compression: str = "none", authorization: str | None = None) -> int:
    failures = Failures(logging.WARNING)
    logging.getLogger().addHandler(failures)
    spans, metrics, logs = exporters(protocol, endpoint, compression, authorization)
    resource = Resource.create({"service.name": "python-shop", "service.version": "2.4.0"})
    tracers, loggers = TracerProvider(resource=resource), LoggerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(spans))
    loggers.add_log_record_processor(BatchLogRecordProcessor(logs))
    meters = MeterProvider([PeriodicExportingMetricReader(metrics)], resource)

    tracer = tracers.get_tracer("peer", "1.0")
    about: dict[str, AttributeValue] = {
        "customer.id": "K/17@é",
        "order.amount": 49.9,
        "items": 3,
        "vip": True,
        "tags": ["a", "b"],
    }
    parent = tracer.start_span("POST /checkout", kind=SpanKind.SERVER, attributes=about)
    inside = set_span_in_context(parent)
    child = tracer.start_span("charge", inside, SpanKind.CLIENT, links=[Link(parent.get_span_context())])
    child.record_exception(TypeError("no card"))
    child.set_status(Status(StatusCode.ERROR, "no card"))
    child.end()
    parent.end()

    meter = meters.get_meter("peer")
    meter.create_counter("orders").add(3, {"shop": "python"})
    meter.create_up_down_counter("carts").add(-2)
    meter.create_histogram("latency", unit="ms").record(12.5)
    meter.create_observable_gauge("stock", [lambda options: [Observation(2**40)]])
    loggers.get_logger("peer").emit(
        severity_number=SeverityNumber.ERROR,
        severity_text="ERROR",
        body="no card",
        attributes={"customer.id": "K/17@é"},
        context=inside,
    )
    for provider in (tracers, meters, loggers):
        provider.shutdown()

    ids = parent.get_span_context(), child.get_span_context()
    names = {
        "traceId": f"{ids[0].trace_id:032x}",
        "parentId": f"{ids[0].span_id:016x}",
        "childId": f"{ids[1].span_id:016x}",
    }
    sys.stdout.write(json.dumps(names) + "\n")
    return 1 if failures.seen else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
