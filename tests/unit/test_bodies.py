"""A request's body is read whole, and never more of it than its address takes."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from dashboards import bodies
from dashboards.bodies import LARGEST, handing_on, whole_body
from dashboards.problems import Problem


def chunks(parts: Iterable[bytes]) -> Receive:
    """A sender that names no length, and goes on until nobody asks."""
    coming = iter(parts)

    async def receive() -> Message:
        part = next(coming, None)
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    return receive


def read(receive: Receive) -> Message:
    """What the application then hears first."""

    async def asked() -> Message:
        scope = {
            "type": "http",
            "path": "/api/v1/incidents/INC-1/note",
            "headers": [(b"transfer-encoding", b"chunked")],
        }
        return await handing_on(await whole_body(Request(scope, receive)), receive)()

    return asyncio.run(asked())


def test_what_came_in_pieces_is_handed_on_in_one() -> None:
    """The application hears the whole at once."""
    assert read(chunks([b"ab", b"", b"c"])) == {"type": "http.request", "body": b"abc", "more_body": False}


def test_pieces_without_a_length_are_counted() -> None:
    """A body of any size is refused once it is larger than what is taken."""
    taken = 0

    def endless() -> Iterable[bytes]:
        nonlocal taken
        while True:
            taken += 1 << 16
            yield bytes(1 << 16)

    with pytest.raises(Problem) as refused:
        read(chunks(endless()))
    assert refused.value.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert taken <= LARGEST + (1 << 16)


def test_a_body_that_stays_out_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is one that comes a byte at a time: the whole must be there in time."""
    monkeypatch.setattr(bodies, "WHOLE_WITHIN_S", 0.05)

    async def dribble() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(Problem) as refused:
        read(dribble)
    assert refused.value.status == HTTPStatus.REQUEST_TIMEOUT


def test_who_leaves_is_not_answered() -> None:
    """The connection ended: nothing of the body counts."""

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(ClientDisconnect):
        read(gone)
