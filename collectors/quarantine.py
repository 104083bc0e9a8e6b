"""Records that the store refuses: found by parsing alone, set aside with the reason, the rest loaded once.

The rest of a segment is a segment of its own, whose name follows from the first one's: wherever a crash comes, what
is done again has the same name, and `recover` removes a segment whose rest is there.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from collectors.frames import framed, records
from collectors.kinds import BadRecord, Kind
from collectors.otlp_check import canonical
from collectors.recovery import REST, UNFINISHED
from collectors.segment import SEALED, Segment, sync_directory
from queries.errors import DataRefused

REFUSED = ".refused"

Parse = Callable[[str, bytes], int]
"""Parses the body of a landing table's insert without inserting; raises DataRefused."""


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that the store can't parse."""

    index: int  # its place in the segment
    size: int
    why: str


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

        A record that can be parsed once it is written anew stays with the rest. With no record that can't be parsed,
        the answer is 0 and the same segment. Raises StoreError other than DataRefused, OSError.
        """
        kind = segment.kind
        every = list(records(kind, segment.read()))
        refused = refused_records(kind, every, parse)
        if not refused:
            return 0, segment
        mended = mended_records(kind, every, refused, parse)
        bad = [record for record in refused if record.index not in mended]
        if bad:
            body = b"".join(framed(kind, [every[record.index] for record in sorted(bad, key=lambda one: one.index)]))
            _write(self._directory / f"{segment.name}{REFUSED}", body)
            self._report(Report(segment.name, _now(), bad[0].why, False, bad))
        gone = {record.index for record in bad}
        rest = [mended.get(index, record) for index, record in enumerate(every) if index not in gone]
        return len(bad), _replace(segment, b"".join(framed(kind, rest)))

    def take(self, segment: Segment, why: str) -> None:
        """Sets a whole segment aside, under its name: put back, it is loaded under the same token."""
        self._report(Report(segment.name, _now(), why, True, []))
        segment.path.rename(self._directory / f"{segment.name}{SEALED}")
        sync_directory(self._directory)
        sync_directory(segment.path.parent)

    def _report(self, report: Report) -> None:
        _write(self._directory / f"{report.segment}.json", json.dumps(asdict(report), indent=1).encode())
        sync_directory(self._directory)


def refused_records(kind: Kind, every: Sequence[bytes], parse: Parse) -> list[RefusedRecord]:
    """Those of the records that can't be parsed, found by halving."""
    found = []
    parts = [(0, len(every))]
    while parts:
        start, end = parts.pop()
        try:
            parse(kind.value, b"".join(framed(kind, every[start:end])))
        except DataRefused as error:
            if end - start == 1:
                found.append(RefusedRecord(start, len(every[start]), str(error)))
            else:
                middle = (start + end) // 2
                parts += [(middle, end), (start, middle)]
    return found


def mended_records(
    kind: Kind, every: Sequence[bytes], refused: Sequence[RefusedRecord], parse: Parse
) -> dict[int, bytes]:
    """Those of the refused records that the store reads once they are written anew, by index.

    A protobuf parser skips a known field of a wrong wire type, where ClickHouse refuses the message.
    """
    mended: dict[int, bytes] = {}
    for index in [record.index for record in refused] if kind is not Kind.EVENTS else []:
        try:
            anew = canonical(kind, every[index])
            parse(kind.value, b"".join(framed(kind, [anew])))
        except (BadRecord, DataRefused):
            continue
        mended[index] = anew
    return mended


def _replace(segment: Segment, body: bytes) -> Segment | None:
    """Puts the rest in the place of the segment, at one stroke: when the new name is there."""
    name = segment.name + REST
    path = segment.path.with_name(f"{name}{SEALED}")
    if body:
        unfinished = path.with_suffix(UNFINISHED)
        _write(unfinished, body)
        unfinished.rename(path)
        sync_directory(path.parent)
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
