"""OTLP/JSON to OTLP protobuf.

It is protobuf's JSON with three differences: trace and span ids are hex, enums are integers (names are read too), and
field names are lowerCamelCase only. One encoder for each field is made from opentelemetry-proto's descriptors.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from collectors import protobuf_wire as wire
from collectors.json_values import NUMBERS, Encoder, Json, Wrong, base64_bytes, enum_number, expected, hex_id, text
from collectors.kinds import BadRecord, Kind, TooLarge
from collectors.otlp_schema import SERVICES, export_request

MOST_NODES = 4_000_000
"""Objects and arrays in a request: each takes a hundred bytes or more once it is read, and three as text."""
HEX_IDS = frozenset({"trace_id", "span_id", "parent_span_id"})


def to_protobuf(kind: Kind, body: bytes) -> bytes:
    """The protobuf bytes of a JSON request. Raises BadRecord, with what is wrong and where, or TooLarge.

    An unpaired surrogate becomes invalid UTF-8, and invalid UTF-8 the replacement sign: neither fails a batch.
    """
    if body.count(b"{") + body.count(b"[") > MOST_NODES:
        raise TooLarge(f"the request holds more than {MOST_NODES:,} objects and arrays: send less in each")
    try:
        return _REQUESTS[kind](_parsed(body))
    except Wrong as wrong:
        raise BadRecord(wrong.what, wrong.where) from None
    except RecursionError:
        raise BadRecord("nested too deeply") from None


def _parsed(body: bytes) -> Json:
    """The JSON text as Python values: an object is a tuple of its pairs, so that a key said twice can be seen."""
    try:
        parsed: Json = json.loads(
            body.decode(errors="replace"), object_pairs_hook=tuple, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        raise Wrong(f"not valid JSON: {error}") from None
    except ValueError:
        raise Wrong("not valid JSON: a number has thousands of digits") from None
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise Wrong(f'not valid JSON: {name} stands in quotes, "{name}"')


@dataclass(frozen=True, slots=True)
class Shape:
    """What an object may hold: the encoder of each field, and which of them are members of a oneof."""

    fields: dict[str, Encoder]
    oneofs: Mapping[str, str]


def _shape(of: Descriptor, known: dict[str, Shape]) -> Shape:
    """The shape of a message, made once."""
    if of.full_name not in known:
        oneofs = {field.json_name: field.containing_oneof.name for field in of.fields if field.containing_oneof}
        shape = known[of.full_name] = Shape({}, oneofs)  # known before its fields are: messages hold themselves
        shape.fields.update((field.json_name, _field(field, known)) for field in of.fields)
    return known[of.full_name]


def _object(shape: Shape) -> Encoder:
    """Encodes a JSON object as the content of a message."""
    fields, oneofs = shape.fields, shape.oneofs

    def encode(value: Json) -> bytes:
        if type(value) is not tuple:
            raise expected("an object", value)
        if len(value) > 1:
            _check_once(value, oneofs)
        content = b""
        name = ""
        try:
            for name, item in value:
                if item is not None and name in fields:
                    content += fields[name](item)
        except Wrong as wrong:
            raise wrong.within(name) from None
        return content

    return encode


def _check_once(pairs: tuple[tuple[str, Json], ...], oneofs: Mapping[str, str]) -> None:
    """Raises Wrong for a key that stands twice, and for two members of what can only be one."""
    if len(dict(pairs)) != len(pairs):
        names = [name for name, _ in pairs]
        raise Wrong("the key stands twice").within(next(name for name in names if names.count(name) > 1))
    if oneofs:
        chosen = [oneofs[name] for name, item in pairs if item is not None and name in oneofs]
        if len(set(chosen)) != len(chosen):
            raise Wrong("more than one of the members of which only one can be there")


def _field(field: FieldDescriptor, known: dict[str, Shape]) -> Encoder:
    """Encodes the value of one field, tag included."""
    one = _single(field, known)
    return _array(one) if field.is_repeated else one


def _single(field: FieldDescriptor, known: dict[str, Shape]) -> Encoder:
    if field.message_type is not None:
        return _delimited(field, _object(_shape(field.message_type, known)))
    if field.type == FieldDescriptor.TYPE_STRING:
        return _delimited(field, text)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _delimited(field, hex_id if field.name in HEX_IDS else base64_bytes)
    if field.enum_type is not None:
        return _tagged(wire.tag(field.number, wire.VARINT), enum_number(field.enum_type))
    wire_type, encoder = NUMBERS[field.type]
    return _tagged(wire.tag(field.number, wire_type), encoder)


def _tagged(tag: bytes, content: Encoder) -> Encoder:
    return lambda value: tag + content(value)


def _delimited(field: FieldDescriptor, content: Encoder) -> Encoder:
    tag = wire.tag(field.number, wire.DELIMITED)
    short = tuple(tag + wire.varint(length) for length in range(0x80))

    def encode(value: Json) -> bytes:
        encoded = content(value)
        length = len(encoded)
        return (short[length] if length < 0x80 else tag + wire.varint(length)) + encoded

    return encode


def _array(one: Encoder) -> Encoder:
    def encode(value: Json) -> bytes:
        if type(value) is not list:
            raise expected("an array", value)
        parts: list[bytes] = []
        try:
            for item in value:
                parts.append(one(item))  # noqa: PERF401  the length so far is where an item fails
        except Wrong as wrong:
            raise wrong.within(f"[{len(parts)}]") from None
        return b"".join(parts)

    return encode


def _requests() -> Mapping[Kind, Encoder]:
    known: dict[str, Shape] = {}
    return {kind: _object(_shape(export_request(kind), known)) for kind in SERVICES}


_REQUESTS = _requests()
