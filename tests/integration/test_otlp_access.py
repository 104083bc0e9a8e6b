"""Who may send: with a token set, whoever brings it, and nobody else."""

from collections.abc import Iterator

import grpc
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from collectors.kinds import Kind, Outcome
from tests.integration.otlp_receivers import GOOD, JSON, PROTOBUF, Receivers

pytestmark = pytest.mark.integration

TOKEN = "s3cret-ö"
WRONG = {
    "missing": None,
    "empty": "",
    "no scheme": TOKEN,
    "no token": "Bearer",
    "another": "Bearer s3cret",
    "longer": f"Bearer {TOKEN}x",
    "another scheme": f"Basic {TOKEN}",
    "null": "Bearer None",
}


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receivers]:
    others = Starlette(routes=[Route("/healthz", lambda request: PlainTextResponse("alive"))])
    with Receivers(token=TOKEN, others={"healthz": others}) as receivers:
        yield receivers


@pytest.fixture
def kept(receivers: Receivers) -> list[tuple[Kind, bytes]]:
    receivers.kept.clear()
    receivers.counts.clear()
    return receivers.kept


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_http_takes_who_brings_the_token(receivers: Receivers, kept: list[object], scheme: str) -> None:
    """The token opens the door, whatever the case of the scheme's name."""
    headers = {b"authorization": f"{scheme} {TOKEN}".encode(), b"content-type": PROTOBUF.encode()}
    assert receivers.http.post("/v1/logs", content=GOOD[Kind.LOGS], headers=headers).status_code == 200
    assert len(kept) == 1


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
def test_http_refuses_everyone_else(
    receivers: Receivers, kept: list[object], value: str | None, content_type: str
) -> None:
    """Without exactly the token the answer is 401 with a challenge, a Status in the request's encoding, and no data."""
    headers = {b"content-type": content_type.encode()} | ({} if value is None else {b"authorization": value.encode()})
    response = receivers.http.post("/v1/logs", content=GOOD[Kind.LOGS], headers=headers)
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert response.headers["content-type"] == content_type
    assert kept == []
    assert receivers.counts == {(Kind.LOGS, Outcome.UNAUTHENTICATED): 1}
    assert TOKEN.encode() not in response.content


def test_http_refuses_two_tokens(receivers: Receivers, kept: list[object]) -> None:
    """Two Authorization headers say nothing certain, even where one of them is right."""
    headers = [
        (b"authorization", f"Bearer {TOKEN}".encode()),
        (b"authorization", b"Bearer x"),
        (b"content-type", PROTOBUF.encode()),
    ]
    assert receivers.http.post("/v1/logs", content=GOOD[Kind.LOGS], headers=headers).status_code == 401


def test_a_stranger_is_refused_before_the_body_is_read(receivers: Receivers, kept: list[object]) -> None:
    """Who brings no token can't make the receiver decompress or parse anything."""
    response = receivers.post(Kind.LOGS, b"no gzip", JSON, content_encoding="gzip")
    assert response.status_code == 401


def test_probes_are_open(receivers: Receivers) -> None:
    """What the other app answers on this listener is its own business: a probe needs no token."""
    assert receivers.http.get("/healthz").text == "alive"
    assert receivers.http.get("/nothing").status_code == 404


GRPC_TOKEN = "s3cret"
GRPC_WRONG = ["", GRPC_TOKEN, "Bearer", "Bearer ", "Bearer S3CRET", "Basic s3cret"]


@pytest.fixture(scope="module")
def guarded() -> Iterator[Receivers]:
    with Receivers(token=GRPC_TOKEN) as receivers:
        yield receivers


def test_grpc_takes_who_brings_the_token(guarded: Receivers) -> None:
    """The token is read from the metadata."""
    guarded.kept.clear()
    guarded.export(Kind.LOGS, GOOD[Kind.LOGS], metadata=(("authorization", f"Bearer {GRPC_TOKEN}"),))
    assert len(guarded.kept) == 1


@pytest.mark.parametrize("metadata", [(), *((("authorization", value),) for value in GRPC_WRONG)])
def test_grpc_refuses_everyone_else(guarded: Receivers, metadata: tuple[tuple[str, str], ...]) -> None:
    """Without exactly the token the answer is UNAUTHENTICATED, and nothing is kept."""
    guarded.kept.clear()
    code, status = guarded.refusal(Kind.LOGS, GOOD[Kind.LOGS], metadata=metadata)
    assert (code, status.code) == (grpc.StatusCode.UNAUTHENTICATED, 16)
    assert guarded.kept == []
