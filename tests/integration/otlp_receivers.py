"""Both receivers on loopback sockets, with an `append` that only remembers; and requests to send them."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import grpc
import httpx
import pytest
import uvicorn
import uvloop
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.types import ASGIApp

from collectors import otlp_grpc, otlp_http
from collectors.kinds import Kind, Outcome
from collectors.otlp_intake import Intake, Limits
from collectors.otlp_schema import service_name

FIXTURES = Path(__file__).parents[1] / "fixtures" / "otlp"
PROTOBUF, JSON = "application/x-protobuf", "application/json"
SIGNALS = (Kind.TRACES, Kind.METRICS, Kind.LOGS)


class Receivers:
    """The two receivers, running on a thread's event loop while this is open."""

    def __init__(
        self, limits: Limits | None = None, token: str | None = None, others: Mapping[str, ASGIApp] | None = None
    ) -> None:
        self.kept: list[tuple[Kind, bytes]] = []
        self.counts: Counter[tuple[Kind, Outcome]] = Counter()
        self.fault: Callable[[], Exception | None] = lambda: None
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._made = limits, token, others or {}
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._run()))

    def __enter__(self) -> "Receivers":
        self._thread.start()
        assert self._ready.wait(20), "the receivers did not start"
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.http_port}", trust_env=False, timeout=60)
        self._channel = grpc.insecure_channel(
            f"127.0.0.1:{self.grpc_port}", options=[("grpc.use_local_subchannel_pool", 1)]
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.may_answer.set()
        self.http.close()
        self._channel.close()
        self.stop()
        self._thread.join(30)

    def stop(self) -> None:
        """Begins the shutdown, as a signal to the process would."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)

    def post(
        self, kind: Kind, body: bytes | str, content_type: str | None = PROTOBUF, **headers: str
    ) -> httpx.Response:
        """Posts to the signal's path; a header `content_encoding` is sent as Content-Encoding."""
        every = {name.replace("_", "-"): value for name, value in headers.items()}
        if content_type is not None:
            every["content-type"] = content_type
        content = body.encode() if isinstance(body, str) else body
        return self.http.post(f"/v1/{kind}", content=content, headers=every)

    def export(
        self,
        kind: Kind,
        body: bytes,
        compression: grpc.Compression = grpc.Compression.NoCompression,
        metadata: tuple[tuple[str, str], ...] = (),
        timeout_s: float = 60,
    ) -> bytes:
        """Calls the signal's Export with these bytes as its request. Raises grpc.RpcError."""
        call = self._channel.unary_unary(f"/{service_name(kind)}/Export", None, None)
        answer: bytes = call(body, compression=compression, metadata=metadata, timeout=timeout_s)
        return answer

    def outcome(self, kind: Kind, body: bytes) -> tuple[grpc.StatusCode, str]:
        """The code of a call with these bytes, and the message that came with it."""
        try:
            self.export(kind, body)
        except grpc.RpcError as error:
            return error.code(), error.details() or ""
        return grpc.StatusCode.OK, ""

    def refusal(
        self,
        kind: Kind,
        body: bytes,
        compression: grpc.Compression = grpc.Compression.NoCompression,
        metadata: tuple[tuple[str, str], ...] = (),
    ) -> tuple[grpc.StatusCode, Status]:
        """The code and the `google.rpc.Status` of a call that must fail."""
        with pytest.raises(grpc.RpcError) as raised:
            self.export(kind, body, compression, metadata)
        error = raised.value
        details = [item.value for item in error.trailing_metadata() or () if item.key == "grpc-status-details-bin"]
        return error.code(), Status.FromString(b"".join(map(bytes, details)))

    async def _append(self, kind: Kind, record: bytes, _holds: int) -> None:
        while not self.may_answer.is_set():  # noqa: ASYNC110  set by the test's thread
            await asyncio.sleep(0.005)
        if (fault := self.fault()) is not None:
            raise fault
        self.kept.append((kind, record))

    def _count(self, kind: Kind, outcome: Outcome, number: int) -> None:
        self.counts[kind, outcome] += number

    async def _run(self) -> None:
        limits, token, others = self._made
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        intake = Intake(self._append, self._count, limits)
        receiver = otlp_grpc.server(intake, token=token)
        self.grpc_port = otlp_grpc.listen(receiver, "127.0.0.1", 0)
        await receiver.start()
        listener = socket.create_server(("127.0.0.1", 0))
        self.http_port = listener.getsockname()[1]
        app = otlp_http.app(intake, token=token, others=others)
        web = _Web(uvicorn.Config(app, http="httptools", log_level="warning", access_log=False, lifespan="off"))
        serving = asyncio.create_task(web.serve([listener]))
        while not web.started:  # noqa: ASYNC110  uvicorn has no event for it
            await asyncio.sleep(0.005)
        self._ready.set()
        await self._stopping.wait()
        web.should_exit = True
        await asyncio.gather(serving, receiver.stop(20))
        intake.close()


class _Web(uvicorn.Server):
    """uvicorn on a thread that is not the main one: signals are none of its business."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def one_span(**fields: object) -> bytes:
    """A request of one span of the service `shop`, with these fields."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "shop"
    values = {"trace_id": b"t" * 16, "span_id": b"s" * 8, "name": "GET /cart", "start_time_unix_nano": 1, **fields}
    resource.scope_spans.add().spans.add(**values)
    return request.SerializeToString()


def one_log(text: str = "it broke") -> bytes:
    """A request of one log record."""
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add(severity_number=17, observed_time_unix_nano=1)
    record.body.string_value = text
    return request.SerializeToString()


def one_point(value: int = 7) -> bytes:
    """A request of one gauge with one data point."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="orders")
    metric.gauge.data_points.add(as_int=value, time_unix_nano=1)
    return request.SerializeToString()


GOOD = {Kind.TRACES: one_span(), Kind.LOGS: one_log(), Kind.METRICS: one_point()}
"""A small good request of each signal."""
