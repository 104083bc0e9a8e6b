"""What receivers before this one fell for: each test names the CVE."""

import gzip
import hmac
import importlib.metadata
import resource
import zlib
from collections.abc import Callable

import pytest

from collectors.bearer import Unauthenticated, bearer
from collectors.frames import varint
from collectors.kinds import Kind, Outcome
from collectors.metrics import Metrics
from collectors.otlp_intake import Limits
from tests.integration.otlp_receivers import GOOD, JSON, PROTOBUF, Receivers

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """Gzip of a gibibyte of zeros, in some five mebibytes."""
    deflate = zlib.compressobj(1, zlib.DEFLATED, 31)
    piece = bytes(1 << 20)
    return b"".join(deflate.compress(piece) for _ in range(1 << 10)) + deflate.flush()


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_a_decompression_bomb_is_never_held(bomb: bytes, content_type: str) -> None:
    """CVE-2024-36129: a gibibyte in a few mebibytes is refused without ever being in memory."""
    with Receivers(Limits(request_bytes=8 << 20)) as receivers:
        receivers.post(Kind.TRACES, GOOD[Kind.TRACES])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        response = receivers.post(Kind.TRACES, bomb, content_type, content_encoding="gzip")
        assert response.status_code == 413
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # in KiB


def spans_bomb() -> bytes:
    """Spans of two bytes each, 16 million of them; every parser makes some hundred bytes of each."""
    body = b"\x12\x00" * (1 << 24)
    for tag in (b"\x12", b"\x0a"):
        body = tag + varint(len(body)) + body
    return body


def json_bomb() -> bytes:
    """The same as JSON."""
    return b'{"resourceSpans":[{"scopeSpans":[{"spans":[%s{}]}]}]}' % (b"{}," * 10_000_000)


@pytest.mark.parametrize(("bomb", "content_type"), [(spans_bomb, PROTOBUF), (json_bomb, JSON)])
def test_a_bomb_of_records_is_never_unfolded(bomb: Callable[[], bytes], content_type: str) -> None:
    """Some 40 kB of gzip, within every limit on bytes, hold more records than can ever be loaded."""
    body = gzip.compress(bomb())
    with Receivers() as receivers:
        receivers.post(Kind.TRACES, GOOD[Kind.TRACES])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        response = receivers.post(Kind.TRACES, body, content_type, content_encoding="gzip")
        assert response.status_code == 413
        assert receivers.kept == [(Kind.TRACES, GOOD[Kind.TRACES])]
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256 << 10  # in KiB


def test_how_much_of_a_guess_is_right_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """CVE-2024-42368: tokens are compared in constant time."""
    compared: list[bool] = []

    def compare(given: bytes, secret: bytes) -> bool:
        compared.append(given == secret)
        return compared[-1]

    monkeypatch.setattr(hmac, "compare_digest", compare)
    with pytest.raises(Unauthenticated):
        bearer("key")(["Bearer kex"])
    bearer("key")(["Bearer key"])
    assert compared == [False, True]


def test_a_missing_key_is_no_key() -> None:
    """CVE-2024-45043: with a token set, a request without one is refused, over HTTP and gRPC."""
    with Receivers(token="key") as receivers:
        assert receivers.post(Kind.TRACES, GOOD[Kind.TRACES]).status_code == 401
        assert receivers.outcome(Kind.TRACES, GOOD[Kind.TRACES])[0].name == "UNAUTHENTICATED"
        assert receivers.kept == []


def test_no_sender_can_add_a_label() -> None:
    """CVE-2023-47108: whatever methods, paths, types and agents senders invent, the figures' labels stay the same."""
    metrics = Metrics()
    with Receivers() as receivers:
        for n in range(50):
            receivers.http.request(f"M{n}", "/v1/traces")
            receivers.http.post(f"/v1/{n}", content=b"", headers={"user-agent": f"a{n}"})
            receivers.post(Kind.LOGS, f"[{n}]", f"application/x-{n}")
            receivers.post(Kind.LOGS, f"[{n}]", JSON)
        for (kind, outcome), number in receivers.counts.items():
            metrics.count(kind, outcome, number)
        lines = [
            line for line in metrics.text().decode().splitlines() if line.startswith("triage_rejected_requests_total")
        ]
        assert len(lines) == len(receivers.counts) <= len(Kind) * len(Outcome)


def test_the_protobuf_library_bounds_its_recursion() -> None:
    """CVE-2026-0994: the library installed is one that was put right."""
    version = tuple(int(part) for part in importlib.metadata.version("protobuf").split(".")[:3])
    assert version >= (6, 33, 5)


def test_bombs_of_many_members_and_within_bombs_are_refused(bomb: bytes) -> None:
    """Bombs of many members, and bombs within bombs, are refused for what they are."""
    with Receivers(Limits(request_bytes=8 << 20)) as receivers:
        many = gzip.compress(bytes(1 << 20)) * 64
        assert receivers.post(Kind.TRACES, many, content_encoding="gzip").status_code == 413
        twice = gzip.compress(bomb)
        assert receivers.post(Kind.TRACES, twice, content_encoding="gzip").status_code == 400
