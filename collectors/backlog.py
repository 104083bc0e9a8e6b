"""What is sealed and not loaded yet."""

import heapq
import time
from collections import Counter
from collections.abc import Iterable
from threading import Condition

from collectors.kinds import Kind
from collectors.segment import Segment


class Backlog:
    """Hands out sealed segments, oldest first, each to one taker at a time. Thread-safe."""

    def __init__(self, segments: Iterable[Segment] = ()) -> None:
        self._changed = Condition()
        self._all: dict[str, Segment] = {}  # those handed out too
        self._ready: list[tuple[int, str]] = []  # heap of (began_ns, name)
        self._deferred: list[tuple[float, str]] = []  # heap of (due by the monotonic clock, name)
        self._bytes = 0
        self._loading: Counter[Kind] = Counter()  # ready or handed out
        for segment in segments:
            self.add(segment)

    def add(self, segment: Segment) -> None:
        """A segment to be loaded."""
        with self._changed:
            self._all[segment.name] = segment
            self._bytes += segment.size
            self._loading[segment.kind] += 1
            heapq.heappush(self._ready, (segment.began_ns, segment.name))
            self._changed.notify()

    def take(self, timeout_s: float) -> Segment | None:
        """The oldest segment that is due; None if none is within the time. The taker calls `done` or `defer`."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not self._due():
                now = time.monotonic()
                if now >= deadline:
                    return None
                wake = min(self._deferred[0][0], deadline) if self._deferred else deadline
                self._changed.wait(wake - now)
            return self._all[heapq.heappop(self._ready)[1]]

    def _due(self) -> bool:
        while self._deferred and self._deferred[0][0] <= time.monotonic():
            segment = self._all[heapq.heappop(self._deferred)[1]]
            self._loading[segment.kind] += 1
            heapq.heappush(self._ready, (segment.began_ns, segment.name))
        return bool(self._ready)

    def defer(self, segment: Segment, delay_s: float) -> None:
        """Gives a segment back, not to be taken for a while: the others come first."""
        with self._changed:
            self._loading[segment.kind] -= 1
            heapq.heappush(self._deferred, (time.monotonic() + delay_s, segment.name))
            self._changed.notify()

    def done(self, segment: Segment) -> None:
        """A segment that need not be loaded any more."""
        with self._changed:
            del self._all[segment.name]
            self._bytes -= segment.size
            self._loading[segment.kind] -= 1

    @property
    def bytes(self) -> int:
        """Of all that is not loaded."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._all)

    def count(self, kind: Kind) -> int:
        """How many of a kind are being loaded, or wait for nothing but their turn."""
        return self._loading[kind]

    def waiting(self) -> list[Segment]:
        """All that is not loaded, oldest first."""
        with self._changed:
            return sorted(self._all.values(), key=lambda segment: (segment.began_ns, segment.name))
