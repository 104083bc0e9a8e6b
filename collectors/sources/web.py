"""The addresses that senders post to: `POST /hooks/{source}` and `POST /cdc/debezium`, as an ASGI app.

A sender is answered once all that its payload tells is on disk.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType

from starlette.types import ASGIApp, Receive, Scope, Send

from collectors.kinds import Append, Count, Kind, Outcome, Overloaded, Refused
from collectors.sources import SOURCES
from collectors.sources.answers import Answer, Problem, accepted, answer, problem_of
from collectors.sources.debezium import DEBEZIUM
from collectors.sources.events import Event, line
from collectors.sources.proof import Unproven
from collectors.sources.reading import BadBody, Fault
from collectors.sources.source import Columns, Delivery, Source, Trust

LARGEST_BODY = 1 << 20  # bytes
WHOLE_WITHIN_S = 30.0
PATHS: Mapping[str, Source] = MappingProxyType(
    {f"/hooks/{source.name}": source for source in SOURCES} | {"/cdc/debezium": DEBEZIUM}
)


class SenderLeft(Exception):
    """The connection ended in the middle of a request: there is nobody to answer."""


class Hooks:
    """Takes what senders post, at their addresses; others are unknown."""

    def __init__(self, append: Append, count: Count, trust: Trust, columns: Columns | None = None) -> None:
        self._append = append
        self._count = count
        self._trust = trust
        self._columns = columns or Columns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._take(PATHS.get(scope["path"]), self._trust, scope, receive, send)

    def told(self, name: str) -> ASGIApp:
        """The same for one source, where somebody else has seen to whom requests come from."""
        source = next(source for source in SOURCES if source.name == name)

        async def take(scope: Scope, receive: Receive, send: Send) -> None:
            await self._take(source, None, scope, receive, send)

        return take

    async def _take(
        self, source: Source | None, trust: Trust | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """One request for the source; with no `trust`, nothing needs to be shown."""
        try:
            if source is None:
                raise Problem(HTTPStatus.NOT_FOUND, f"Nobody posts to this address; known are {', '.join(PATHS)}.")
            said = await self._taken(source, trust, scope, receive)
        except (Problem, Unproven, BadBody, Refused) as error:
            outcome, said = problem_of(error)
            self._count(Kind.EVENTS, outcome, 1)
        except SenderLeft:
            return
        await answer(send, said)

    async def _taken(self, source: Source, trust: Trust | None, scope: Scope, receive: Receive) -> Answer:
        headers = _headers(scope)
        _check_head(scope["method"], headers, trust)
        if trust is not None and not source.signs(trust):  # before its body, which a stranger would send slowly
            source.prove(trust, Delivery(headers, b"", time.time_ns()))
        delivery = Delivery(headers, await _body(headers, receive), time.time_ns())
        if trust is not None and source.signs(trust):
            source.prove(trust, delivery)
        events, lines = self._read(source, delivery)
        try:
            await asyncio.gather(*(self._append(Kind.EVENTS, each) for each in lines))
        except OSError as error:
            raise Overloaded("the disk takes no data now") from error
        self._count(Kind.EVENTS, Outcome.ACCEPTED, len(events))
        return accepted(events)

    def _read(self, source: Source, delivery: Delivery) -> tuple[list[Event], list[bytes]]:
        try:
            events = list(source.read(delivery, self._columns))
            return events, [line(event) for event in events]
        except RecursionError:
            raise BadBody([Fault("", "the body is nested too deeply")]) from None


def _headers(scope: Scope) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return headers


def _check_head(method: str, headers: Mapping[str, Sequence[str]], trust: Trust | None) -> None:
    if method != "POST":
        raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, "Send it with POST.", {"allow": "POST"})
    if trust is not None and "origin" in headers:
        raise Problem(HTTPStatus.FORBIDDEN, "This is for programs: a page of a browser may not send it.")
    media_type = "".join(headers.get("content-type", ())).partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The Content-Type must be application/json.")
    if "".join(headers.get("content-encoding", ())).strip().lower() not in ("", "identity"):
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must not be compressed.")


async def _body(headers: Mapping[str, Sequence[str]], receive: Receive) -> bytes:
    """The request's bytes as they were sent. Raises Problem (too large, or too slow) and SenderLeft."""
    if any(
        int(length) > LARGEST_BODY
        for length in headers.get("content-length", ())
        if length.isascii() and length.isdigit()
    ):
        raise _too_large()
    try:
        async with asyncio.timeout(WHOLE_WITHIN_S):
            return await _whole(receive)
    except TimeoutError:
        detail = "The rest of the request did not arrive."
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, detail, {"connection": "close"}) from None


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise SenderLeft
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise _too_large()
        if not message.get("more_body", False):
            return bytes(body)


def _too_large() -> Problem:
    detail = f"The body is larger than {LARGEST_BODY} bytes: send what it holds in several requests."
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, {"connection": "close"})
