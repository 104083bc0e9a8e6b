"""What a process finds in its directory of segments when it starts, however the last one ended."""

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

from collectors.frames import good_length
from collectors.kinds import Kind
from collectors.segment import OPEN, SEALED, Segment, kind_of, sync_directory

UNFINISHED = ".tmp"  # a file that is not whole, written anew by whoever wants it
REST = "-rest"  # what this ends the name of takes the place of the segment without it

NAME = re.compile(rf"({'|'.join(Kind)})-\d+-[0-9a-f]+({REST})*")

log = logging.getLogger(__name__)


def recover(directory: Path) -> tuple[list[Segment], int]:
    """The segments that wait to be loaded, and how many bytes of unfinished commits were cut off."""
    for path in directory.glob(f"*{UNFINISHED}"):
        path.unlink()
    cut = sum(map(_end, sorted(_files(directory, OPEN))))
    sealed = {path.stem: path for path in _files(directory, SEALED)}
    for name in [name for name in sealed if name + REST in sealed]:
        sealed.pop(name).unlink()
    sync_directory(directory)
    return [Segment(name, path, path.stat().st_size) for name, path in sorted(sealed.items())], cut


def _files(directory: Path, suffix: str) -> Iterator[Path]:
    for path in list(directory.glob(f"*{suffix}")):
        if NAME.fullmatch(path.stem):
            yield path
        else:
            log.warning("%s is no segment: it stays as it is", path)


def _end(path: Path) -> int:
    body = path.read_bytes()
    good = good_length(kind_of(path.stem), body)
    if not good:
        path.unlink()
    else:
        with path.open("r+b") as file:
            file.truncate(good)
            os.fsync(file.fileno())
        path.rename(path.with_suffix(SEALED))
    if cut := len(body) - good:
        log.warning("%s: cut off %d bytes that were never acknowledged", path.name, cut)
    return cut
