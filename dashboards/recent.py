"""What was just worked out: twenty readers of one page ask the store once, and wait for the same answer."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


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
        """The answer that is good still, else a new one; who asks the same meanwhile waits for it."""
        with self._lock:
            slot = self._slots.setdefault(asked, _Slot())
            self._slots.move_to_end(asked)
            while len(self._slots) > self._at_most:
                self._slots.popitem(last=False)
        with slot.lock:
            if slot.value is None or time.monotonic() - slot.made > self._for_s:
                slot.value = make()
                slot.made = time.monotonic()
            return slot.value
