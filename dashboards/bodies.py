"""A request's body, read whole before anything looks at it, and never more of it than its address takes."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.types import Message, Receive

from dashboards.problems import Problem

LARGEST = 1 << 20
"""Bytes that an address takes: ten times the longest text that a field may hold."""

LARGEST_AT: Mapping[str, int] = {"/login": 1 << 16, "/logout": 1 << 10}
"""The same where no token has been shown yet."""

WHOLE_WITHIN_S = 30.0


async def whole_body(request: Request) -> bytes:
    """All of it. Raises Problem (413, 408) and ClientDisconnect."""
    most = LARGEST_AT.get(request.url.path, LARGEST)
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(WHOLE_WITHIN_S):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError:
        raise Problem(
            f"The request's body did not arrive within {WHOLE_WITHIN_S:.0f} seconds: send it again.",
            status=HTTPStatus.REQUEST_TIMEOUT,
            headers={"Connection": "close"},
        ) from None
    return bytes(body)


def handing_on(body: bytes, receive: Receive) -> Receive:
    """What gives a body that was read to whoever asks next, in one message."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_read() -> Message:
        return first.pop() if first else await receive()

    return receive_read


def _too_large(most: int) -> Problem:
    return Problem(
        f"The request's body is larger than the {most:,} bytes that this address takes: send less at once.",
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        headers={"Connection": "close"},
    )
