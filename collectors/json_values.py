"""One JSON value as protobuf bytes, by the rules of protobuf's JSON mapping; and what is said where it breaks them."""

import base64
import binascii
import math
from collections.abc import Callable, Mapping

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from collectors import protobuf_wire as wire

Json = str | int | float | bool | None | list["Json"] | tuple[tuple[str, "Json"], ...]
"""Parsed JSON text; an object is the tuple of its pairs."""

Encoder = Callable[[Json], bytes]
"""Turns a JSON value into protobuf bytes; raises Wrong."""

LONGEST_NUMBER = 400  # digits of a number in quotes; longer ones take time and mean nothing


class Wrong(Exception):
    """What is wrong with a JSON value; on its way up it learns where."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.where = ""

    def within(self, step: str) -> "Wrong":
        """The same, seen from the object or array that holds it."""
        self.where = step + ("." if self.where and not self.where.startswith("[") else "") + self.where
        return self


def expected(what: str, value: Json) -> Wrong:
    """Says what should have stood there, and what kind of value did (never the value: it may be private)."""
    return Wrong(f"expected {what}, not {_NAMES[type(value)]}")


_NAMES: Mapping[type, str] = {
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
    list: "an array",
    tuple: "an object",
}


def text(value: Json) -> bytes:
    """A string as UTF-8; an unpaired surrogate becomes invalid UTF-8, which SQL repairs like any other."""
    if type(value) is not str:
        raise expected("a string", value)
    return value.encode("utf-8", "surrogatepass")


def hex_id(value: Json) -> bytes:
    """A trace or span id: hex of either case."""
    if type(value) is not str:
        raise expected("hex digits in a string", value)
    try:
        decoded = bytes.fromhex(value)
    except ValueError:
        raise Wrong("expected pairs of hex digits") from None
    if len(decoded) * 2 != len(value):  # fromhex skips spaces
        raise Wrong("expected pairs of hex digits")
    return decoded


def base64_bytes(value: Json) -> bytes:
    """Bytes: base64 of either alphabet, padded or not."""
    if type(value) is not str:
        raise expected("base64 in a string", value)
    standard = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Wrong("expected base64") from None


def boolean(value: Json) -> bytes:
    """A boolean."""
    if type(value) is not bool:
        raise expected("true or false", value)
    return b"\x01" if value else b"\x00"


def double(value: Json) -> bytes:
    """A number, a number in quotes, or "NaN", "Infinity", "-Infinity"."""
    if type(value) is str and len(value) < LONGEST_NUMBER:
        try:
            return wire.double(float(value))
        except ValueError:
            raise Wrong('expected a number, "NaN", "Infinity" or "-Infinity"') from None
    if type(value) is not float and type(value) is not int:
        raise expected("a number", value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise Wrong("the number is too large for a double")
    return wire.double(number)


def integer(write: Callable[[int], bytes], lowest: int, highest: int) -> Encoder:
    """Integers of a range, as numbers or in quotes, written by `write`."""

    def encode(value: Json) -> bytes:
        number = value if type(value) is int else _whole(value)
        if not lowest <= number <= highest:
            raise Wrong(f"the integer is not within {lowest} and {highest}")
        return write(number)

    return encode


def _whole(value: Json) -> int:
    if type(value) is str and len(value) < LONGEST_NUMBER and " " not in value:
        try:
            return int(value)
        except ValueError:
            value = _number(value)
    if type(value) is float and value.is_integer():
        return int(value)
    raise Wrong("expected an integer") if type(value) in (float, str) else expected("an integer", value)


def _number(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value


def enum_number(enum: EnumDescriptor) -> Encoder:
    """A value of an enum: its number (also one that we don't know), or its name."""
    number = integer(wire.varint, -(1 << 31), (1 << 31) - 1)

    def encode(value: Json) -> bytes:
        named = enum.values_by_name.get(value) if type(value) is str else None
        return number(named.number if named is not None else value)

    return encode


_INT32 = -(1 << 31), (1 << 31) - 1
_INT64 = -(1 << 63), (1 << 63) - 1
_UINT32 = 0, (1 << 32) - 1
_UINT64 = 0, (1 << 64) - 1

NUMBERS: Mapping[int, tuple[int, Encoder]] = {
    FieldDescriptor.TYPE_BOOL: (wire.VARINT, boolean),
    FieldDescriptor.TYPE_INT32: (wire.VARINT, integer(wire.varint, *_INT32)),
    FieldDescriptor.TYPE_INT64: (wire.VARINT, integer(wire.varint, *_INT64)),
    FieldDescriptor.TYPE_SINT32: (wire.VARINT, integer(wire.zigzag, *_INT32)),
    FieldDescriptor.TYPE_UINT32: (wire.VARINT, integer(wire.varint, *_UINT32)),
    FieldDescriptor.TYPE_UINT64: (wire.VARINT, integer(wire.varint, *_UINT64)),
    FieldDescriptor.TYPE_FIXED32: (wire.FIXED32, integer(wire.fixed32, *_UINT32)),
    FieldDescriptor.TYPE_FIXED64: (wire.FIXED64, integer(wire.fixed64, *_UINT64)),
    FieldDescriptor.TYPE_SFIXED64: (wire.FIXED64, integer(wire.sfixed64, *_INT64)),
    FieldDescriptor.TYPE_DOUBLE: (wire.FIXED64, double),
}
"""The scalar types that OTLP uses: wire type and encoder of the value."""
