"""What the store refuses is set aside with the reason, and the rest loaded once.

The rest of a segment is a segment of its own, whose name follows from the first one's: wherever a crash comes, what
is done again has the same name, and `recover` removes a segment whose rest is there. Where the store may hold a part
of a segment, the rest keeps its name: tables that have this token take nothing more, the others take the rest.
"""

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from collectors.frames import framed, records
from collectors.recovery import REST, UNFINISHED
from collectors.segment import SEALED, Segment, sync_directory
from collectors.sift import Parse, RefusedRecord, sift

REFUSED = ".refused"


@dataclass(frozen=True, slots=True)
class Report:
    """What stands beside a file in the quarantine."""

    segment: str
    at: str  # RFC 3339
    why: str
    whole: bool  # the whole segment: the store failed on it, and may hold a part of it
    records: list[RefusedRecord]


class Quarantine:
    """The folder of what could not be loaded. Nothing is ever removed from it but by hand."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory

    def count(self) -> int:
        """How many segments have something in quarantine."""
        return sum(1 for _ in self._directory.glob("*.json"))

    def sift(self, segment: Segment, parse: Parse) -> tuple[int, Segment | None]:
        """Sets aside the records that can't be parsed: how many, and the segment of the rest (None if none is left).

        If the segment can be parsed as it is, the answer is 0 and the same segment. Raises StoreError other than
        DataRefused, OSError.
        """
        kind = segment.kind
        every = list(records(kind, segment.read()))
        if not (sifted := sift(kind, every, parse)):
            return 0, segment
        if refused := sifted.refused:
            body = b"".join(framed(kind, [every[record.index] for record in refused]))
            self.set_aside(segment.name, body, refused)
        return len(refused), _replace(segment, segment.name + REST, b"".join(framed(kind, sifted.rest)))

    def lighten(self, segment: Segment, why: str) -> Segment | None:
        """Sets the largest record aside: the same segment without it, or None if it has no other.

        Raises OSError.
        """
        every = list(records(segment.kind, segment.read()))
        if len(every) < 2:
            return None
        index = max(range(len(every)), key=lambda place: len(every[place]))
        largest, name = every.pop(index), f"{segment.name}-{len(every)}"
        body = b"".join(framed(segment.kind, [largest]))
        self.set_aside(name, body, [RefusedRecord(index, len(largest), why)])
        return _replace(segment, segment.name, b"".join(framed(segment.kind, every)))

    def take(self, segment: Segment, why: str) -> None:
        """Sets a whole segment aside, under its name: put back, it is loaded under the same token."""
        self._report(Report(segment.name, _now(), why, True, []))
        segment.path.rename(self._directory / f"{segment.name}{SEALED}")
        sync_directory(self._directory)
        sync_directory(segment.path.parent)

    def set_aside(self, name: str, body: bytes, refused: list[RefusedRecord]) -> None:
        """Keeps what was refused under a name of its own. Raises OSError."""
        _write(self._directory / f"{name}{REFUSED}", body)
        self._report(Report(name, _now(), refused[0].why, False, refused))

    def _report(self, report: Report) -> None:
        _write(self._directory / f"{report.segment}.json", json.dumps(asdict(report), indent=1).encode())
        sync_directory(self._directory)


def _replace(segment: Segment, name: str, body: bytes) -> Segment | None:
    """Puts the rest in the place of the segment, at one stroke: when it is there under its name."""
    path = segment.path.with_name(f"{name}{SEALED}")
    if body:
        unfinished = path.with_suffix(UNFINISHED)
        _write(unfinished, body)
        unfinished.rename(path)
        sync_directory(path.parent)
    if segment.path != path:
        segment.path.unlink()
    sync_directory(path.parent)
    return Segment(name, path, len(body)) if body else None


def _write(path: Path, body: bytes) -> None:
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
