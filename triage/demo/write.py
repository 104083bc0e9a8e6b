"""The fast mouth: requests to the shop as the OTLP requests that its services would have exported."""

from collections.abc import Iterable, Iterator
from typing import Literal

from triage.demo.encode import Encoder, message
from triage.demo.kpis import EVERY_S, Kpis
from triage.demo.request import SECOND_NS, Request, Resource

Signal = Literal["traces", "logs", "metrics"]

SPANS_EACH = 512

_SCHEMA_URL = b"https://opentelemetry.io/schemas/1.44.0"


def otlp_requests(requests: Iterable[Request], spans_each: int = SPANS_EACH) -> Iterator[tuple[Signal, bytes]]:
    """The Export{Trace,Logs,Metrics}ServiceRequest bytes of `requests`, in their order.

    A trace request holds about `spans_each` spans (a shop's request is never split), a log request as many records;
    metrics come every ten seconds of shop time.
    """
    writer = OtlpWriter(spans_each)
    for request in requests:
        yield from writer.add(request)
    yield from writer.rest()


class OtlpWriter:
    """Requests in, export requests out."""

    def __init__(self, spans_each: int) -> None:
        self._spans, self._logs, self._kpis = _Batch(spans_each), _Batch(spans_each), Kpis()
        self._encoder, self._export_ns = Encoder(), 0

    def add(self, request: Request) -> Iterator[tuple[Signal, bytes]]:
        """Takes a request, and gives what is full."""
        _encode(request, self._encoder, self._spans, self._logs)
        self._kpis.add(request)
        if self._spans.full:
            yield "traces", self._spans.take(self._encoder)
        if self._logs.full:
            yield "logs", self._logs.take(self._encoder)
        now_ns = request.entry.start_ns
        if now_ns >= self._export_ns:
            if self._export_ns:
                yield "metrics", self._kpis.export(self._export_ns)
            self._export_ns = (now_ns // (EVERY_S * SECOND_NS) + 1) * EVERY_S * SECOND_NS

    def rest(self) -> Iterator[tuple[Signal, bytes]]:
        """What is left."""
        if self._spans.count:
            yield "traces", self._spans.take(self._encoder)
        if self._logs.count:
            yield "logs", self._logs.take(self._encoder)
        if self._export_ns:
            yield "metrics", self._kpis.export(self._export_ns)


def _encode(request: Request, encoder: Encoder, spans: "_Batch", logs: "_Batch") -> None:
    trace_id, span_of, add = request.trace_id, encoder.span, spans.add
    for span in request.spans:
        add(span.resource, span_of(trace_id, span))
    for log in request.logs:
        logs.add(log.resource, encoder.log(trace_id, log))


class _Batch:
    """Encoded records by the instance that they are of."""

    def __init__(self, size: int) -> None:
        self.count = 0
        self._size = size
        self._records: dict[Resource, list[bytes]] = {}

    @property
    def full(self) -> bool:
        return self.count >= self._size

    def add(self, resource: Resource, record: bytes) -> None:
        self.count += 1
        if resource in self._records:
            self._records[resource].append(record)
        else:
            self._records[resource] = [record]

    def take(self, encoder: Encoder) -> bytes:
        """The whole batch as one export request (traces and logs look alike here); it is empty afterwards."""
        parts = [_of_resource(resource, records, encoder) for resource, records in self._records.items()]
        self._records, self.count = {}, 0
        return b"".join(parts)


def _of_resource(resource: Resource, records: list[bytes], encoder: Encoder) -> bytes:
    """ResourceSpans or ResourceLogs."""
    scope = message(0x0A, message(0x0A, resource.scope.encode()) + message(0x12, resource.version.encode()))
    scoped = message(0x12, scope + b"".join(records) + message(0x1A, _SCHEMA_URL))
    return message(0x0A, encoder.resource(resource) + scoped + message(0x1A, _SCHEMA_URL))
