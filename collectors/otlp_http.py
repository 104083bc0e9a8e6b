"""The OTLP/HTTP receiver: an ASGI app, without a framework on the way of every span.

POST /v1/{traces,metrics,logs}, protobuf or JSON by Content-Type, plain or gzip. Other apps have paths beside them.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from starlette.types import ASGIApp, Receive, Scope, Send

from collectors.bearer import bearer
from collectors.compression import gunzip
from collectors.kinds import BadRecord, Kind, TooLarge
from collectors.otlp_intake import Claim, Intake
from collectors.otlp_json import to_protobuf
from collectors.otlp_refusal import REFUSALS, Refusal, Unsupported, refusal

PATHS: Mapping[str, Kind] = {"/v1/traces": Kind.TRACES, "/v1/metrics": Kind.METRICS, "/v1/logs": Kind.LOGS}
PROTOBUF, JSON = b"application/x-protobuf", b"application/json"
JSON_WORK = 8  # a byte of JSON takes as long as so many of protobuf


class SenderLeft(Exception):
    """The connection ended in the middle of a request: there is nobody to answer."""


def app(intake: Intake, *, token: str | None = None, others: Mapping[str, ASGIApp] = MappingProxyType({})) -> ASGIApp:
    """The receiver. Each of `others` answers the paths with that first part; what is neither's nor OTLP's is 404."""
    admit = _admission(token)

    async def receiver(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        if kind := PATHS.get(path):
            await _export(intake, admit, kind, scope, receive, send)
        elif other := others.get(path[1:].partition("/")[0]):
            await other(scope, receive, send)
        else:
            nothing = Unsupported(404, "nothing is at this address; telemetry goes to " + ", ".join(PATHS))
            await _refuse(send, _head(scope), refusal(nothing))

    return receiver


@dataclass(slots=True)
class Head:
    """What a request's headers say that matters here."""

    content_type: bytes = b""
    encoding: bytes = b""
    length: int = 0
    authorization: list[bytes] = field(default_factory=list)
    from_page: bool = False  # a browser names the page's origin with every POST; no other sender has one


Admission = Callable[[Head], None]
"""Raises Unauthenticated or Unsupported where the sender may not pass."""


def _admission(token: str | None) -> Admission:
    """Who may pass: who brings the token; where there is none, everyone but the pages of a browser."""
    brings_ours = bearer(token)

    def admit(head: Head) -> None:
        if token is None and head.from_page:
            raise Unsupported(403, "a page of a browser may send telemetry only where a token is set")
        brings_ours(head.authorization)

    return admit


def _head(scope: Scope) -> Head:
    head = Head()
    for name, value in scope["headers"]:
        if name == b"content-type":
            head.content_type = value.partition(b";")[0].strip().lower()
        elif name == b"content-encoding":
            head.encoding += (b"," if head.encoding else b"") + value.strip().lower()
        elif name == b"content-length":
            head.length = int(value)
        elif name == b"authorization":
            head.authorization.append(value)
        elif name == b"origin":
            head.from_page = True
    return head


async def _export(intake: Intake, admit: Admission, kind: Kind, scope: Scope, receive: Receive, send: Send) -> None:
    head = _head(scope)
    try:
        with intake.claim() as claim:
            _check_head(scope["method"], head, admit)
            body = await _body(head, receive, claim, intake)
            answer = await intake.take(kind, await _record(intake, claim, kind, head, body))
        await _answer(send, head, answer)
    except REFUSALS as error:
        refused = refusal(error)
        intake.count(kind, refused.outcome, 1)
        await _refuse(send, head, refused)
    except SenderLeft:
        return


def _check_head(method: str, head: Head, admit: Admission) -> None:
    if method != "POST":
        raise Unsupported(405, "send telemetry with POST")
    admit(head)
    if head.content_type not in (PROTOBUF, JSON):
        raise Unsupported(415, "the Content-Type must be application/x-protobuf or application/json")
    if head.encoding not in (b"", b"identity", b"gzip"):
        raise BadRecord("the Content-Encoding must be gzip, or none")


async def _body(head: Head, receive: Receive, claim: Claim, intake: Intake) -> bytes:
    """The request's bytes as they were sent. Raises TooLarge, Overloaded, SenderLeft; Unsupported if it is too slow."""
    limit, clock = intake.limits.request_bytes, asyncio.get_running_loop().time
    ends = clock() + intake.limits.whole_s
    if head.length > limit:
        raise TooLarge(f"the body is larger than {limit} bytes")
    parts: list[bytes] = []
    while True:
        try:
            async with asyncio.timeout_at(min(clock() + intake.limits.silence_s, ends)):
                message = await receive()
        except TimeoutError:
            raise Unsupported(408, "the rest of the request did not arrive") from None
        if message["type"] == "http.disconnect":
            raise SenderLeft
        part: bytes = message.get("body", b"")
        claim.grow(len(part))
        if claim.bytes > limit:
            raise TooLarge(f"the body is larger than {limit} bytes")
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def _record(intake: Intake, claim: Claim, kind: Kind, head: Head, body: bytes) -> bytes:
    """The protobuf bytes of the request, whatever it came as."""
    if head.encoding == b"gzip":
        body = await intake.work(len(body), gunzip, body, intake.limits.request_bytes)
        claim.grow(len(body))
    if head.content_type == JSON:
        body = await intake.work(len(body) * JSON_WORK, to_protobuf, kind, body)
    return body


async def _answer(send: Send, head: Head, answer: Message | None) -> None:
    if head.content_type == JSON:
        body = MessageToJson(answer, indent=None).encode() if answer is not None else b"{}"
    else:
        body = answer.SerializeToString() if answer is not None else b""
    await _respond(send, 200, [(b"content-type", head.content_type)], body)


async def _refuse(send: Send, head: Head, refused: Refusal) -> None:
    """Says no in the request's encoding, or in JSON where it has none of ours."""
    protobuf = head.content_type == PROTOBUF
    headers = [(b"content-type", PROTOBUF if protobuf else JSON)]
    if refused.retry_after_s is not None:
        headers.append((b"retry-after", str(refused.retry_after_s).encode()))
    headers += MORE_HEADERS.get(refused.http_status, [])
    await _respond(send, refused.http_status, headers, refused.protobuf() if protobuf else refused.json())


MORE_HEADERS: Mapping[int, list[tuple[bytes, bytes]]] = {
    401: [(b"www-authenticate", b"Bearer")],
    405: [(b"allow", b"POST")],
    408: [(b"connection", b"close")],
}


async def _respond(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
