"""Decimals as Debezium sends them unless told otherwise: the number's bytes in base64, its scale in the schema."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from decimal import Decimal

from collectors.sources.reading import Json

FIXED = "org.apache.kafka.connect.data.Decimal"
LONGEST = 64  # of base64; a stock has fewer digits
MOST_DIGITS = 1000


def scales(schema: Json, part: str) -> dict[str, int]:
    """The scale of each decimal column of an envelope's `before` or `after`, as its schema says."""
    return dict(_scales(next((field for field in _fields(schema) if field.get("field") == part), None)))


def readable(row: Mapping[str, Json], scale_of: Mapping[str, int]) -> dict[str, Json]:
    """The row with its decimals as text: those of the schema, and those that carry their own scale."""
    return {name: _readable(value, scale_of.get(name)) for name, value in row.items()}


def _readable(value: Json, scale: int | None) -> Json:
    if isinstance(value, dict) and value.keys() == {"scale", "value"} and isinstance(value["scale"], int):
        return _decimal(value["value"], value["scale"])
    return value if scale is None else _decimal(value, scale)


def _decimal(value: Json, scale: int) -> str | None:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST or abs(scale) > MOST_DIGITS:
        return None
    try:
        unscaled = int.from_bytes(base64.b64decode(value, validate=True), signed=True)
    except binascii.Error:
        return None
    return f"{Decimal(unscaled).scaleb(-scale):f}"


def _scales(schema: Json) -> Iterator[tuple[str, int]]:
    for field in _fields(schema):
        parameters = field.get("parameters")
        scale = parameters.get("scale") if isinstance(parameters, dict) else None
        if field.get("name") == FIXED and isinstance(scale, str) and scale.removeprefix("-").isdecimal():
            yield str(field.get("field")), int(scale[:6])


def _fields(schema: Json) -> Iterator[dict[str, Json]]:
    fields = schema.get("fields") if isinstance(schema, dict) else None
    return (field for field in (fields if isinstance(fields, list) else ()) if isinstance(field, dict))
