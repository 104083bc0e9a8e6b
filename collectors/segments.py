"""The segment log: a record that is accepted is on disk, and waits there to be loaded.

One thread writes. What arrives while it writes is the next commit: one write and one fsync for each kind, however
many senders wait. See docs/decisions/0006-segments.md.
"""

import asyncio
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread

from collectors.backlog import Backlog
from collectors.disk import Disk
from collectors.frames import holds_nothing
from collectors.kinds import MOST_UNFOLDED, Kind, Overloaded, Refused, ShuttingDown
from collectors.lock import DirectoryLock
from collectors.metrics import Metrics
from collectors.recovery import recover
from collectors.segment_writer import FRAME_OVERHEAD, SegmentWriter

PAUSE_AFTER_ERROR_S = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a segment is sealed, and when no more is taken."""

    segment_age_s: float = 0.5
    segment_bytes: int = 32_000_000  # one block for every table, so that a token covers the whole of it
    segment_unfolded: int = MOST_UNFOLDED  # a row takes memory, however few bytes it came in
    queue_bytes: int = 128_000_000  # in memory, not on disk yet
    backlog_bytes: int = 1_000_000_000  # on disk, not loaded yet
    disk_free_bytes: int = 1_000_000_000  # left free, or
    disk_free_ratio: float = 0.05  # this part of the disk, whichever is less


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record whose sender waits for the answer."""

    kind: Kind
    record: bytes
    unfolded: int  # bytes
    answer: asyncio.Future[None]


class SegmentLog:
    """Keeps records on disk until they are loaded. Thread-safe; holds its directory until closed."""

    def __init__(self, directory: Path, limits: Limits | None = None, metrics: Metrics | None = None) -> None:
        """Takes up what the last process left. Raises DirectoryLocked, OSError."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory = directory
        self.limits = limits or Limits()
        self.metrics = metrics or Metrics()
        self._lock = DirectoryLock(directory)
        segments, cut = recover(directory)
        self.metrics.cut_bytes.inc(cut)
        self.backlog = Backlog(segments)
        self.disk = Disk(directory, self.limits.disk_free_bytes, self.limits.disk_free_ratio)
        self._files = SegmentWriter(
            directory,
            self.backlog,
            self.limits.segment_bytes,
            self.limits.segment_age_s,
            segment_unfolded=self.limits.segment_unfolded,
        )
        self._arrived = Condition()
        self._waiting: list[Waiting] = []
        self._waiting_bytes = 0
        self._stopping = False
        self._paused_until = 0.0
        self.metrics.watch("lag_seconds", "Age of the oldest accepted request that is not loaded", self.lag_s)
        self.metrics.watch("backlog_bytes", "Bytes accepted and not loaded", lambda: self.backlog_bytes)
        self.metrics.watch("backlog_segments", "Segments sealed and not loaded", lambda: len(self.backlog))
        self._writer = Thread(target=self._write, name="segments", daemon=True)
        self._writer.start()

    async def append(self, kind: Kind, record: bytes, unfolded: int = 0) -> None:
        """Keeps a record: the protobuf bytes of an OTLP request, or the JSON line of an event (without its end).

        `unfolded` is its size once it is rows, if that may be much. Returns when it is on disk. Raises Refused if it
        can't be taken now.
        """
        if holds_nothing(record):
            return
        answer = asyncio.get_running_loop().create_future()
        with self._arrived:
            if refusal := self._refusal():
                self.metrics.refused.labels(kind=kind.value, reason=refusal[0]).inc()
                raise refusal[1]
            self._waiting.append(Waiting(kind, record, unfolded, answer))
            self._waiting_bytes += len(record)
            self._arrived.notify()
        await answer

    def refusal(self) -> Refused | None:
        """Why no record is taken now; None if records are taken."""
        refusal = self._refusal()
        return refusal and refusal[1]

    @property
    def backlog_bytes(self) -> int:
        """Bytes on disk that are not loaded."""
        return self.backlog.bytes + self._files.open_bytes

    def lag_s(self) -> float:
        """Age of the oldest record that was accepted and is not loaded; 0 if all are."""
        began = [segment.began_ns for segment in self.backlog.waiting()[:1]]
        if opened := self._files.oldest_ns():
            began.append(opened)
        return max(0.0, (time.time_ns() - min(began)) / 1e9) if began else 0.0

    def stop(self) -> None:
        """Takes no more records, answers those under way, and seals all. A second call does nothing."""
        with self._arrived:
            self._stopping = True
            self._arrived.notify()
        self._writer.join()

    def close(self) -> None:
        """Stops, and lets another process have the directory."""
        self.stop()
        self._lock.close()

    def _refusal(self) -> tuple[str, Refused] | None:
        if self._stopping:
            return "stopping", ShuttingDown("this process is stopping")
        if self._waiting_bytes >= self.limits.queue_bytes:
            return "queue", Overloaded("records arrive faster than the disk takes them", 1)
        if self.backlog_bytes >= self.limits.backlog_bytes:
            return "backlog", Overloaded("too much waits to be loaded", 5)
        if time.monotonic() < self._paused_until:
            return "write", Overloaded("the disk refuses to write", 1)
        if self.disk.room <= 0:
            return "disk", Overloaded("the disk is nearly full", 5)
        return None

    def _write(self) -> None:
        while waiting := self._next():
            for kind, some in _commits(waiting, self.limits):
                try:
                    refusal = self._commit(kind, [one.record for one in some], sum(one.unfolded for one in some))
                except Exception as error:  # the outermost loop: no sender waits for ever
                    log.exception("cannot write")
                    refusal = f"internal error: {type(error).__name__}"
                with self._arrived:  # before the answer: whoever has it may send more at once
                    self._waiting_bytes -= sum(len(one.record) for one in some)
                _answer(some, refusal)
            self._files.seal_old()
        self._files.seal_all()

    def _next(self) -> list[Waiting]:
        """What has arrived; nothing once the log is stopping and all that arrived is written."""
        while True:
            with self._arrived:
                if not self._waiting and not self._stopping:
                    self._arrived.wait(self._files.next_seal_s())
                if self._waiting or self._stopping:
                    waiting, self._waiting = self._waiting, []
                    return waiting
            self._files.seal_old()

    def _commit(self, kind: Kind, records: list[bytes], unfolded: int) -> str:
        """Writes them; why they are refused, "" if they are on disk."""
        try:
            self._files.commit(kind, records, unfolded)
            self.metrics.accepted.labels(kind=kind.value).inc(len(records))
            self.metrics.accepted_bytes.labels(kind=kind.value).inc(sum(map(len, records)))
        except OSError as error:
            log.error("cannot write to %s: %s", self.directory, error)
            self.metrics.error("segments", error)
            self.metrics.write_errors.inc()
            self.metrics.refused.labels(kind=kind.value, reason="write").inc(len(records))
            self._paused_until = time.monotonic() + PAUSE_AFTER_ERROR_S
            return f"the disk refuses to write: {error.strerror}"
        return ""


def _commits(waiting: Iterable[Waiting], limits: Limits) -> Iterator[tuple[Kind, list[Waiting]]]:
    """Parts of one kind, each of a size that a segment can hold (or a single record that is larger)."""
    parts: dict[Kind, list[Waiting]] = {}
    sizes: Counter[Kind] = Counter()
    unfolded: Counter[Kind] = Counter()
    for one in waiting:
        size = len(one.record) + FRAME_OVERHEAD
        too_large = sizes[one.kind] + size > limits.segment_bytes
        if one.kind in parts and (too_large or unfolded[one.kind] + one.unfolded > limits.segment_unfolded):
            yield one.kind, parts.pop(one.kind)
            sizes[one.kind] = unfolded[one.kind] = 0
        parts.setdefault(one.kind, []).append(one)
        sizes[one.kind] += size
        unfolded[one.kind] += one.unfolded
    yield from parts.items()


def _answer(waiting: Iterable[Waiting], refusal: str) -> None:
    """Tells the senders: one call into each event loop, however many wait there."""
    answers: defaultdict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = defaultdict(list)
    for one in waiting:
        answers[one.answer.get_loop()].append(one.answer)
    for loop, some in answers.items():
        try:
            loop.call_soon_threadsafe(_settle, some, refusal)
        except RuntimeError:  # the loop is closed: nobody waits there any more
            continue


def _settle(answers: Iterable[asyncio.Future[None]], refusal: str) -> None:
    for answer in answers:
        if answer.done():  # its sender has gone
            continue
        if refusal:
            answer.set_exception(Overloaded(refusal, 1))
        else:
            answer.set_result(None)
