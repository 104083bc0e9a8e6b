"""Segments that are loaded are kept for a while, compressed, so that a wrong mapping can be put right."""

import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from collectors.disk import Disk
from collectors.frames import unmarked
from collectors.recovery import UNFINISHED
from collectors.segment import SEALED, Segment, kind_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COMPRESSED = ".zst"
LEVEL = 1  # 0.3 CPU seconds and 80 MB for a million spans; gzip's fastest takes five times as long
HEADROOM = 128_000_000  # kept segments go before the disk is too full to take records


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A segment that is loaded, still as it was or compressed."""

    path: Path
    size: int
    since: float  # seconds since 1970


def read_kept(path: Path) -> bytes:
    """The bytes of a kept segment, as its landing table takes them."""
    body = path.read_bytes()
    return unmarked(kind_of(path.stem), zstd.decompress(body) if path.suffix == COMPRESSED else body)


class Kept:
    """The folder of loaded segments, bounded by age and size. Thread-safe."""

    def __init__(self, directory: Path, disk: Disk, keep_s: float = 3600, keep_bytes: int = 2_000_000_000) -> None:
        """Goes on with what an earlier process kept. With `keep_s` 0, nothing is kept."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._disk = disk
        self._keep_s = keep_s
        self._keep_bytes = keep_bytes
        self._lock = Lock()
        self._files: dict[str, KeptFile] = {}  # oldest first
        self._bytes = 0
        self._raw: deque[str] = deque()  # names of those to be compressed, oldest first
        for path in directory.glob(f"*{UNFINISHED}"):
            path.unlink()
        for path in sorted(directory.iterdir(), key=lambda path: path.name.split("-")[1:]):
            self._add(path)
        self.trim()

    @property
    def bytes(self) -> int:
        """What they take on the disk."""
        return self._bytes

    def keep(self, segment: Segment) -> None:
        """Takes a segment that is loaded out of the way of the others. Raises OSError."""
        if self._keep_s:
            self._add(segment.path.rename(self._directory / f"{segment.name}{SEALED}"))
            self.trim()
        else:
            segment.path.unlink()

    def compress_one(self) -> bool:
        """Compresses the oldest segment that isn't; False if all are. Meant for when there is nothing to load."""
        if not (raw := self._next_raw()):
            return False
        try:
            self._compress(raw)
        except OSError:  # trimmed meanwhile, or no room: it stays as it is
            raw.with_suffix(UNFINISHED).unlink(missing_ok=True)
        return True

    def trim(self) -> None:
        """Removes what is too old, and the oldest of what is too much for the setting or the disk."""
        with self._lock:
            allowed = min(self._keep_bytes, max(0, self._bytes + self._disk.room - HEADROOM))
            too_old = time.time() - self._keep_s
            while self._files:
                name, oldest = next(iter(self._files.items()))
                if self._bytes <= allowed and oldest.since >= too_old:
                    break
                oldest.path.unlink(missing_ok=True)
                self._forget(name)
                self._disk.look_again()

    def _next_raw(self) -> Path | None:
        with self._lock:
            while self._raw:
                file = self._files.get(self._raw.popleft())
                if file and file.path.suffix == SEALED:
                    return file.path
        return None

    def _compress(self, raw: Path) -> None:
        unfinished = raw.with_suffix(UNFINISHED)
        unfinished.write_bytes(zstd.compress(raw.read_bytes(), LEVEL))
        with self._lock:
            if raw.stem not in self._files:
                unfinished.unlink()
                return
            before = self._files[raw.stem]
            target = unfinished.rename(raw.with_suffix(COMPRESSED))
            raw.unlink()
            size = target.stat().st_size
            self._files[raw.stem] = KeptFile(target, size, before.since)
            self._bytes += size - before.size

    def _add(self, path: Path) -> None:
        about = path.stat()
        with self._lock:
            if before := self._files.get(path.stem):  # killed before what it was made from was removed
                before.path.unlink()
                self._forget(path.stem)
            self._files[path.stem] = KeptFile(path, about.st_size, about.st_mtime)
            self._bytes += about.st_size
            if path.suffix == SEALED:
                self._raw.append(path.stem)

    def _forget(self, name: str) -> None:
        self._bytes -= self._files.pop(name).size
