"""What a row of one of the shop's own tables says: its key, whose it is, its counter and its stock."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collectors.sources.events import LONGEST_NAME
from collectors.sources.reading import BadBody, Json, parse
from collectors.sources.source import Columns

Row = Mapping[str, Json]
LARGEST = (1 << 63) - 1
EXACT = 1 << 53  # beyond it, a double is no longer one whole number alone
EXTENDED = frozenset({"$oid", "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal", "$date"})
"""How MongoDB's extended JSON marks the types that JSON lacks."""


@dataclass(frozen=True)
class Meaning:
    """What the columns of a row say that matters here."""

    customer: str
    order_id: str
    idempotency_key: str
    sequence: int | None
    quantity: float | None


def meaning(before: Row | None, after: Row | None, columns: Columns) -> Meaning:
    """Of the row after the change, or of the one that is gone; its counter and stock only of the row after it."""
    row, left = _folded(after if after is not None else before), _folded(after)
    return Meaning(
        customer=_name(row, columns.customer),
        order_id=_name(row, columns.order),
        idempotency_key=_name(row, columns.idempotency),
        sequence=next((n for n in map(_whole, _values(left, columns.sequence)) if n is not None), None),
        quantity=next((n for n in map(_number, _values(left, columns.quantity)) if n is not None), None),
    )


def key_of(row: Row | None, table: str, columns: Columns) -> dict[str, Json]:
    """The key of a row that came without one: the columns that settings name, else the first, which mostly is it."""
    if not row:
        return {}
    wanted = {name.casefold() for name in columns.key}
    named = {name: value for name, value in row.items() if {name.casefold(), f"{table}.{name}".casefold()} & wanted}
    return named or dict([next(iter(row.items()))])


def as_row(value: Json) -> dict[str, Json] | None:
    """A row; MongoDB's come as the text of a document."""
    if isinstance(value, str):
        value = document(value)
    return value if isinstance(value, dict) else None


def document(text: str) -> Json:
    """MongoDB's extended JSON, with plain values: "5" for {"$numberLong": "5"}; None for what is none."""
    try:
        return parse(text.encode("utf-8", "replace"), _plain)
    except BadBody:
        return None


def _plain(value: dict[str, Json]) -> Json:
    return next(iter(value.values())) if len(value) == 1 and value.keys() <= EXTENDED else value


def _folded(row: Row | None) -> dict[str, Json]:
    return {name.casefold(): value for name, value in (row or {}).items()}


def _values(row: Row, names: Sequence[str]) -> list[Json]:
    return [row[name.casefold()] for name in names if name.casefold() in row]


def _name(row: Row, names: Sequence[str]) -> str:
    """The first that holds a text or a number, as text."""
    for value in _values(row, names):
        if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT:  # decimals may be told as doubles
            value = int(value)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value):
            return str(value)[:LONGEST_NAME]
    return ""


def _whole(value: Json) -> int | None:
    if (
        isinstance(value, str)
        and len(value) < 20
        and value.removeprefix("-").isascii()
        and value.removeprefix("-").isdigit()
    ):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST
    return value if is_whole and isinstance(value, int) else None


def _number(value: Json) -> float | None:
    """A number; decimals may come as text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
