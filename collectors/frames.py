"""The bytes of a segment: records one after the other, as ClickHouse reads them.

An OTLP record is a varint length and the request's bytes (ClickHouse's `Protobuf` format). In the file, after the
records of each commit, stands a *mark*: a message whose one field no schema declares. It holds the length and the
CRC-32 of the commit, so that what a power loss left of an unfinished commit is told from data; it is left out when
the segment is read. An event is one JSON line (`JSONEachRow`) and needs no mark: a torn line is no JSON.
"""

import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence

from collectors.kinds import Kind

MARK_TAG = b"\xf9\xff\xff\xff\x0f"  # field 536,870,911 (the last there is), a fixed 64-bit value
MARK_VALUE = struct.Struct("<II")  # length of the commit in bytes, CRC-32 of these bytes
MARK_SIZE = len(MARK_TAG) + MARK_VALUE.size
MARK_FRAME = bytes([MARK_SIZE]) + MARK_TAG


def holds_nothing(record: bytes) -> bool:
    """Whether there is nothing in the record to keep: it is empty, or only has the field of a mark."""
    return not record or (len(record) == MARK_SIZE and record.startswith(MARK_TAG))


def varint(number: int) -> bytes:
    """A protobuf varint."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def framed(kind: Kind, records: Iterable[bytes]) -> list[bytes]:
    """The pieces that, written one after the other, hold these records."""
    if kind is Kind.EVENTS:
        return [piece for record in records for piece in (record, b"\n")]
    return [piece for record in records for piece in (varint(len(record)), record)]


def mark(pieces: Sequence[bytes]) -> bytes:
    """The frame that ends a commit of these pieces."""
    checksum = length = 0
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
        length += len(piece)
    return MARK_FRAME + MARK_VALUE.pack(length, checksum)


def commit(kind: Kind, records: Iterable[bytes]) -> list[bytes]:
    """The pieces of one commit: the records, and the mark where the kind has one."""
    pieces = framed(kind, records)
    return pieces if kind is Kind.EVENTS else [*pieces, mark(pieces)]


def records(kind: Kind, body: bytes) -> Iterator[bytes]:
    """The records in the bytes of a segment, without the marks. Raises ValueError where the bytes end too early."""
    if kind is Kind.EVENTS:
        yield from filter(None, body.split(b"\n"))
        return
    for start, end in _frames(body):
        if not holds_nothing(record := body[start:end]):
            yield record


def unmarked(kind: Kind, body: bytes) -> bytes:
    """The bytes of a segment without the marks. Raises ValueError where they end too early."""
    if kind is Kind.EVENTS:
        return body
    view, parts, after = memoryview(body), [], 0
    for start, end in _frames(body):
        if end - start == MARK_SIZE and body.startswith(MARK_TAG, start):
            parts.append(view[after : start - 1])
            after = end
    return b"".join([*parts, view[after:]]) if parts else body


def good_length(kind: Kind, body: bytes) -> int:
    """How many of these bytes are whole commits. What follows was never acknowledged: it may be cut off."""
    return _good_lines(body) if kind is Kind.EVENTS else _good_commits(body)


def _good_commits(body: bytes) -> int:
    good = frame = 0
    view = memoryview(body)
    try:
        for start, end in _frames(body):
            if end - start == MARK_SIZE and body.startswith(MARK_TAG, start):
                length, checksum = MARK_VALUE.unpack_from(body, start + len(MARK_TAG))
                if (length, checksum) != (frame - good, zlib.crc32(view[good:frame])):
                    break
                good = end
            frame = end
    except ValueError:
        pass  # the last frame is not whole
    return good


def _good_lines(body: bytes) -> int:
    good = 0
    while (end := body.find(b"\n", good)) >= 0:
        try:
            json.loads(body[good:end])
        except ValueError:
            break
        good = end + 1
    return good


def _frames(body: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each message. Raises ValueError where one is not whole, or empty (a tail of zeros)."""
    position, size = 0, len(body)
    while position < size:
        length = shift = 0
        while True:
            if position >= size or shift > 35:
                raise ValueError("no whole length")
            byte = body[position]
            position += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if not 0 < length <= size - position:
            raise ValueError("no whole message")
        yield position, position + length
        position += length
