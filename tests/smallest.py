"""Makes a failing case small enough to be read: fewer things first, then plainer ones."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def fewest(things: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """As few of `things` as still fail, in their order (after ddmin; Zeller and Hildebrandt 2002)."""
    kept, size = list(things), max(len(things) // 2, 1)
    while True:
        before = len(kept)
        start = 0
        while start < len(kept):
            less = kept[:start] + kept[start + size :]
            if less and fails(less):
                kept = less
            else:
                start += size
        if size > 1:
            size //= 2
        elif len(kept) == before:
            return kept


def plainest(things: Sequence[T], plainer: Callable[[T], Iterable[T]], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """The same number of things, each as plain as still fails; `plainer` proposes what to try instead of one."""
    kept = list(things)
    for place in range(len(kept)):
        tried = list(plainer(kept[place]))
        while tried:
            candidate = [*kept[:place], tried.pop(0), *kept[place + 1 :]]
            if fails(candidate):
                kept = candidate
                tried = list(plainer(kept[place]))
    return kept
