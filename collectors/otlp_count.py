"""The records of a large request, counted on the wire: an object for each of millions would take gigabytes.

Only read after a parse has succeeded: nothing is cut short here.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from collectors.kinds import MOST_UNFOLDED, ROW_BYTES, Kind, TooLarge

PARSED_BYTES = 4 << 20
"""Up to here a body is parsed whole, which is quicker: it takes at most eighty-five times as much memory."""

_RESOURCES, _HEAD, _PART, _POINTS = (0x0A,), 0x0A, 0x12, (0x0A,)  # tags: a field's number and wire type
_DATA = (0x2A, 0x3A, 0x4A, 0x52, 0x5A)  # gauge, sum, histogram, exponential histogram, summary
_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5

Place = tuple[int, int, int]
"""Tag, first byte and end of a message in the body."""


class Held(NamedTuple):
    """What a scope of a request holds."""

    records: int
    without_data: int
    repeated: int
    """Bytes of its resource and of the scope, which each record's row repeats."""


def counted(kind: Kind, body: bytes) -> Iterator[Held]:
    """What each scope of a request holds. Raises TooLarge."""
    for _, start, end in _within(body, 0, len(body), _RESOURCES):
        resource = sum(last - first for _, first, last in _within(body, start, end, (_HEAD,)))
        for _, first, last in _within(body, start, end, (_PART,)):
            yield _held(kind, body, first, last, resource)


def too_large() -> TooLarge:
    """Why a request is refused that unfolds to more than may be."""
    return TooLarge(
        f"the request holds more records than can be loaded at once (each counts {ROW_BYTES} bytes and what it repeats "
        f"of its resource and scope, together {MOST_UNFOLDED:,} at most): send fewer in each"
    )


def _held(kind: Kind, body: bytes, start: int, end: int, repeated: int) -> Held:
    records = without_data = 0
    for tag, first, last in _within(body, start, end, (_HEAD, _PART)):
        if tag == _HEAD:
            repeated += last - first
        elif kind is not Kind.METRICS:
            records += 1
        elif (points := _points(body, first, last)) is None:
            without_data += 1
        else:
            records += points
    return Held(records, without_data, repeated)


def _points(body: bytes, start: int, end: int) -> int | None:
    """The data points of a metric, None if it has no data; data of another kind takes the place of what came before."""
    kind = points = 0
    for tag, first, last in _within(body, start, end, _DATA):
        kind, before = tag, points if tag == kind else 0
        points = before + sum(1 for _ in _within(body, first, last, _POINTS))
    return points if kind else None


def _within(body: bytes, start: int, end: int, tags: Collection[int]) -> Iterator[Place]:
    """The places of the fields of a message that have one of these tags. Raises TooLarge if they are too many."""
    found = 0
    position = start
    while position < end:
        tag = body[position]
        position += 1
        if tag > 0x7F:
            tag, position = _varint(body, position - 1)
        if tag & 7 != _DELIMITED:
            position = _past(body, position, tag & 7)
            continue
        size = body[position]
        position += 1
        if size > 0x7F:
            size, position = _varint(body, position - 1)
        if tag in tags:
            found += 1
            if found > MOST_UNFOLDED // ROW_BYTES:
                raise too_large()
            yield tag, position, position + size
        position += size


def _past(body: bytes, position: int, wire_type: int) -> int:
    """Where a number ends; of a group, which OTLP doesn't have, what is within is looked at like what stands beside."""
    if wire_type == _VARINT:
        return _varint(body, position)[1]
    return position + {_FIXED64: 8, _FIXED32: 4}.get(wire_type, 0)


def _varint(body: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = body[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte <= 0x7F:
            return number, position
        shift += 7
