"""How much of our patience one HTTP connection has, and how many there may be.

uvicorn waits for ever for a request's head and takes one of any size; this bounds both.
"""

import resource
import time
from asyncio import TimerHandle, Transport

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_WITHIN_S = 10.0
"""How long a head may take, from the first byte (or the connection) to its end."""

LARGEST_HEAD = 1 << 20
"""Bytes of a head: a question may hold a name of 200,000 characters, and each may take three bytes and more."""

MOST_CONNECTIONS = 1000
"""Of a listener; past them, whoever has been idle for longest makes room."""

OPEN_FILES = 65_536
"""What the process asks the system for: the engine's files and all connections come out of one purse."""


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with an end to its patience."""

    idle_since = 0.0
    """When it was opened, or last answered."""

    _deadline: TimerHandle | None = None
    _in_head = False
    _unused = 0  # bytes that brought neither a head to its end nor a piece of a body

    @property
    def is_idle(self) -> bool:
        """Whether no request of it is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's own is
        """Waits for a head; where there are too many connections already, one of them goes."""
        super().connection_made(transport)
        self.idle_since = time.monotonic()
        self._wait()
        if len(self.connections) > MOST_CONNECTIONS:
            self._longest_idle().transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """There is nothing to wait for any more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes what came, unless too much of it was of no use."""
        self._unused += len(data)
        if self._unused > LARGEST_HEAD:
            self.transport.abort()
            return
        if self.is_idle:
            self._wait()
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keeps a header, but none that follows a body: nobody reads those."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._in_head = False
        self._unused = 0
        self._wait_no_more()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of a body is there."""
        self._unused = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """It is idle until the next head."""
        self.idle_since = time.monotonic()
        super().on_response_complete()

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_WITHIN_S, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _longest_idle(self) -> "Connection":
        """Who makes room; this one where all others are being answered."""
        idle = [each for each in self.connections if isinstance(each, Connection) and each.is_idle]
        return min(idle, key=lambda each: each.idle_since, default=self)


def raise_open_files() -> None:
    """Asks the system for as many open files as it allows, up to OPEN_FILES."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
