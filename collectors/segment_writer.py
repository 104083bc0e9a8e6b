"""The files that are written to now: one for each kind, sealed when old or large enough."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from collectors.backlog import Backlog
from collectors.kinds import Kind
from collectors.segment import OpenSegment

PATIENCE: Mapping[Kind, int] = {Kind.LOGS: 2, Kind.METRICS: 10}
"""Of the age at which a segment is sealed: an insert has a price of its own, and nobody waits for these."""
MOST_WAITING = 1
"""Segments of a kind that are loaded or wait for it at a time, before the next one grows."""
LONGEST_GROWTH = 20
"""Ages after which a segment is sealed in any case, however many wait."""
FRAME_OVERHEAD = 24  # bytes, at most, that a record takes beyond its own: its length, and the mark of the commit


def size_on_disk(records: Sequence[bytes]) -> int:
    """Bytes, at most, that these records take in a segment."""
    return sum(map(len, records)) + FRAME_OVERHEAD * len(records)


class SegmentWriter:
    """Writes records to segments, and gives the sealed ones to the backlog. Used by one thread."""

    def __init__(
        self,
        directory: Path,
        backlog: Backlog,
        segment_bytes: int,
        segment_age_s: float,
        *,
        segment_unfolded: int,
    ) -> None:
        self._directory = directory
        self._backlog = backlog
        self._segment_bytes = segment_bytes
        self._segment_age_s = segment_age_s
        self._segment_unfolded = segment_unfolded
        self._open: dict[Kind, OpenSegment] = {}
        self._unfolded: Counter[Kind] = Counter()  # bytes in it, once it is rows
        self._due: dict[Kind, float] = {}  # when to seal it, by the monotonic clock
        self._last_ns = max((segment.began_ns for segment in backlog.waiting()), default=0)

    @property
    def open_bytes(self) -> int:
        """Bytes on disk that are in no sealed segment. Any thread may ask."""
        return sum(segment.size for segment in list(self._open.values()))

    def oldest_ns(self) -> int | None:
        """When the oldest open segment began. Any thread may ask."""
        return min((segment.began_ns for segment in list(self._open.values()) if segment.size), default=None)

    def next_seal_s(self) -> float | None:
        """Seconds until a segment is old enough to be sealed; None if none is open."""
        return max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None

    def commit(self, kind: Kind, records: Sequence[bytes], unfolded: int) -> None:
        """Keeps the records, which unfold to so many bytes: they are on disk when it returns.

        After an OSError none of them is kept.
        """
        segment = self._open.get(kind)
        if segment and (
            segment.size + size_on_disk(records) > self._segment_bytes
            or self._unfolded[kind] + unfolded > self._segment_unfolded
        ):
            self.seal(kind)
            segment = None
        try:
            (segment or self._new(kind)).commit(records)
            self._unfolded[kind] += unfolded
        except OSError:
            self.seal(kind)
            raise

    def seal_old(self) -> None:
        """Seals what is old enough. While others of its kind wait to be loaded, a segment grows instead."""
        now = time.monotonic()
        for kind in [kind for kind, due in self._due.items() if due <= now]:
            age_s = (time.time_ns() - self._open[kind].began_ns) / 1e9
            if self._backlog.count(kind) < MOST_WAITING or age_s >= LONGEST_GROWTH * self._age_s(kind):
                self.seal(kind)
            else:
                self._due[kind] = now + self._segment_age_s

    def seal_all(self) -> None:
        """Seals all."""
        for kind in list(self._open):
            self.seal(kind)

    def seal(self, kind: Kind) -> None:
        """Ends the segment of this kind, if one is open."""
        if segment := self._open.get(kind):
            sealed = segment.seal()
            if sealed:
                self._backlog.add(sealed)
            del self._open[kind]  # after it is in the backlog: what is not loaded is in one of them
            del self._due[kind], self._unfolded[kind]

    def _new(self, kind: Kind) -> OpenSegment:
        self._last_ns = max(time.time_ns(), self._last_ns + 1)  # in order, though the clock be set back
        segment = OpenSegment(self._directory, kind, self._last_ns)
        self._open[kind] = segment
        self._due[kind] = time.monotonic() + self._age_s(kind)
        return segment

    def _age_s(self, kind: Kind) -> float:
        return self._segment_age_s * PATIENCE.get(kind, 1)
