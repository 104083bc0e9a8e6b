"""One segment: a file of records of one kind, and its name, which is what it is known by for ever."""

import fcntl
import os
import secrets
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from collectors.frames import commit, unmarked
from collectors.kinds import Kind

OPEN = ".open"  # may end in an unfinished commit
SEALED = ".sealed"  # whole, not known to be loaded
PIECES_PER_WRITE = 1024  # IOV_MAX


@dataclass(frozen=True, slots=True)
class Segment:
    """A whole segment that waits to be loaded. `name` is the token under which it counts once."""

    name: str
    path: Path
    size: int  # bytes that count: an abandoned file may be longer

    @property
    def kind(self) -> Kind:
        return kind_of(self.name)

    @property
    def began_ns(self) -> int:
        """When its first record came, in nanoseconds since 1970."""
        return int(self.name.split("-")[1])

    def read(self) -> bytes:
        """Its bytes, as the landing table takes them."""
        with self.path.open("rb") as file:
            body = file.read(self.size)
        if len(body) != self.size:
            raise OSError(f"{self.path} has {len(body)} bytes where {self.size} were written")
        return unmarked(self.kind, body)


def kind_of(name: str) -> Kind:
    """The kind of the records in the segment of this name."""
    return Kind(name.split("-")[0])


def new_name(kind: Kind, began_ns: int) -> str:
    """A name that no segment has had or will have, here or on another machine."""
    return f"{kind}-{began_ns:020d}-{secrets.token_hex(4)}"


def sync_directory(directory: Path) -> None:
    """Makes the names in the directory survive a power loss."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_data(fd: int) -> None:
    """Makes what was written to the file survive a power loss."""
    if sys.platform == "darwin":
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)  # there, fsync leaves it in the drive's cache
    else:
        os.fdatasync(fd)


class OpenSegment:
    """The file that records of one kind are written to now. Used by one thread."""

    def __init__(self, directory: Path, kind: Kind, began_ns: int) -> None:
        """Creates the file; its name survives a power loss. Raises OSError."""
        self.kind = kind
        self.began_ns = began_ns
        self.name = new_name(kind, began_ns)
        self.size = 0
        self._path = directory / f"{self.name}{OPEN}"
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            sync_directory(directory)
        except OSError:
            self.seal()
            raise

    def commit(self, records: Iterable[bytes]) -> None:
        """Writes the records; they are on disk when it returns. After an OSError the segment must be sealed."""
        pieces = commit(self.kind, records)
        _write(self._fd, pieces)
        sync_data(self._fd)
        self.size += sum(map(len, pieces))

    def seal(self) -> Segment | None:
        """Ends the file after the last commit that succeeded. None if there was none: then the file is gone."""
        path = self._path
        try:
            os.ftruncate(self._fd, self.size)
            if self.size:
                path = path.rename(path.with_suffix(SEALED))
            else:
                path.unlink()
        except OSError:
            pass  # it stays as it is: `size` says here what counts in it, and its marks do after a restart
        finally:
            os.close(self._fd)
        return Segment(self.name, path, self.size) if self.size else None


def _write(fd: int, pieces: Sequence[bytes]) -> None:
    for first in range(0, len(pieces), PIECES_PER_WRITE):
        some = pieces[first : first + PIECES_PER_WRITE]
        written = os.writev(fd, some)
        if written < sum(map(len, some)):
            rest = memoryview(b"".join(some))[written:]
            while rest:
                rest = rest[os.write(fd, rest) :]
