"""A few handles to one store, each lent to one user at a time."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.client import Client

from queries.errors import StoreBusy, StoreUnavailable


class Pool:
    """Thread-safe. A handle on which anything failed is replaced: it may hold the half of an answer, which would
    be the beginning of the next one, and temporary tables.
    """

    def __init__(self, connect: Callable[[], Client], handles: int, wait_s: float) -> None:
        """Opens the handles by `connect`. Who has waited `wait_s` for one gets StoreBusy."""
        self._connect = connect
        self._handles = max(handles, 1)
        self._wait_s = wait_s
        self._closed = False
        self._idle: queue.LifoQueue[Client | None] = queue.LifoQueue()  # None: to be opened by who needs it
        for _ in range(self._handles):
            self._idle.put(connect())

    @contextmanager
    def handle(self) -> Iterator[Client]:
        """A handle of one's own. Raises StoreBusy, StoreUnavailable, StoreLocked."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        try:
            client = self._idle.get(timeout=self._wait_s)
        except queue.Empty:
            raise StoreBusy(f"all {self._handles} handles were busy for {self._wait_s:g} s") from None
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
            self._idle.put(client)

    def close(self) -> None:
        """Waits for what is running. Closing twice does nothing."""
        if self._closed:
            return
        self._closed = True
        for _ in range(self._handles):
            try:
                client = self._idle.get(timeout=self._wait_s)
            except queue.Empty:  # a query that ignores its time limit
                break
            if client:
                client.close()
        for _ in range(self._handles):
            self._idle.put(None)  # whoever still waits for one is to learn that the store is closed
