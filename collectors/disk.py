"""How much room the disk has."""

import os
import time
from pathlib import Path

LOOK_AGAIN_S = 0.25
CALM_S = 600.0
"""A merge that filled the disk would begin again at once; but without any, what is too old is never dropped."""


class Disk:
    """Says whether the disk that a directory is on has too little room left."""

    def __init__(self, directory: Path, keep_free_bytes: int, keep_free_ratio: float) -> None:
        """Too little is less than either: so many bytes, or this part of the disk, whichever is less."""
        self._directory = directory
        self._keep_free_bytes = keep_free_bytes
        self._keep_free_ratio = keep_free_ratio
        self._looked_at = -LOOK_AGAIN_S
        self._room = 0
        self._keep = 0
        self._full_until = 0.0

    @property
    def full(self) -> bool:
        """Whether half of what is to be left free is gone too, and since then for `CALM_S`, or until all of it is free.

        Until then the engine merges, and drops what is old.
        """
        if (room := self.room) >= 0:
            self._full_until = 0.0
        elif room < -self._keep // 2:
            self._full_until = time.monotonic() + CALM_S
        return time.monotonic() < self._full_until

    @property
    def room(self) -> int:
        """Bytes until there is too little left, at most `LOOK_AGAIN_S` old; 0 if the disk can't be asked."""
        if (now := time.monotonic()) - self._looked_at >= LOOK_AGAIN_S:
            self._looked_at = now
            self._room = self._look()
        return self._room

    def _look(self) -> int:
        try:
            disk = os.statvfs(self._directory)
        except OSError:
            return 0
        self._keep = min(self._keep_free_bytes, int(disk.f_blocks * disk.f_frsize * self._keep_free_ratio))
        return disk.f_bavail * disk.f_frsize - self._keep

    def look_again(self) -> None:
        """The room has changed."""
        self._looked_at = -LOOK_AGAIN_S
