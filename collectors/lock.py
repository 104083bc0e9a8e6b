"""One process may hold a directory."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Self


class DirectoryLocked(Exception):
    """Another process holds the directory."""

    def __init__(self, directory: Path, pid: str) -> None:
        who = f"the process {pid}" if pid else "another process"
        super().__init__(f"{directory} is held by {who}: stop it, or choose another directory")
        self.directory = directory
        self.pid = pid


class DirectoryLock:
    """Holds a directory until closed, or until the process ends however it ends."""

    def __init__(self, directory: Path) -> None:
        """Raises DirectoryLocked, which names the process that holds it."""
        self._fd = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(self._fd, 20).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise DirectoryLocked(directory, pid) from None
        with contextlib.suppress(OSError):  # on a full disk the lock holds all the same, without a name
            os.ftruncate(self._fd, 0)
            os.write(self._fd, f"{os.getpid()}\n".encode())

    def close(self) -> None:
        """Lets another process have the directory. A second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
