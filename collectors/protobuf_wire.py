"""The few bytes of protobuf's wire that a JSON value turns into."""

import struct
from collections.abc import Callable

from collectors import frames

VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5  # wire types
_BITS_64 = (1 << 64) - 1

fixed64: Callable[[int], bytes] = struct.Struct("<Q").pack
sfixed64: Callable[[int], bytes] = struct.Struct("<q").pack
fixed32: Callable[[int], bytes] = struct.Struct("<I").pack
double: Callable[[float], bytes] = struct.Struct("<d").pack


def varint(number: int) -> bytes:
    """An integer; a negative one as its 64-bit two's complement."""
    return frames.varint(number & _BITS_64)


def zigzag(number: int) -> bytes:
    """A `sint32`: small negative numbers stay short."""
    return frames.varint(number << 1 if number >= 0 else (-number << 1) - 1)


def tag(number: int, wire_type: int) -> bytes:
    """What stands before a field's value."""
    return frames.varint(number << 3 | wire_type)
