"""Keeps the embedded engine from writing to a disk that is about to be full.

What it merges there may end as a part whose files are empty, in place of those that held the rows.
"""

import logging
from threading import Event, Thread
from typing import Protocol

from collectors.disk import LOOK_AGAIN_S, Disk
from collectors.loader import Landing
from queries.errors import StoreError, StoreUnavailable

FULL = "the disk is nearly full: nothing is loaded or merged until there is room"
ROOM = "there is room on the disk again: segments are loaded and parts merged"
STILL_FULL = "the disk is still nearly full: parts are merged all the same, since only that drops what is too old"

log = logging.getLogger(__name__)


class Engine(Landing, Protocol):
    """The part of the store that a guard needs."""

    def command(self, sql: str) -> None:
        """Runs a statement that answers nothing. Raises StoreError."""


class DiskGuard:
    """The landing of an engine whose tables are on this disk: while that is full, merges and inserts wait."""

    def __init__(self, engine: Engine, disk: Disk) -> None:
        self._engine = engine
        self._disk = disk
        self._merges = True
        self._stopping = Event()
        self._look()
        self._thread = Thread(target=self._watch, name="disk-guard", daemon=True)
        self._thread.start()

    def insert(self, landing: str, body: bytes, token: str) -> None:
        """As the engine does, while there is room. Raises StoreError."""
        if self._disk.full:
            raise StoreUnavailable(FULL)
        self._engine.insert(landing, body, token)

    def parse(self, landing: str, body: bytes) -> int:
        """As the engine does."""
        return self._engine.parse(landing, body)

    def close(self) -> None:
        """Watches no longer."""
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_AGAIN_S):
            self._look()

    def _look(self) -> None:
        """Has merges stop or start where the room has changed."""
        if self._merges is not (full := self._disk.full):
            return
        try:
            self._engine.command("SYSTEM STOP MERGES" if full else "SYSTEM START MERGES")
        except StoreError as error:  # and again in a moment
            log.warning("merges cannot be %s: %s", "stopped" if full else "started", error)
            return
        self._merges = not full
        log.warning("%s", FULL if full else ROOM if self._disk.room >= 0 else STILL_FULL)
