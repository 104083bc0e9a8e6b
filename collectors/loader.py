"""Takes sealed segments, oldest first, and makes each one INSERT, whose token is the segment's name."""

import logging
import random
import time
from collections import Counter
from dataclasses import dataclass
from itertools import count
from threading import Event, Thread
from typing import Protocol

from collectors.kept import Kept
from collectors.kinds import Kind
from collectors.quarantine import Quarantine
from collectors.segment import Segment
from collectors.segments import SegmentLog
from queries.errors import DataRefused, QueryTooExpensive, StoreError, StoreUnavailable

IDLE_S = 0.25
TRIES_IN_A_ROW = 8  # while the store is away; then another segment has its turn
TRIES_BEFORE_QUARANTINE = 5

log = logging.getLogger(__name__)


class Landing(Protocol):
    """The part of the store that a loader needs."""

    def insert(self, landing: str, body: bytes, token: str) -> None:
        """Inserts the bytes of a segment, once for each token. Raises StoreError."""

    def parse(self, landing: str, body: bytes) -> int:
        """Only parses them: the number of messages. Raises StoreError."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next attempt: longer each time, and never in step with others."""

    first_s: float
    longest_s: float

    def delay_s(self, attempt: int) -> float:
        """Seconds before attempt `attempt` + 1, the first attempt being 1."""
        return min(self.longest_s, self.first_s * 2.0 ** min(attempt - 1, 30)) * random.uniform(0.5, 1.0)


@dataclass(slots=True)
class Trouble:
    """A segment that the store fails on for no reason that parsing can find."""

    tries: int
    loaded_before: int  # segments of its kind that were loaded before it failed first


class Loader:
    """Some threads that load what the segment log has sealed."""

    def __init__(
        self,
        segments: SegmentLog,
        store: Landing,
        kept: Kept,
        quarantine: Quarantine,
        *,
        workers: int = 2,
        away: Backoff = Backoff(0.1, 10.0),
        failing: Backoff = Backoff(1.0, 60.0),
    ) -> None:
        """`away` is for a store that can't be reached, `failing` for a segment that it fails on."""
        self._backlog = segments.backlog
        self._metrics = segments.metrics
        self._store = store
        self._kept = kept
        self._quarantine = quarantine
        self._away = away
        self._failing = failing
        self._trouble: dict[str, Trouble] = {}
        self._unavailable = ""
        self._loaded: Counter[Kind] = Counter()
        self._stopping = Event()
        self._deadline = float("inf")  # by the monotonic clock
        self._metrics.watch("store_available", "1 if the store took the last segment, or could", self._available)
        self._metrics.watch("kept_bytes", "Bytes of loaded segments that are kept", lambda: kept.bytes)
        self._metrics.watch("quarantine_segments", "Segments with something in quarantine", quarantine.count)
        self._threads = [Thread(target=self._work, name=f"loader-{n}", daemon=True) for n in range(workers)]
        for thread in self._threads:
            thread.start()

    @property
    def unavailable(self) -> str:
        """Why the store takes nothing at present; empty if it does."""
        return self._unavailable

    def stop(self, within_s: float) -> bool:
        """Loads what is sealed, for so long at most; whether all is loaded. The rest is, at the next start."""
        self._deadline = time.monotonic() + within_s
        self._stopping.set()
        for thread in self._threads:
            thread.join(max(0.0, self._deadline - time.monotonic()))
        return not len(self._backlog)

    def _available(self) -> float:
        return float(not self._unavailable)

    def _work(self) -> None:
        while time.monotonic() < self._deadline:
            if segment := self._next():
                self._see_to(segment)
            elif self._stopping.is_set():
                return

    def _next(self) -> Segment | None:
        """The next segment; while there is none, the kept ones are seen to."""
        segment = self._backlog.take(0)
        if segment or self._stopping.is_set():
            return segment
        self._kept.trim()
        return self._backlog.take(0 if self._kept.compress_one() else IDLE_S)

    def _see_to(self, segment: Segment) -> None:
        """Loads it, or gives it back to be tried again after the others."""
        try:
            self._load(segment)
        except StoreUnavailable as error:
            self._failed(segment, error)
            self._backlog.defer(segment, self._away.longest_s)
        except Exception as error:  # noqa: BLE001 - the outermost loop: the other segments are still loaded
            self._failed(segment, error)
            self._put_back(segment, error)

    def _load(self, segment: Segment) -> None:
        if not segment.path.exists():
            self._failed(segment, FileNotFoundError("somebody took it away"))
            self._backlog.done(segment)
            return
        try:
            self._insert(segment)
        except DataRefused as error:
            if not self._sift(segment):  # it parses, and is refused all the same
                raise
            self._failed(segment, error)
        else:
            self._done(segment)

    def _insert(self, segment: Segment) -> None:
        """Sends it until the store has it. Raises what went wrong if retrying can't help, or has not for long."""
        body = segment.read()
        for attempt in count(1):
            try:
                self._store.insert(segment.kind.value, body, segment.name)
            except StoreError as error:
                if not error.retryable:
                    raise
                self._unavailable = str(error)
                if attempt == TRIES_IN_A_ROW or not self._wait(self._away.delay_s(attempt)):
                    raise
                self._failed(segment, error)
            else:
                self._unavailable = ""
                return

    def _wait(self, delay_s: float) -> bool:
        """False if the time to stop comes first."""
        if not self._stopping.wait(delay_s):
            return True
        time.sleep(max(0.0, min(delay_s, self._deadline - time.monotonic())))
        return time.monotonic() < self._deadline

    def _sift(self, segment: Segment) -> bool:
        """Sets aside what can't be parsed; the rest is loaded as a segment of its own. False if all of it parses."""
        refused, rest = self._quarantine.sift(segment, self._store.parse)
        if rest is segment:
            return False
        self._metrics.quarantined.labels(kind=segment.kind.value).inc(refused)
        if rest:
            self._backlog.add(rest)
        self._backlog.done(segment)
        return True

    def _put_back(self, segment: Segment, error: Exception) -> None:
        """The others come first. Set aside if it fails time and again while others of its kind can be loaded."""
        trouble = self._trouble.setdefault(segment.name, Trouble(0, self._loaded[segment.kind]))
        trouble.tries += 1
        others_load = self._loaded[segment.kind] > trouble.loaded_before
        hopeless = trouble.tries >= TRIES_BEFORE_QUARANTINE and others_load and not isinstance(error, OSError)
        if not (hopeless and self._set_aside(segment, error)):
            self._backlog.defer(segment, self._failing.delay_s(trouble.tries))

    def _set_aside(self, segment: Segment, error: Exception) -> bool:
        """All of it; of what is too much for the store, the largest record. False if the disk takes nothing."""
        try:
            if isinstance(error, QueryTooExpensive) and (rest := self._quarantine.lighten(segment, str(error))):
                self._metrics.quarantined.labels(kind=segment.kind.value).inc()
                self._backlog.done(segment)
                self._backlog.add(rest)
                return True
            self._quarantine.take(segment, str(error))
        except OSError as full:
            self._failed(segment, full)
            return False
        self._metrics.quarantined_segments.labels(kind=segment.kind.value).inc()
        self._backlog.done(segment)
        del self._trouble[segment.name]
        return True

    def _done(self, segment: Segment) -> None:
        try:
            self._kept.keep(segment)
        except OSError as error:  # it is sent again at the next start, and counts once
            self._failed(segment, error)
        self._backlog.done(segment)
        self._trouble.pop(segment.name, None)
        self._loaded[segment.kind] += 1
        self._metrics.loaded.labels(kind=segment.kind.value).inc()
        self._metrics.loaded_bytes.labels(kind=segment.kind.value).inc(segment.size)

    def _failed(self, segment: Segment, error: Exception) -> None:
        expected = isinstance(error, StoreError | OSError | ValueError)
        log.warning("%s is not loaded: %s: %s", segment.name, type(error).__name__, error, exc_info=not expected)
        self._metrics.load_errors.labels(kind=segment.kind.value, error=type(error).__name__).inc()
        self._metrics.error("loader", error)
