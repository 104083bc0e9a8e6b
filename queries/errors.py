"""What the store can say instead of an answer.

StoreError
├── StoreUnavailable   retryable   cannot be reached, has no disk left, or is closing
├── StoreBusy          retryable   too many queries, parts or bytes at this moment
├── QueryTooExpensive  final       over its own limit on time or memory
├── DataRefused        final       the data of an insert cannot be read
├── StoreLocked        final       another process holds the directory
├── SchemaMismatch     final       tables of another version of this program, or none
└── QueryFailed        final       anything else that the engine said
"""

from __future__ import annotations

import re
from typing import ClassVar


class StoreError(Exception):
    """The store gave no answer; `retryable` tells whether asking again may help."""

    retryable: ClassVar[bool] = False


class StoreUnavailable(StoreError):
    """The store cannot be reached, has no disk left, or is closing."""

    retryable = True


class StoreBusy(StoreError):
    """Too many queries, parts or bytes at this moment."""

    retryable = True


class QueryTooExpensive(StoreError):
    """The query or insert went over its limit on time or memory; an insert may have filled some tables by then."""


class DataRefused(StoreError):
    """The engine cannot read the data of an insert."""


class StoreLocked(StoreError):
    """Another process holds the store's directory."""


class SchemaMismatch(StoreError):
    """The tables are another version's than this program's, or there are none."""


class QueryFailed(StoreError):
    """The engine refused the statement."""


BUSY = frozenset({202, 252, 373, 473, 209})  # queries at once, parts, session, deadlock avoided, socket timeout
UNAVAILABLE = frozenset({210, 243, 279, 425, 439, 999})  # network, disk space, no replica, no thread
EXPENSIVE = frozenset({158, 159, 160, 241, 307, 396})  # rows, time, estimate, memory, bytes, result size
SHARED = re.compile(r"(?i)(\(total\)|user) memory limit|limit \((total|for user)\)")  # what others use, too, is short
UNREADABLE = frozenset({6, 25, 26, 27, 32, 33, 38, 41, 69, 72, 117, 321, 366, 436, 444, 574, 661})  # parsing


def from_code(code: int | None, message: str, *, inserting: bool) -> StoreError:
    """The error for an engine's error `code` (ClickHouse, src/Common/ErrorCodes.cpp)."""
    if code in BUSY or (inserting and code in EXPENSIVE and SHARED.search(message)):
        return StoreBusy(message)
    if code in UNAVAILABLE:
        return StoreUnavailable(message)
    if code in EXPENSIVE:
        return QueryTooExpensive(message)
    if inserting and code in UNREADABLE:
        return DataRefused(message)
    return QueryFailed(message)
