"""JSON as Kafka Connect writes it: the schema beside the payload, or none, and decimals as bytes in base64.

By default Debezium tells a NUMERIC(10,2) so, as a whole number whose schema says how many of its digits are a fraction;
and a NUMERIC or NUMBER in which that varies as an object of both.
"""

import base64
from collections.abc import Mapping
from decimal import Decimal

from collectors.sources.reading import Json

DECIMAL = "org.apache.kafka.connect.data.Decimal"
VARIES = frozenset({"scale", "value"})
MOST_DIGITS = 1000
ROWS = ("before", "after")

Scales = Mapping[str, int]


def unwrapped(value: Json) -> Json:
    """What is told, without the schema; the decimals of a change's rows, or of a key, written out."""
    schema, payload = None, value
    if isinstance(value, dict) and value.keys() == {"schema", "payload"}:
        schema, payload = value["schema"], value["payload"]
    if not isinstance(payload, dict):
        return payload
    if "op" not in payload:
        return _written_out(payload, _scales(schema))
    return payload | {
        name: _written_out(payload[name], _scales(_field(schema, name))) for name in ROWS if name in payload
    }


def _scales(schema: Json) -> Scales:
    """How many digits each column has after its point, by the schema of its row."""
    found: dict[str, int] = {}
    for field in _fields(schema):
        more = field.get("parameters")
        scale = _scale(more.get("scale")) if field.get("name") == DECIMAL and isinstance(more, dict) else None
        if scale is not None:
            found[str(field.get("field"))] = scale
    return found


def _field(schema: Json, name: str) -> Json:
    return next((field for field in _fields(schema) if field.get("field") == name), None)


def _fields(schema: Json) -> list[dict[str, Json]]:
    fields = schema.get("fields") if isinstance(schema, dict) else None
    return [field for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []


def _written_out(row: Json, scales: Scales) -> Json:
    """The row with its decimals as text, such as "9.99"; what can't be read stays as it came."""
    if not isinstance(row, dict):  # MongoDB's are text
        return row
    return {name: _read(value, scales.get(name)) for name, value in row.items()}


def _read(value: Json, scale: int | None) -> Json:
    if isinstance(value, dict) and value.keys() == VARIES:
        return _decimal(value["value"], _scale(value["scale"]), value)
    return value if scale is None else _decimal(value, scale, value)


def _decimal(text: Json, scale: int | None, otherwise: Json) -> Json:
    if scale is None or not isinstance(text, str) or len(text) > MOST_DIGITS:
        return otherwise
    try:
        number = int.from_bytes(base64.b64decode(text, validate=True), "big", signed=True)
    except ValueError:  # binascii.Error, or its base where the text is not ASCII
        return otherwise
    digits = tuple(int(digit) for digit in str(abs(number)))
    return format(Decimal((int(number < 0), digits, -scale)), "f")


def _scale(value: Json) -> int | None:
    """As a number or, in a schema, as text."""
    try:
        scale = int(value) if isinstance(value, int | str) else None
    except ValueError:
        return None
    return scale if scale is not None and abs(scale) <= MOST_DIGITS else None
