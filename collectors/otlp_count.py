"""The records of a large request, counted on the wire: an object for each of millions would take gigabytes.

Only read after a parse has succeeded: nothing is cut short here.
"""

from collections.abc import Collection, Iterator

from collectors.kinds import MOST_RECORDS, Kind, TooLarge

PARSED_BYTES = 4 << 20
"""Up to here a body is parsed whole, which is quicker: it takes at most eighty-five times as much memory."""

_RESOURCES, _SCOPES, _RECORDS, _POINTS = (0x0A,), (0x12,), (0x12,), (0x0A,)  # tags: a field's number and wire type
_DATA = (0x2A, 0x3A, 0x4A, 0x52, 0x5A)  # gauge, sum, histogram, exponential histogram, summary
_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5

Place = tuple[int, int, int]
"""Tag, first byte and end of a message in the body."""


def counted(kind: Kind, body: bytes) -> tuple[int, int]:
    """How many records a request holds, and how many metrics without data. Raises TooLarge."""
    records = without_data = 0
    for _, start, end in _within(body, 0, len(body), _RESOURCES):
        for _, first, last in _within(body, start, end, _SCOPES):
            found = _within(body, first, last, _RECORDS)
            if kind is Kind.METRICS:
                points = [_points(body, *place) for _, *place in found]
                without_data += points.count(None)
                records += sum(filter(None, points))
            else:
                records += sum(1 for _ in found)
            check_number(records)
    return records, without_data


def check_number(records: int) -> None:
    """Raises TooLarge for more than one request may hold."""
    if records > MOST_RECORDS:
        raise _too_many()


def _too_many() -> TooLarge:
    return TooLarge(f"the request holds more than {MOST_RECORDS:,} records: send fewer in each")


def _points(body: bytes, start: int, end: int) -> int | None:
    """The data points of a metric, None if it has no data; of several kinds of data the last one is what it holds."""
    data = list(_within(body, start, end, _DATA))
    if not data:
        return None
    return sum(1 for tag, first, last in data if tag == data[-1][0] for _ in _within(body, first, last, _POINTS))


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
            if found > MOST_RECORDS:
                raise _too_many()
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
