"""Sends OTLP requests to a collector as fast as it takes them, and again when it says so."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from threading import Event
from time import monotonic
from typing import Protocol, TypeAlias, TypeVar, cast

import grpc
import httpx
from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from triage.demo.endpoint import Endpoint
from triage.demo.errors import CollectorAway, CollectorRefused
from triage.demo.otlp_json import otlp_json

PATIENCE_S = 120.0
TIMEOUT_S = 30.0
LONGEST_PAUSE_S = 10.0

Read = TypeVar("Read", bound=Message)
Export: TypeAlias = ExportTraceServiceResponse | ExportLogsServiceResponse | ExportMetricsServiceResponse

_ANSWERS: dict[str, type[Export]] = {
    "traces": ExportTraceServiceResponse,
    "logs": ExportLogsServiceResponse,
    "metrics": ExportMetricsServiceResponse,
}
_SERVICES = {"traces": "trace.v1.TraceService", "logs": "logs.v1.LogsService", "metrics": "metrics.v1.MetricsService"}
_RETRIED_HTTP = frozenset({429, 502, 503, 504})
_RETRIED_GRPC = frozenset(
    {
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)  # those that the specification of OTLP says may be tried again


@dataclass(frozen=True)
class NotNow:
    """The collector does not take it at this moment: why, and after how many seconds it says to try again."""

    why: str
    after_s: float | None = None


class Wire(Protocol):
    """One protocol's way to post one request."""

    def post(self, signal: str, body: bytes) -> NotNow | None:
        """None when it was taken. Raises CollectorRefused."""

    def close(self) -> None: ...


class GrpcWire:
    """OTLP/gRPC."""

    def __init__(self, to: Endpoint) -> None:
        options = (("grpc.max_send_message_length", -1), *to.grpc_options)
        if to.secure:
            self._channel = grpc.secure_channel(to.target, grpc.ssl_channel_credentials(), options)
        else:
            self._channel = grpc.insecure_channel(to.target, options)
        self._metadata = tuple(to.headers.items())
        self._calls = {
            signal: self._channel.unary_unary(f"/opentelemetry.proto.collector.{service}/Export", None, None)
            for signal, service in _SERVICES.items()
        }

    def post(self, signal: str, body: bytes) -> NotNow | None:
        try:
            answer = cast("bytes", self._calls[signal](body, timeout=TIMEOUT_S, metadata=self._metadata))
        except grpc.RpcError as error:
            return _grpc_failure(cast("grpc.Call", error))
        _check_whole(signal, _ANSWERS[signal].FromString(answer))
        return None

    def close(self) -> None:
        self._channel.close()


class HttpWire:
    """OTLP/HTTP, as protobuf or as JSON."""

    def __init__(self, to: Endpoint) -> None:
        self._to = to
        self._json = to.protocol == "http/json"
        content_type = "application/json" if self._json else "application/x-protobuf"
        headers = {**to.headers, "content-type": content_type}
        self._client = httpx.Client(timeout=TIMEOUT_S, headers=headers, trust_env=to.through_proxy)

    def post(self, signal: str, body: bytes) -> NotNow | None:
        content = otlp_json(signal, body) if self._json else body
        try:
            answer = self._client.post(self._to.url(signal), content=content)
        except httpx.TransportError as error:
            return NotNow(str(error) or type(error).__name__)
        if answer.status_code in _RETRIED_HTTP:
            return NotNow(f"HTTP {answer.status_code}", _seconds(answer.headers.get("retry-after")))
        if answer.status_code != 200:
            raise CollectorRefused(f"the collector refused {signal}: HTTP {answer.status_code} {_why(answer)}")
        _check_whole(signal, _read(answer, _ANSWERS[signal]))
        return None

    def close(self) -> None:
        self._client.close()


class Sender:
    """Posts to one collector, several requests at a time."""

    def __init__(self, to: Endpoint, workers: int = 4, patience_s: float = PATIENCE_S) -> None:
        self._to, self._workers, self._patience_s = to, workers, patience_s
        self._wire: Wire = GrpcWire(to) if to.protocol == "grpc" else HttpWire(to)
        self._stop, self._dice = Event(), Random()

    def send(self, signal: str, body: bytes) -> None:
        """Posts one request until it is taken. Raises CollectorRefused, or CollectorAway after `patience_s`."""
        give_up, pause_s = monotonic() + self._patience_s, 0.1
        while (refusal := self._wire.post(signal, body)) is not None:
            wait_s = refusal.after_s if refusal.after_s is not None else pause_s * (0.5 + self._dice.random())
            if monotonic() + wait_s > give_up or self._stop.wait(wait_s):
                raise CollectorAway(
                    f"the collector at {self._to} does not take {signal} ({refusal.why}): see whether it runs there"
                )
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def send_all(self, records: Iterable[tuple[str, bytes]]) -> int:
        """Posts them all, a few at a time and so not strictly in order; returns how many. Raises as `send` does."""
        count, under_way = 0, deque[Future[None]]()
        with ThreadPoolExecutor(self._workers, "shop-sender") as pool, self._stopped_on_error():
            for signal, body in records:
                if len(under_way) >= 2 * self._workers:
                    under_way.popleft().result()
                under_way.append(pool.submit(self.send, signal, body))
                count += 1
            for one in under_way:
                one.result()
        return count

    def close(self) -> None:
        """Ends waiting for a collector that is away, and the connection."""
        self._stop.set()
        self._wire.close()

    @contextmanager
    def _stopped_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._stop.set()  # the others need not wait on
            raise


def _why(answer: httpx.Response) -> str:
    """What a refusal says."""
    try:
        return _read(answer, Status).message or answer.text[:300]
    except CollectorRefused:
        return answer.text[:300]


def _read(answer: httpx.Response, kind: type[Read]) -> Read:
    """The message that it holds, as protobuf or as JSON."""
    try:
        if answer.headers.get("content-type", "").startswith("application/json"):
            return Parse(answer.text or "{}", kind(), ignore_unknown_fields=True)
        return kind.FromString(answer.content)
    except (DecodeError, ParseError):
        raise CollectorRefused(f"what answers is no collector: {answer.text[:300]}") from None


def _check_whole(signal: str, answer: Export) -> None:
    partial = answer.partial_success
    rejected = next((count for field, count in partial.ListFields() if field.number == 1), 0)
    if rejected:  # with none rejected, what it says is a warning
        raise CollectorRefused(
            f"the collector took {signal} only in part, it rejected {rejected:,}: {partial.error_message}"
        )


def _grpc_failure(call: grpc.Call) -> NotNow:
    code, details = call.code(), call.details() or ""
    hint = _retry_info(call)
    if code in _RETRIED_GRPC or (code is grpc.StatusCode.RESOURCE_EXHAUSTED and hint is not None):
        return NotNow(f"{code.name} {details}", hint)
    raise CollectorRefused(f"the collector refused the data: {code.name} {details}")


def _retry_info(call: grpc.Call) -> float | None:
    for key, packed in call.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in Status.FromString(packed).details:
                hint = RetryInfo()
                if detail.Unpack(hint):
                    return float(hint.retry_delay.ToTimedelta().total_seconds())
    return None


def _seconds(text: str | None) -> float | None:
    """Retry-After in seconds; the form with a date is not used by collectors."""
    return float(text) if text is not None and text.isdecimal() else None
