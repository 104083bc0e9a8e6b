"""What was just worked out: twenty readers of one page ask the store once, and wait for the same answer."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

T = TypeVar("T")

STALE = 2
"""For how many times as long an answer may be handed out while a new one is worked out."""


@dataclass
class _Slot(Generic[T]):
    lock: threading.Lock = field(default_factory=threading.Lock)
    made: float = float("-inf")
    value: T | None = None


class Recent(Generic[T]):
    """Answers by what was asked, each good for `for_s` seconds. Thread-safe; an error is never kept."""

    def __init__(self, for_s: float = 2.0, at_most: int = 64) -> None:
        self._for_s, self._at_most = for_s, at_most
        self._slots: OrderedDict[Hashable, _Slot[T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, asked: Hashable, make: Callable[[], T]) -> T:
        """The answer that is good still, else a new one.

        Who asks the same meanwhile gets the one that was good just before, and waits where there is none.
        """
        with self._lock:
            slot = self._slots.setdefault(asked, _Slot())
            self._slots.move_to_end(asked)
            while len(self._slots) > self._at_most:
                self._slots.popitem(last=False)
        if self._is_good(slot, STALE):
            if not slot.lock.acquire(blocking=False):  # another reader works it out anew
                return cast(T, slot.value)
        else:
            slot.lock.acquire()
        try:
            if not self._is_good(slot, 1):
                slot.value = make()
                slot.made = time.monotonic()
            return cast(T, slot.value)
        finally:
            slot.lock.release()

    def _is_good(self, slot: _Slot[T], times: float) -> bool:
        """Whether its value is no older than so many times what an answer is good for."""
        return slot.value is not None and time.monotonic() - slot.made <= times * self._for_s
