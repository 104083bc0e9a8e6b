"""OTLP/HTTP as the specification has it: what is taken, what is refused, and in which words."""

import gzip
import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from google.protobuf.json_format import Parse
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from collectors.frames import varint
from collectors.kinds import Kind, Outcome, Overloaded, ShuttingDown
from collectors.otlp_intake import Limits
from collectors.otlp_refusal import PERMISSION_DENIED
from tests.integration.otlp_receivers import FIXTURES, GOOD, JSON, PROTOBUF, SIGNALS, Receivers, one_span

pytestmark = pytest.mark.integration

EMPTY_GZIP_MEMBER = gzip.compress(b"")


@pytest.fixture(scope="module")
def shared() -> Iterator[Receivers]:
    with Receivers(Limits(request_bytes=1 << 20)) as receivers:
        yield receivers


@pytest.fixture
def receivers(shared: Receivers) -> Receivers:
    """Receivers with a limit of one MiB, that remember nothing yet."""
    shared.kept.clear()
    shared.counts.clear()
    shared.fault = lambda: None
    return shared


def status(response: httpx.Response) -> Status:
    """The `google.rpc.Status` of a refusal, in whichever encoding it came."""
    if response.headers["content-type"] == PROTOBUF:
        return Status.FromString(response.content)
    return Parse(response.content, Status())


@pytest.mark.parametrize("kind", SIGNALS)
def test_takes_each_signal_as_protobuf(receivers: Receivers, kind: Kind) -> None:
    """A good request is kept byte for byte; the answer is 200, its own Content-Type, and no bytes."""
    response = receivers.post(kind, GOOD[kind])
    assert (response.status_code, response.headers["content-type"], response.content) == (200, PROTOBUF, b"")
    assert receivers.kept == [(kind, GOOD[kind])]
    assert receivers.counts == {(kind, Outcome.ACCEPTED): 1}


@pytest.mark.parametrize(
    ("name", "kind", "records"),
    [("trace", Kind.TRACES, 1), ("metrics", Kind.METRICS, 4), ("logs", Kind.LOGS, 1), ("events", Kind.LOGS, 1)],
)
def test_takes_each_signal_as_json(receivers: Receivers, name: str, kind: Kind, records: int) -> None:
    """The specification's examples are taken; the answer is 200, JSON, and an empty object."""
    response = receivers.post(kind, (FIXTURES / f"{name}.json").read_bytes(), JSON)
    assert (response.status_code, response.headers["content-type"], response.json()) == (200, JSON, {})
    assert receivers.counts == {(kind, Outcome.ACCEPTED): records}


@pytest.mark.parametrize(
    "content_type", ["application/JSON", "application/json; charset=utf-8", "Application/Json ;a=b"]
)
def test_content_type_may_have_parameters_and_capitals(receivers: Receivers, content_type: str) -> None:
    """The Content-Type is compared without its parameters and without regard to case."""
    assert receivers.post(Kind.TRACES, "{}", content_type).status_code == 200
    assert receivers.post(Kind.TRACES, b"", "Application/X-Protobuf; v=1").status_code == 200


@pytest.mark.parametrize(("content_type", "body"), [(PROTOBUF, b""), (JSON, b"{}"), (JSON, b'{"resourceSpans": []}')])
def test_an_empty_request_is_a_success(receivers: Receivers, content_type: str, body: bytes) -> None:
    """A request with no records is a success, and nothing is appended for it."""
    assert receivers.post(Kind.TRACES, body, content_type).status_code == 200
    assert receivers.kept == []


def test_takes_gzip(receivers: Receivers) -> None:
    """A gzip body is kept as what it holds, protobuf or JSON, whatever the header's case."""
    assert receivers.post(Kind.TRACES, gzip.compress(GOOD[Kind.TRACES]), content_encoding="gzip").status_code == 200
    trace = (FIXTURES / "trace.json").read_bytes()
    assert receivers.post(Kind.TRACES, gzip.compress(trace), JSON, content_encoding="GZIP").status_code == 200
    assert receivers.post(Kind.TRACES, GOOD[Kind.TRACES], content_encoding="identity").status_code == 200
    assert [record for _, record in receivers.kept][::2] == [GOOD[Kind.TRACES]] * 2


def test_takes_a_body_in_chunks(receivers: Receivers) -> None:
    """A body of unknown length (Transfer-Encoding: chunked) is taken like any other."""
    body = GOOD[Kind.TRACES]
    pieces = (body[at : at + 5] for at in range(0, len(body), 5))
    response = receivers.http.post("/v1/traces", content=pieces, headers={"content-type": PROTOBUF})
    assert response.status_code == 200
    assert receivers.kept == [(Kind.TRACES, body)]


def test_every_gzip_member_is_read(receivers: Receivers) -> None:
    """A body of several gzip members, an empty one among them, holds the content of all."""
    body = GOOD[Kind.TRACES]
    members = gzip.compress(body[:10]) + EMPTY_GZIP_MEMBER + gzip.compress(body[10:])
    assert receivers.post(Kind.TRACES, members, content_encoding="gzip").status_code == 200
    assert receivers.kept == [(Kind.TRACES, body)]


GZIPPED = gzip.compress(GOOD[Kind.TRACES])


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (GZIPPED[:-9], "cut short"),
        (GZIPPED[:-1], "cut short"),
        (GZIPPED + GZIPPED[:20], "cut short"),
        (b"", "cut short"),
        (GZIPPED + b"more", "not gzip"),
        (GOOD[Kind.TRACES], "not gzip"),
        (zlib.compress(GOOD[Kind.TRACES]), "not gzip"),
        (GZIPPED[:-8] + struct.pack("<II", 1, 2), "not gzip"),
        (EMPTY_GZIP_MEMBER * 1100, "members"),
    ],
    ids=["no trailer", "short trailer", "short member", "nothing", "garbage", "plain", "zlib", "checksum", "members"],
)
def test_a_body_that_is_no_gzip_is_400(receivers: Receivers, body: bytes, what: str) -> None:
    """A gzip body that is cut short, followed by something else, or no gzip at all is refused, and nothing kept."""
    response = receivers.post(Kind.TRACES, body, content_encoding="gzip")
    assert response.status_code == 400
    assert what in status(response).message
    assert receivers.kept == []


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "gzip, gzip", "gzipped"])
def test_an_unknown_content_encoding_is_400(receivers: Receivers, encoding: str) -> None:
    """Only gzip and none are spoken here, as the answer says."""
    response = receivers.post(Kind.TRACES, GZIPPED, content_encoding=encoding)
    assert response.status_code == 400
    assert "gzip" in status(response).message


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/protobuf", "application/jsonl", "json"])
def test_a_missing_or_unknown_content_type_is_415(receivers: Receivers, content_type: str | None) -> None:
    """A Content-Type that is no OTLP encoding is refused with the two that are."""
    response = receivers.post(Kind.LOGS, GOOD[Kind.LOGS], content_type)
    assert response.status_code == 415
    assert PROTOBUF in status(response).message
    assert receivers.counts == {(Kind.LOGS, Outcome.UNSUPPORTED): 1}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_405(receivers: Receivers, method: str) -> None:
    """Only POST brings telemetry, as the Allow header says."""
    response = receivers.http.request(method, "/v1/traces")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_a_page_of_a_browser_is_refused_where_no_token_is_set(receivers: Receivers) -> None:
    """It names its origin, also where a name was rebound to this address; no sender does."""
    headers = {"content-type": PROTOBUF, "origin": "http://shop.example:4318", "host": "shop.example:4318"}
    response = receivers.http.post("/v1/traces", content=GOOD[Kind.TRACES], headers=headers)
    assert (response.status_code, status(response).code) == (403, PERMISSION_DENIED)
    assert receivers.kept == []


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/traces/", "/v1/profiles", "/v1/Traces", "/healthz"])
def test_other_paths_are_404(receivers: Receivers, path: str) -> None:
    """A path that is no signal's, nor another app's, is not found: a Status in the request's encoding says so."""
    response = receivers.http.post(path, content=b"", headers={"content-type": PROTOBUF})
    assert (response.status_code, response.headers["content-type"]) == (404, PROTOBUF)
    assert (status(response).code, "/v1/traces" in status(response).message) == (5, True)
    assert "/v1/traces" in receivers.http.get(path).json()["message"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"hello", ""),
        (GOOD[Kind.TRACES][:-3], "byte"),
        (GOOD[Kind.TRACES] + b"\x0a\x04\x12\x02\x12\x09", "resourceSpans[1].scopeSpans[0]"),
        (b"\x00\x01", "0 is no field number"),
        (b"\x0f", "7 is no wire type"),
    ],
)
def test_bad_protobuf_is_400_with_what_and_where(receivers: Receivers, body: bytes, where: str) -> None:
    """Bytes that are no request are refused with a protobuf Status that says what is wrong and where."""
    response = receivers.post(Kind.TRACES, body)
    assert (response.status_code, response.headers["content-type"]) == (400, PROTOBUF)
    answer = status(response)
    assert answer.code == 3
    assert "not valid protobuf" in answer.message
    assert where in answer.message
    assert receivers.kept == []
    assert receivers.counts == {(Kind.TRACES, Outcome.BAD): 1}


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("[]", "expected an object, not an array"),
        ("1234", "expected an object, not a number"),
        ("null", "expected an object, not null"),
        ("", "not valid JSON"),
        ('{"resourceSpans": [', "not valid JSON"),
        ('{"resourceSpans": {}}', "resourceSpans: expected an array"),
        ('{"resourceSpans": [null]}', "resourceSpans[0]: expected an object, not null"),
        (
            '{"resourceSpans": [{"scopeSpans": [{"spans": [{}, {}, {}, {"traceId": "xyz"}]}]}]}',
            "resourceSpans[0].scopeSpans[0].spans[3].traceId: expected pairs of hex digits",
        ),
    ],
)
def test_bad_json_is_400_with_what_and_where(receivers: Receivers, body: str, what: str) -> None:
    """JSON that is no request is refused with a JSON Status that says what is wrong and where."""
    response = receivers.post(Kind.TRACES, body, JSON)
    assert (response.status_code, response.headers["content-type"]) == (400, JSON)
    assert status(response).code == 3
    assert what in response.json()["message"]
    assert receivers.kept == []


def nested_arrays(levels: int) -> dict[str, object]:
    value: dict[str, object] = {"intValue": 1}
    for _ in range(levels):
        value = {"arrayValue": {"values": [value]}}
    return {"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": [{"key": "deep", "value": value}]}]}]}]}


def test_deep_nesting_is_taken_as_far_as_the_parser_follows(receivers: Receivers) -> None:
    """Forty arrays within arrays are data; sixty are refused, in JSON and in protobuf, with where they are."""
    assert receivers.post(Kind.TRACES, json.dumps(nested_arrays(40)), JSON).status_code == 200
    deep = receivers.post(Kind.TRACES, json.dumps(nested_arrays(60)), JSON)
    assert deep.status_code == 400
    assert "nested too deeply" in status(deep).message
    assert "resourceSpans[0].scopeSpans[0].spans[0].attributes[0]" in status(deep).message

    ((_, good),) = receivers.kept
    assert receivers.post(Kind.TRACES, good).status_code == 200
    deeper = b""
    fields = [b"\x0a", b"\x2a"] * 60 + [
        b"\x12",
        b"\x4a",
        b"\x12",
        b"\x12",
        b"\x0a",
    ]  # values, array; value, attributes, …
    for field in fields:
        deeper = field + varint(len(deeper)) + deeper
    refused = receivers.post(Kind.TRACES, deeper)
    assert refused.status_code == 400
    assert "nested too deeply" in status(refused).message


@pytest.mark.parametrize(
    "body", ["[" * 5000, '{"a":' * 5000, "[" * 100_000 + "]" * 100_000], ids=["open", "keys", "closed"]
)
def test_absurd_nesting_of_json_is_400(receivers: Receivers, body: str) -> None:
    """JSON nested beyond any parser's stack is refused, and the receiver lives on."""
    response = receivers.post(Kind.TRACES, body, JSON)
    assert response.status_code == 400
    assert receivers.post(Kind.TRACES, "{}", JSON).status_code == 200


def test_a_body_over_the_limit_is_413(receivers: Receivers) -> None:
    """A plain body over the limit is refused for its size, and the connection can be used again."""
    for body in (bytes((1 << 20) + 1), (bytes(1 << 16) for _ in range(17))):
        response = receivers.http.post("/v1/traces", content=body, headers={"content-type": PROTOBUF})
        assert response.status_code == 413
        assert status(response).code == 8
        assert not status(response).details
    assert receivers.post(Kind.TRACES, GOOD[Kind.TRACES]).status_code == 200
    assert receivers.counts[Kind.TRACES, Outcome.TOO_LARGE] == 2


def test_the_limit_itself_is_taken(receivers: Receivers) -> None:
    """A body of exactly the limit is no body over it, plain or compressed."""
    room = (1 << 20) - len(one_span(name="x" * (1 << 19))) + (1 << 19)
    body = one_span(name="x" * room)
    assert len(body) == 1 << 20
    assert receivers.post(Kind.TRACES, body).status_code == 200
    assert receivers.post(Kind.TRACES, gzip.compress(body), content_encoding="gzip").status_code == 200


@pytest.mark.parametrize("members", [1, 3])
def test_a_decompression_bomb_is_413(receivers: Receivers, members: int) -> None:
    """What exceeds the limit only once decompressed is refused as it does, in one member or over several."""
    bomb = gzip.compress(bytes((1 << 21) // members))
    response = receivers.post(Kind.TRACES, bomb * members, content_encoding="gzip")
    assert response.status_code == 413
    assert receivers.kept == []


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
@pytest.mark.parametrize("reason", [Overloaded, ShuttingDown])
def test_what_cannot_be_taken_now_is_503(receivers: Receivers, reason: type[Overloaded], content_type: str) -> None:
    """Overload and shutdown are 503 with Retry-After and RetryInfo: the sender keeps its data and comes back."""
    receivers.fault = lambda: reason("the backlog is full", 7)
    body = GOOD[Kind.TRACES] if content_type == PROTOBUF else (FIXTURES / "trace.json").read_bytes()
    response = receivers.post(Kind.TRACES, body, content_type)
    assert (response.status_code, response.headers["retry-after"]) == (503, "7")
    assert response.headers["content-type"] == content_type
    answer = status(response)
    assert (answer.code, answer.message) == (14, "the backlog is full")
    assert answer.details[0].type_url == "type.googleapis.com/google.rpc.RetryInfo"
    assert receivers.counts == {(Kind.TRACES, Outcome.OVERLOADED): 1}


def test_a_disk_error_is_503(receivers: Receivers) -> None:
    """When the disk fails, nothing is acknowledged, and trying again is right."""
    receivers.fault = lambda: OSError(28, "No space left on device")
    response = receivers.post(Kind.TRACES, GOOD[Kind.TRACES])
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0


def test_metrics_of_an_older_wire_are_a_partial_success(receivers: Receivers) -> None:
    """A metric whose data OTLP 1 doesn't know is reported as rejected, and the rest is kept."""
    request = ExportMetricsServiceRequest.FromString(GOOD[Kind.METRICS])
    old = b"\x0a\x03old\x22\x05\x0a\x03\x21\x00\x00"  # field 4 was int_gauge
    request.resource_metrics[0].scope_metrics[0].metrics.add().MergeFromString(old)
    response = receivers.post(Kind.METRICS, request.SerializeToString())
    assert response.status_code == 200
    answer = ExportMetricsServiceResponse.FromString(response.content)
    assert answer.partial_success.rejected_data_points == 1
    assert answer.partial_success.error_message
    assert len(receivers.kept) == 1

    as_json = receivers.post(
        Kind.METRICS, '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"old"}]}]}]}', JSON
    )
    assert as_json.json()["partialSuccess"]["rejectedDataPoints"] == "1"


def test_invalid_utf8_fails_no_batch(receivers: Receivers) -> None:
    """A string that is no UTF-8 is kept as it came, with all that came along."""
    body = one_span(name="abc").replace(b"abc", b"\xff\xfe\xc3")
    assert receivers.post(Kind.TRACES, body).status_code == 200
    assert receivers.kept == [(Kind.TRACES, body)]


def test_in_flight_bytes_are_bounded() -> None:
    """When all requests under way together are too large, the next is told to come back, and may once they are done."""
    big = one_span(name="x" * 50_000)
    with Receivers(Limits(in_flight_bytes=80_000)) as receivers:
        receivers.may_answer.clear()
        first = threading.Thread(target=receivers.post, args=(Kind.TRACES, big))
        first.start()
        time.sleep(0.3)
        assert receivers.post(Kind.LOGS, big).status_code == 503
        receivers.may_answer.set()
        first.join()
        assert receivers.post(Kind.TRACES, big).status_code == 200


def test_a_sender_that_falls_silent_is_let_go() -> None:
    """A request whose rest does not arrive is ended, and holds nothing up."""
    with (
        Receivers(Limits(silence_s=0.2)) as receivers,
        socket.create_connection(("127.0.0.1", receivers.http_port)) as sender,
    ):
        sender.settimeout(10)
        sender.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}"
        )
        assert sender.recv(1000).startswith(b"HTTP/1.1 408")
        assert receivers.kept == []


def test_a_sender_that_dribbles_is_let_go() -> None:
    """A byte now and then is no silence, and yet there is an end to it."""
    with (
        Receivers(Limits(whole_s=0.3)) as receivers,
        socket.create_connection(("127.0.0.1", receivers.http_port)) as sender,
    ):
        sender.setblocking(False)
        sender.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n"
        )
        for _ in range(100):
            time.sleep(0.05)
            with suppress(BlockingIOError):
                assert sender.recv(1000).startswith(b"HTTP/1.1 408")
                break
            sender.sendall(b" ")
        else:
            pytest.fail("it was still listened to after five seconds")


def test_a_sender_that_leaves_is_no_error(receivers: Receivers) -> None:
    """A connection that ends in the middle of a request leaves nothing behind, and is no refusal."""
    with socket.create_connection(("127.0.0.1", receivers.http_port)) as sender:
        sender.sendall(
            b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{}"
        )
    assert receivers.post(Kind.TRACES, GOOD[Kind.TRACES]).status_code == 200
    assert receivers.counts == {(Kind.TRACES, Outcome.ACCEPTED): 1}


def test_a_request_under_way_at_shutdown_gets_its_answer() -> None:
    """After shutdown begins, who has sent a request is answered, and new senders are not let in."""
    with Receivers() as receivers:
        receivers.may_answer.clear()
        answers: list[httpx.Response] = []
        under_way = threading.Thread(target=lambda: answers.append(receivers.post(Kind.TRACES, GOOD[Kind.TRACES])))
        under_way.start()
        time.sleep(0.2)
        receivers.stop()
        time.sleep(0.3)
        with pytest.raises(httpx.TransportError):
            httpx.post(f"http://127.0.0.1:{receivers.http_port}/v1/traces", content=b"", trust_env=False)
        receivers.may_answer.set()
        under_way.join()
        assert [answer.status_code for answer in answers] == [200]
        assert len(receivers.kept) == 1


def test_a_large_request_holds_up_no_small_one() -> None:
    """While tens of megabytes of JSON are read, small senders are answered within a fraction of that time."""
    span = {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "00f067aa0ba902b7", "name": "x" * 50}
    many = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span] * 200_000}]}]})
    with Receivers() as receivers:
        took: list[float] = []
        start = time.monotonic()
        large = threading.Thread(
            target=lambda: took.append(receivers.post(Kind.TRACES, many, JSON).elapsed.total_seconds())
        )
        large.start()
        with httpx.Client(trust_env=False) as client:
            small = [
                _seconds(receivers, client)
                for _ in iter(lambda: large.is_alive() and time.monotonic() < start + 60, False)
            ]
        large.join()
        assert len(receivers.kept) == len(small) + 1
        assert sorted(small)[len(small) // 2] < max(took[0] / 4, 0.1)


def _seconds(receivers: Receivers, client: httpx.Client) -> float:
    url = f"http://127.0.0.1:{receivers.http_port}/v1/traces"
    start = time.monotonic()
    assert client.post(url, content=GOOD[Kind.TRACES], headers={"content-type": PROTOBUF}).status_code == 200
    return time.monotonic() - start
