"""What the parts of the way in agree on: the kinds of record, and why one is not taken.

Refused                a record that can't be taken now; retrying later is right
├── Overloaded         too much is waiting to be loaded, or the disk is too full
└── ShuttingDown       the process is stopping
BadRecord              a record that can never be taken; retrying is wrong
└── TooLarge           larger than the limit, once decompressed or unfolded
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum

ROW_BYTES = 512
"""What a span, log record or data point counts for, besides what its row repeats of what stands above it."""
MOST_UNFOLDED = 256_000_000
"""Bytes of a request or a segment, unfolded: its insert takes about half of the default `max_memory`."""


class Kind(StrEnum):
    """What a record holds, and the name of the landing table it is loaded into."""

    TRACES = "traces"
    LOGS = "logs"
    METRICS = "metrics"
    EVENTS = "events"


class Refused(Exception):
    """A record can't be taken now. The sender may try again after `retry_after_s` seconds."""

    def __init__(self, reason: str, retry_after_s: int = 5) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


class Overloaded(Refused):
    """Too much is waiting to be loaded, or the disk is too full."""


class ShuttingDown(Refused):
    """The process is stopping: what arrives now would not be kept."""


class BadRecord(Exception):
    """A record that can never be taken: `what` is wrong with it, and `where` ("" if nowhere in particular)."""

    def __init__(self, what: str, where: str = "") -> None:
        super().__init__(f"{where}: {what}" if where else what)
        self.what = what
        self.where = where


class TooLarge(BadRecord):
    """A record larger than the limit, once decompressed; or once unfolded, each row with its resource's attributes."""


class Outcome(StrEnum):
    """What became of a request, for the counters."""

    ACCEPTED = "accepted"
    BAD = "bad"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    UNAUTHENTICATED = "unauthenticated"
    OVERLOADED = "overloaded"


Count = Callable[[Kind, Outcome, int], None]
"""Counts `n` records (spans, log records, data points) accepted, or `n` requests with any other outcome."""

Append = Callable[[Kind, bytes], Awaitable[None]]
"""Keeps one record: returns once it is on disk, raises Refused when it can't be taken now."""

AppendRequest = Callable[[Kind, bytes, int], Awaitable[None]]
"""The same for an OTLP request, with its size once it is unfolded into rows."""
