"""Looking back through a window piece by piece, so that what is recent and common is found without reading it all."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from triage.window import EARLIEST, Window

FIRST_PIECE = timedelta(minutes=10)  # what the tables are ordered by
LONGER = 4  # times, after a piece that was read quickly
QUICK_S = 0.25
ENOUGH_S = 2.0  # a page that is not full by then says how far it has looked
NS = 1_000_000_000


class Placed(Protocol):
    """Something found: `place` says where it stands in the answer, the greatest first."""

    @property
    def place(self) -> tuple[int, str]:
        """Its time in ns since 1970, and what tells it from others of that time."""


Item = TypeVar("Item", bound=Placed)
Place = tuple[int, str]

NEWEST: Place = ((1 << 63) - 1, "")


@dataclass(frozen=True)
class Found(Generic[Item]):
    """A page of what was found, the newest first.

    `next` is where the page after it begins, None at the end; `searched_from` how far back was looked: to the window's
    start, unless the page filled up or took too long before.
    """

    window: Window
    items: tuple[Item, ...]
    next: Place | None
    searched_from: datetime


Look = Callable[[Window, Place, int], tuple[Sequence[Item], Place | None]]
"""What stands after a place in a piece of the window, at most so many; and the place after which to look again in this
piece, None if all of it has been seen."""


def go_back(window: Window, after: Place, limit: int, look: Look[Item]) -> Found[Item]:
    """At most `limit` items of the window that stand after `after`; those found until ENOUGH_S had passed."""
    found: list[Item] = []
    started, length = time.monotonic(), FIRST_PIECE
    end = min(window.to, _just_after(after[0]))
    while end > window.from_ and len(found) <= limit:
        piece, began = Window(max(window.from_, end - length), end), time.monotonic()
        items, again = look(piece, after, limit + 1 - len(found))
        found.extend(items)
        if again is not None:
            after = again
            continue
        end, after = piece.from_, (ns(piece.from_), "")
        if time.monotonic() - started > ENOUGH_S:
            break
        length *= LONGER if time.monotonic() - began < QUICK_S else 1
    if len(found) > limit:
        return Found(window, tuple(found[:limit]), found[limit - 1].place, _moment(found[limit - 1].place[0]))
    return Found(window, tuple(found), after if end > window.from_ else None, max(end, window.from_))


def ns(moment: datetime) -> int:
    """Nanoseconds since 1970."""
    return (moment - EARLIEST) // timedelta(microseconds=1) * 1000


def _moment(at_ns: int) -> datetime:
    return EARLIEST + timedelta(microseconds=at_ns // 1000)


def _just_after(at_ns: int) -> datetime:
    """The microsecond after; the end of days for what lies beyond them."""
    try:
        return _moment(at_ns) + timedelta(microseconds=1)
    except OverflowError:
        return datetime.max.replace(tzinfo=EARLIEST.tzinfo)
