"""What is wrong with a protobuf request that could not be parsed, and where: the parser itself doesn't say.

Only read after a parse has failed. It goes down into the one message that fails, and lets the parser skip the rest.
"""

from collections.abc import Iterator
from typing import cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from collectors.kinds import BadRecord, Kind
from collectors.otlp_schema import REQUESTS

MOST_FIELDS = 200_000  # looked at before it gives up; a request may be made of millions
MOST_LEVELS = 16
_VARINT, _FIXED64, _DELIMITED, _START_GROUP, _END_GROUP, _FIXED32 = range(6)


class _Fault(Exception):
    """What is wrong at this byte of the message."""

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.what = what
        self.offset = offset


def fault(kind: Kind, body: bytes) -> BadRecord:
    """The reason why `body` is no request of this kind, e.g. "resourceSpans[0].scopeSpans[1]: … (byte 17)"."""
    message = cast(Descriptor, REQUESTS[kind].DESCRIPTOR)
    path: list[str] = []
    start, end = 0, len(body)
    try:
        while (step := _failing_part(message, body, start, end)) is not None:
            name, message, start, end = step
            path.append(name)
            if len(path) == MOST_LEVELS:
                break
        what = "not valid, or nested too deeply"
    except _Fault as found:
        what, start = found.what, found.offset
    return BadRecord(f"not valid protobuf: {what} (byte {start})", ".".join(path))


def _failing_part(of: Descriptor, body: bytes, start: int, end: int) -> tuple[str, Descriptor, int, int] | None:
    """The first field that holds a message which does not parse: its name, type and place. Raises _Fault."""
    seen: dict[int, int] = {}
    for number, wire_type, first, last in _fields(body, start, end):
        field = of.fields_by_number.get(number)
        if wire_type != _DELIMITED or field is None or field.message_type is None:
            continue
        if not _parses(GetMessageClass(field.message_type), body[first:last]):
            return _step(field, seen.get(number, 0)), field.message_type, first, last
        seen[number] = seen.get(number, 0) + 1
    return None


def _step(field: FieldDescriptor, index: int) -> str:
    return f"{field.json_name}[{index}]" if field.is_repeated else field.json_name


def _parses(message: type[Message], body: bytes) -> bool:
    try:
        message.FromString(body)
    except DecodeError:
        return False
    return True


def _fields(body: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Number, wire type, and first and last byte of the value of each field. Raises _Fault."""
    position = start
    for _ in range(MOST_FIELDS):
        if position >= end:
            return
        tag, first = _varint(body, position, end)
        number, wire_type = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise _Fault(f"{number} is no field number", position)
        last = _end_of_value(body, wire_type, first, end)
        if wire_type == _DELIMITED:
            first = last - _varint(body, first, end)[0]
        if last > end:
            raise _Fault(f"field {number} is cut short: {last - end} bytes are missing", position)
        yield number, wire_type, first, last
        position = last
    raise _Fault("somewhere after this", position)


def _end_of_value(body: bytes, wire_type: int, first: int, end: int) -> int:
    if wire_type == _VARINT:
        return _varint(body, first, end)[1]
    if wire_type == _DELIMITED:
        length, content = _varint(body, first, end)
        return content + length
    if wire_type in (_FIXED64, _FIXED32):
        return first + (8 if wire_type == _FIXED64 else 4)
    if wire_type in (_START_GROUP, _END_GROUP):
        raise _Fault("a group, which OTLP does not have", first)
    raise _Fault(f"{wire_type} is no wire type", first)


def _varint(body: bytes, position: int, end: int) -> tuple[int, int]:
    """The number at `position`, and where it ends."""
    number = 0
    for shift in range(0, 70, 7):
        if position >= end:
            raise _Fault("cut short", position)
        byte = body[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, position
    raise _Fault("a number of more than ten bytes", position)
