"""A request's body, read whole before anything looks at it, and never more of it than its address takes."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from dashboards.problems import Problem

LARGEST = 1 << 20
"""Bytes that an address takes: ten times the longest text that a field may hold."""

LARGEST_AT: Mapping[str, int] = {"/login": 1 << 16, "/logout": 1 << 10}
"""The same where no token has been shown yet."""

WHOLE_WITHIN_S = 30.0


async def read_body(path: str, headers: Headers, receive: Receive) -> Receive:
    """What gives the body to whoever asks next, in one message. Raises Problem (413, 408) and ClientDisconnect."""
    most = LARGEST_AT.get(path, LARGEST)
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(WHOLE_WITHIN_S):
            body = await _whole(receive, most)
    except TimeoutError:
        raise Problem(
            f"The request's body did not arrive within {WHOLE_WITHIN_S:.0f} seconds: send it again.",
            status=HTTPStatus.REQUEST_TIMEOUT,
            headers={"Connection": "close"},
        ) from None
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_read() -> Message:
        return first.pop() if first else await receive()

    return receive_read


async def _whole(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > most:
            raise _too_large(most)
        if not message.get("more_body", False):
            return bytes(body)


def _too_large(most: int) -> Problem:
    return Problem(
        f"The request's body is larger than the {most:,} bytes that this address takes: send less at once.",
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        headers={"Connection": "close"},
    )
