"""OTLP/gRPC as the specification has it: what is taken, what is refused, and in which words."""

import asyncio
import gzip
import resource
import socket
import threading
import time
import zlib
from collections.abc import Iterator

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from collectors import otlp_grpc
from collectors.kinds import Kind, Outcome, Overloaded, ShuttingDown
from collectors.otlp_intake import Limits
from collectors.otlp_schema import service_name
from tests.integration.otlp_receivers import GOOD, SIGNALS, Receivers, one_span

pytestmark = pytest.mark.integration

LIMIT = 8 << 20  # beyond grpcio's own 4 MiB
GZIP = grpc.Compression.Gzip


@pytest.fixture(scope="module")
def shared() -> Iterator[Receivers]:
    with Receivers(Limits(request_bytes=LIMIT)) as receivers:
        yield receivers


@pytest.fixture
def receivers(shared: Receivers) -> Receivers:
    """Receivers with a limit of 8 MiB, that remember nothing yet."""
    shared.kept.clear()
    shared.counts.clear()
    shared.fault = lambda: None
    return shared


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, GZIP])
@pytest.mark.parametrize("kind", SIGNALS)
def test_takes_each_signal(receivers: Receivers, kind: Kind, compression: grpc.Compression) -> None:
    """A good request is kept byte for byte, plain or gzip; the answer has no bytes, since all was taken."""
    assert receivers.export(kind, GOOD[kind], compression) == b""
    assert receivers.kept == [(kind, GOOD[kind])]
    assert receivers.counts == {(kind, Outcome.ACCEPTED): 1}


def test_gzip_is_really_spoken(receivers: Receivers) -> None:
    """A large request that the sender's gRPC library compresses arrives as what it was."""
    body = one_span(name="x" * 100_000)
    receivers.export(Kind.TRACES, body, GZIP)
    assert receivers.kept == [(Kind.TRACES, body)]


def test_an_empty_request_is_a_success(receivers: Receivers) -> None:
    """A request with no records is a success, and nothing is appended for it."""
    assert receivers.export(Kind.TRACES, b"") == b""
    assert receivers.kept == []


def test_requests_of_more_than_four_mebibytes_are_taken(receivers: Receivers) -> None:
    """The limit is ours, not grpcio's own 4 MiB: before and after decompression."""
    body = one_span(name="x" * (7 << 20))
    receivers.export(Kind.TRACES, body)
    receivers.export(Kind.TRACES, body, GZIP)
    assert [len(record) for _, record in receivers.kept] == [len(body)] * 2


@pytest.mark.parametrize(
    ("body", "where"),
    [(b"hello", "protobuf"), (GOOD[Kind.TRACES] + b"\x0a\x04\x12\x02\x12\x09", "resourceSpans[1].scopeSpans[0]")],
)
def test_bad_data_is_invalid_argument_with_what_and_where(receivers: Receivers, body: bytes, where: str) -> None:
    """Bytes that are no request are INVALID_ARGUMENT (never INTERNAL), with what is wrong and where."""
    code, status = receivers.refusal(Kind.TRACES, body)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert status.code == 3
    assert where in status.message
    assert not status.details
    assert receivers.kept == []
    assert receivers.counts == {(Kind.TRACES, Outcome.BAD): 1}


def test_a_broken_gzip_message_is_invalid_argument(receivers: Receivers) -> None:
    """A message that begins as gzip and is cut short is refused like any other bad data."""
    code, status = receivers.refusal(Kind.TRACES, gzip.compress(GOOD[Kind.TRACES])[:-3])
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "cut short" in status.message


def test_other_compressions_are_unimplemented(receivers: Receivers) -> None:
    """Deflate, which OTLP does not have, is refused as gRPC has it, and nothing is kept."""
    with pytest.raises(grpc.RpcError) as raised:
        receivers.export(Kind.TRACES, one_span(name="x" * 10_000), grpc.Compression.Deflate)
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert receivers.kept == []


def test_too_large_is_resource_exhausted_without_retry(receivers: Receivers) -> None:
    """A request over the limit is RESOURCE_EXHAUSTED without RetryInfo, so that nobody sends it again."""
    code, status = receivers.refusal(Kind.TRACES, bytes(LIMIT + 1))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert not status.details


def test_a_decompression_bomb_is_resource_exhausted(receivers: Receivers) -> None:
    """What exceeds the limit only once decompressed is refused the same way, and never held whole in memory."""
    before = _resident_bytes()
    code, status = receivers.refusal(Kind.TRACES, _bomb(256 << 20))
    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert status.code == 8
    assert not status.details
    assert _resident_bytes() - before < 10 * LIMIT
    assert receivers.counts == {(Kind.TRACES, Outcome.TOO_LARGE): 1}


def _bomb(size: int) -> bytes:
    """Gzip of so many zeros."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = bytes(1 << 20)
    return b"".join(deflate.compress(piece) for _ in range(size >> 20)) + deflate.flush()


def _resident_bytes() -> int:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.parametrize("reason", [Overloaded, ShuttingDown])
def test_what_cannot_be_taken_now_is_unavailable_with_retry(receivers: Receivers, reason: type[Overloaded]) -> None:
    """Overload and shutdown are UNAVAILABLE with RetryInfo: the sender keeps its data and comes back."""
    receivers.fault = lambda: reason("the backlog is full", 7)
    code, status = receivers.refusal(Kind.LOGS, GOOD[Kind.LOGS])
    assert (code, status.message) == (grpc.StatusCode.UNAVAILABLE, "the backlog is full")
    retry = RetryInfo()
    assert status.details[0].Unpack(retry)
    assert retry.retry_delay.seconds == 7


def test_a_disk_error_is_unavailable(receivers: Receivers) -> None:
    """When the disk fails, nothing is acknowledged, and trying again is right."""
    receivers.fault = lambda: OSError(28, "No space left on device")
    code, status = receivers.refusal(Kind.LOGS, GOOD[Kind.LOGS])
    assert code is grpc.StatusCode.UNAVAILABLE
    assert status.details


def test_metrics_of_an_older_wire_are_a_partial_success(receivers: Receivers) -> None:
    """A metric whose data OTLP 1 doesn't know is reported as rejected, and the rest is kept."""
    request = ExportMetricsServiceRequest.FromString(GOOD[Kind.METRICS])
    request.resource_metrics[0].scope_metrics[0].metrics.add(name="old")
    answer = ExportMetricsServiceResponse.FromString(receivers.export(Kind.METRICS, request.SerializeToString()))
    assert answer.partial_success.rejected_data_points == 1
    assert answer.partial_success.error_message


def test_invalid_utf8_fails_no_batch(receivers: Receivers) -> None:
    """A string that is no UTF-8 is kept as it came, with all that came along."""
    body = one_span(name="abc").replace(b"abc", b"\xff\xfe\xc3")
    receivers.export(Kind.TRACES, body)
    assert receivers.kept == [(Kind.TRACES, body)]


def test_an_unknown_method_is_unimplemented(receivers: Receivers) -> None:
    """A service that isn't OTLP's is refused as gRPC has it."""
    with grpc.insecure_channel(f"127.0.0.1:{receivers.grpc_port}") as channel:
        call = channel.unary_unary(
            "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export", None, None
        )
        with pytest.raises(grpc.RpcError) as raised:
            call(b"", timeout=10)
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_serves_the_generated_stub(receivers: Receivers) -> None:
    """opentelemetry-proto's own client reads the answer."""
    with grpc.insecure_channel(f"127.0.0.1:{receivers.grpc_port}") as channel:
        stub = TraceServiceStub(channel)  # type: ignore[no-untyped-call]  # generated without types
        answer = stub.Export(ExportTraceServiceRequest.FromString(GOOD[Kind.TRACES]), timeout=10)
    assert not answer.HasField("partial_success")


def test_a_request_under_way_at_shutdown_gets_its_answer() -> None:
    """After shutdown begins, who has sent a request is answered, and what comes then is refused, retryably."""
    with Receivers() as receivers:
        receivers.may_answer.clear()
        answers: list[bytes] = []
        under_way = threading.Thread(target=lambda: answers.append(receivers.export(Kind.TRACES, GOOD[Kind.TRACES])))
        under_way.start()
        time.sleep(0.2)
        receivers.stop()
        time.sleep(0.3)
        code, _ = receivers.refusal(Kind.LOGS, GOOD[Kind.LOGS])
        assert code is grpc.StatusCode.UNAVAILABLE
        receivers.may_answer.set()
        under_way.join()
        assert answers == [b""]
        assert receivers.kept == [(Kind.TRACES, GOOD[Kind.TRACES])]


def test_a_port_in_use_is_said(receivers: Receivers) -> None:
    """A second receiver on the same port fails, rather than share it in silence."""

    async def listen_again() -> None:
        otlp_grpc.listen(grpc.aio.server(), "127.0.0.1", receivers.grpc_port)

    with pytest.raises(OSError, match="in use"):
        asyncio.run(listen_again())


def test_senders_may_keep_idle_connections_alive(receivers: Receivers) -> None:
    """A sender that pings an idle connection every few seconds is not thrown out for it."""
    options = [("grpc.keepalive_time_ms", 10_000), ("grpc.keepalive_permit_without_calls", 1)]
    with grpc.insecure_channel(f"127.0.0.1:{receivers.grpc_port}", options=options) as channel:
        call = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export", None, None)
        assert [call(GOOD[Kind.TRACES], timeout=10) for _ in range(3)] == [b""] * 3


def test_a_sender_that_gives_up_is_no_harm(receivers: Receivers) -> None:
    """A call whose deadline passes while its record is written leaves the receiver as it was."""
    receivers.may_answer.clear()
    with pytest.raises(grpc.RpcError) as raised:
        receivers.export(Kind.TRACES, GOOD[Kind.TRACES], timeout_s=0.2)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    receivers.may_answer.set()
    receivers.export(Kind.LOGS, GOOD[Kind.LOGS])
    assert (Kind.LOGS, GOOD[Kind.LOGS]) in receivers.kept


def test_only_a_call_that_ends_without_a_request_is_a_bad_one() -> None:
    """Not one that its sender gives up, nor one whose request is larger than gRPC takes: those are not counted."""
    with (
        Receivers(Limits(request_bytes=1 << 20)) as receivers,
        grpc.insecure_channel(f"127.0.0.1:{receivers.grpc_port}") as channel,
    ):
        call = channel.stream_unary(f"/{service_name(Kind.TRACES)}/Export", None, None)
        never = threading.Event()
        for requests, code in (
            (iter((bytes((1 << 20) + 1),)), grpc.StatusCode.RESOURCE_EXHAUSTED),
            (iter((bytes(3 << 20),)), grpc.StatusCode.RESOURCE_EXHAUSTED),
            (iter(lambda: never.wait(30) and b"", None), grpc.StatusCode.DEADLINE_EXCEEDED),
            (iter(()), grpc.StatusCode.INVALID_ARGUMENT),
        ):
            with pytest.raises(grpc.RpcError) as raised:
                call(requests, timeout=1)
            assert raised.value.code() is code
        never.set()
    assert receivers.counts == {(Kind.TRACES, Outcome.BAD): 1}


def test_a_connection_that_never_speaks_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever only holds a connection open does not hold it for long."""
    monkeypatch.setattr(otlp_grpc, "HANDSHAKE_MS", 300)
    with (
        Receivers() as receivers,
        socket.create_connection(("127.0.0.1", receivers.grpc_port), timeout=20) as silent,
    ):
        while silent.recv(1000):  # the server's own settings
            pass
        assert receivers.export(Kind.TRACES, GOOD[Kind.TRACES]) == b""


def test_who_brings_no_token_is_refused_over_grpc_before_the_request_is_there() -> None:
    """What a stranger says is neither waited for nor held."""
    with Receivers(token="ours") as receivers, grpc.insecure_channel(f"127.0.0.1:{receivers.grpc_port}") as channel:
        call = channel.stream_unary(f"/{service_name(Kind.TRACES)}/Export", None, None)
        never = threading.Event()
        with pytest.raises(grpc.RpcError) as raised:
            call(iter(lambda: never.wait(30) and b"", None), timeout=10)
        never.set()
        assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_request_over_grpc_that_does_not_arrive_is_given_up() -> None:
    """As over HTTP; and a call that brings none is told so."""
    with (
        Receivers(Limits(whole_s=0.2)) as receivers,
        grpc.insecure_channel(f"127.0.0.1:{receivers.grpc_port}") as channel,
    ):
        call = channel.stream_unary(f"/{service_name(Kind.TRACES)}/Export", None, None)
        never = threading.Event()
        for requests, code in (
            (iter(lambda: never.wait(30) and b"", None), grpc.StatusCode.UNAVAILABLE),
            (iter(()), grpc.StatusCode.INVALID_ARGUMENT),
        ):
            with pytest.raises(grpc.RpcError) as raised:
                call(requests, timeout=10)
            assert raised.value.code() is code
        never.set()
