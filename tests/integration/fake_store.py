"""A landing in memory: what a store promises about segments, with faults to order."""

import threading
from collections import Counter
from collections.abc import Callable

from collectors.frames import records
from collectors.kinds import Kind
from queries.errors import DataRefused

POISON = b"poison"


class FakeStore:
    """Counts each token once, refuses records that hold `POISON`, and fails as it is told to."""

    def __init__(self) -> None:
        self.tokens: dict[str, bytes] = {}
        self.inserts: list[str] = []
        self.fault: Callable[[str], Exception | None] = lambda token: None
        self._lock = threading.Lock()

    def parse(self, landing: str, body: bytes) -> int:
        every = list(records(Kind(landing), body))
        if any(POISON in record for record in every):
            raise DataRefused("poison is no telemetry")
        return len(every)

    def insert(self, landing: str, body: bytes, token: str) -> None:
        with self._lock:
            self.inserts.append(token)
            if fault := self.fault(token):
                raise fault
        self.parse(landing, body)
        with self._lock:
            assert self.tokens.setdefault(token, body) == body, "the same token came with other bytes"

    def holds(self, kind: Kind) -> Counter[bytes]:
        """Every record that was inserted, and how many times."""
        with self._lock:
            bodies = [body for token, body in self.tokens.items() if token.startswith(f"{kind}-")]
        return Counter(record for body in bodies for record in records(kind, body))
