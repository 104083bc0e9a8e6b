"""The OpenTelemetry SDK as the shop's services use it: a provider each, and the exporters of one protocol."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.resources import Resource as SdkResource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)
from requests import Session

from triage.demo.endpoint import Endpoint
from triage.demo.meters import Meters, NewExporter
from triage.demo.request import Log, Request, Resource, Span, fixed_attributes

DELAY_MS = 500
QUEUE = 1 << 17
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_KINDS = {kind.value + 1: kind for kind in SpanKind}  # the API counts from 0, the wire from 1


class Sdk:
    """One process playing all services: `export` a request, `close` to flush."""

    def __init__(self, to: Endpoint) -> None:
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)  # what they lose is counted here
        spans, logs, metrics = _exporters(to)
        self._taken = _Taken(spans)
        self._spans = BatchSpanProcessor(self._taken, QUEUE, DELAY_MS)
        self._logs = BatchLogRecordProcessor(logs, DELAY_MS, max_queue_size=QUEUE)
        self._meters = Meters(metrics)
        self._ids = _GivenIds()
        self._tracers: dict[Resource, Tracer] = {}
        self._loggers: dict[Resource, LoggerProvider] = {}
        self._played = 0

    @property
    def lost(self) -> int:
        """Once it is closed: the spans that the collector is not known to have, refused or left in a full queue."""
        return self._played - self._taken.spans

    def export(self, request: Request) -> None:
        """Plays a request into the SDK, with the ids and times that it has."""
        for span in request.spans:
            self._play(request.trace_id, span)
        for log in request.logs:
            self._write(request.trace_id, log)
        self._meters.add(request)

    def close(self) -> None:
        """Flushes what is queued, and ends the exporters; all at once, as each waits for a collector that is away."""
        endings: list[Callable[[], None]] = [self._spans.shutdown, self._logs.shutdown, *self._meters.endings()]
        with ThreadPoolExecutor(len(endings)) as pool:
            for ending in [pool.submit(ending) for ending in endings]:
                ending.result()

    def _play(self, trace_id: bytes, span: Span) -> None:
        operation, resource = span.operation, span.resource
        tracer = self._tracers.get(resource) or self._tracer(resource)
        self._ids.trace_id, self._ids.span_id = int.from_bytes(trace_id), int.from_bytes(span.span_id)
        parent = set_span_in_context(NonRecordingSpan(_context(trace_id, span.parent_id))) if span.parent_id else None
        played = tracer.start_span(
            operation.name,
            context=parent,
            kind=_KINDS[operation.kind],
            attributes=dict(fixed_attributes(operation, span.status, span.trouble) + span.attributes),
            links=[Link(_context(link.trace_id, link.span_id)) for link in span.links],
            start_time=span.start_ns,
            record_exception=False,
        )
        for event in span.events:
            played.add_event(event.name, dict(event.attributes), event.time_ns)
        if span.trouble is not None:
            played.set_status(Status(StatusCode.ERROR, span.trouble.message or None))
        played.end(span.end_ns)
        self._played += 1

    def _write(self, trace_id: bytes, log: Log) -> None:
        provider = self._loggers.get(log.resource) or self._logger(log.resource)
        provider.get_logger(log.resource.scope, log.resource.version).emit(
            LogRecord(
                timestamp=log.time_ns,
                observed_timestamp=log.time_ns,
                context=set_span_in_context(NonRecordingSpan(_context(trace_id, log.span_id))),
                severity_number=SeverityNumber(log.severity),
                severity_text=log.severity.name,
                body=log.body,
                attributes=dict(log.attributes),
                event_name=log.event or None,
            )
        )

    def _tracer(self, resource: Resource) -> Tracer:
        provider = TracerProvider(
            sampler=ALWAYS_ON, resource=_of_sdk(resource), shutdown_on_exit=False, id_generator=self._ids
        )
        provider.add_span_processor(self._spans)
        tracer = self._tracers[resource] = provider.get_tracer(resource.scope, resource.version)
        return tracer

    def _logger(self, resource: Resource) -> LoggerProvider:
        provider = self._loggers[resource] = LoggerProvider(_of_sdk(resource), shutdown_on_exit=False)
        provider.add_log_record_processor(self._logs)
        return provider


class _GivenIds(IdGenerator):
    """Gives the ids that the model has made."""

    trace_id = span_id = 0

    def generate_trace_id(self) -> int:
        return self.trace_id

    def generate_span_id(self) -> int:
        return self.span_id


class _Taken(SpanExporter):
    """Counts the spans that the collector took; those that it did not may never have come this far."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter, self.spans = exporter, 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self.spans += len(spans)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _exporters(to: Endpoint) -> tuple[SpanExporter, LogRecordExporter, NewExporter]:
    headers = to.headers
    if to.protocol == "grpc":
        target, plain = to.target, not to.secure
        options = cast("tuple[tuple[str, str]]", to.grpc_options)  # the SDK knows no numbers, gRPC does
        return (
            GrpcSpanExporter(target, plain, headers=headers, channel_options=options),
            GrpcLogExporter(target, plain, headers=headers, channel_options=options),
            lambda: GrpcMetricExporter(target, plain, headers=headers, channel_options=options),
        )
    return (
        HttpSpanExporter(to.url("traces"), headers=headers, session=_session(to)),
        HttpLogExporter(to.url("logs"), headers=headers, session=_session(to)),
        lambda: HttpMetricExporter(to.url("metrics"), headers=headers, session=_session(to)),
    )


def _session(to: Endpoint) -> Session:
    session = Session()
    session.trust_env = to.through_proxy
    return session


def _context(trace_id: bytes, span_id: bytes) -> SpanContext:
    return SpanContext(int.from_bytes(trace_id), int.from_bytes(span_id), is_remote=False, trace_flags=_SAMPLED)


def _of_sdk(resource: Resource) -> SdkResource:
    return SdkResource(dict(resource.attributes))
