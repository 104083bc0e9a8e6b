"""Listeners, and the threads with an event loop that they run on."""

import asyncio
import errno
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Self, TypeVar

import uvicorn
import uvloop
from starlette.types import ASGIApp

from triage.configuration import SettingsError
from triage.connections import Connection
from triage.setting_types import Address

T = TypeVar("T")
BACKLOG = 2048
LAST_ANSWERS_S = 5
"""How long requests under way may still take once the process is asked to stop."""


class CannotListen(SettingsError):
    """An address can't be listened on: one sentence that says which, why, and what to do."""

    def __init__(self, name: str, address: Address, error: OSError) -> None:
        reasons = {
            errno.EADDRINUSE: "another program listens there already; stop it, or choose another port",
            errno.EACCES: "this user may not; choose a port from 1024 up",
            errno.EADDRNOTAVAIL: "this machine has no such address",
            socket.EAI_NONAME: "this name leads to no address",
        }
        reason = reasons.get(error.errno or 0, error.strerror or str(error))
        super().__init__(f"{name}: cannot listen on {address}: {reason}")


def bound(name: str, address: Address) -> socket.socket:
    """A socket that listens there; port 0 takes a free one. Raises CannotListen; `name` is its setting."""
    try:
        family, _, _, _, where = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise CannotListen(name, address, error) from None
    return listener


def address_of(listener: socket.socket) -> Address:
    """Where it listens."""
    host, port = listener.getsockname()[:2]
    return Address(host, port)


class LoopThread:
    """A thread with an event loop of its own, so that what runs there is not held up by the other loops."""

    def __init__(self, name: str) -> None:
        self.loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)

    def start(self, work: Coroutine[object, object, T]) -> "Future[T]":
        """Begins work there."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: Coroutine[object, object, T]) -> T:
        """Does work there, and waits for it."""
        return self.start(work).result()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class HttpListener:
    """An ASGI app, served on a socket until it is stopped."""

    def __init__(self, app: ASGIApp, listener: socket.socket, loop: LoopThread, *, silent: bool = True) -> None:
        config = uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            log_config=None,
            access_log=not silent,
            server_header=False,
            timeout_graceful_shutdown=LAST_ANSWERS_S,
        )
        self._server = uvicorn.Server(config)
        self._loop = loop
        self._served = loop.start(self._server.serve([listener]))
        loop.run(self._started())

    async def _started(self) -> None:
        while not self._server.started and not self._served.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        if self._served.done():
            self._served.result()

    def stop(self) -> None:
        """Takes no more requests, and answers those under way."""
        self._server.should_exit = True
        self._served.result()
