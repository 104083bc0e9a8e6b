"""A few handles to one store, each lent to one user at a time."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from clickhouse_connect.driver.client import Client

from queries.errors import StoreBusy, StoreUnavailable

Turn: TypeAlias = queue.SimpleQueue[Client | None]
"""Where one who waits is handed a handle; None is one to be opened by who needs it."""


class Pool:
    """Thread-safe. Who waits longest is next: whoever asks one question after another can't keep the others waiting.

    A handle on which anything failed is replaced: it may hold the half of an answer, which would be the beginning of
    the next one, and temporary tables.
    """

    def __init__(self, connect: Callable[[], Client], handles: int, wait_s: float) -> None:
        """Opens the handles by `connect`. Who has waited `wait_s` for one gets StoreBusy."""
        self._connect = connect
        self._handles = max(handles, 1)
        self._wait_s = wait_s
        self._closed = False
        self._lock = threading.Lock()
        self._waiting: deque[Turn] = deque()
        self._idle: list[Client | None] = [connect() for _ in range(self._handles)]

    @contextmanager
    def handle(self) -> Iterator[Client]:
        """A handle of one's own. Raises StoreBusy, StoreUnavailable, StoreLocked."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        client = self._take()
        try:
            if self._closed:
                raise StoreUnavailable("the store is closed")
            client = client or self._connect()
            yield client
        except BaseException:
            if client:
                client.close()
            client = None
            raise
        finally:
            self._give(client)

    def close(self) -> None:
        """Waits for what is running. Closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        for _ in range(self._handles):
            try:
                client = self._take()
            except StoreBusy:  # a query that ignores its time limit
                break
            if client:
                client.close()
        for _ in range(self._handles):
            self._give(None)  # whoever still waits for one is to learn that the store is closed

    def _take(self) -> Client | None:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            turn: Turn = queue.SimpleQueue()
            self._waiting.append(turn)
        try:
            return turn.get(timeout=self._wait_s)
        except queue.Empty:
            with self._lock:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                    raise StoreBusy(f"all {self._handles} handles were busy for {self._wait_s:g} s") from None
        return turn.get()  # it was handed over in that very moment

    def _give(self, client: Client | None) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().put(client)
            else:
                self._idle.append(client)
