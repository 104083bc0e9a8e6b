"""The columns of a row, which changes hold as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite

from triage.rows.model import RowChange


def value_in(change: RowChange, column: str) -> float | None:
    """What a change leaves in a column, whatever the case of its name; '' is the stock."""
    if not column:
        return change.quantity
    return next(
        (number_of(value) for name, value in columns_of(change.row).items() if name.casefold() == column.casefold()),
        None,
    )


def columns_of(text: str) -> Mapping[str, object]:
    """A row's columns; none where it is no JSON object."""
    try:
        row = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}


def number_of(value: object) -> float | None:
    """A number, or a text that is one; None where it is neither, or not finite."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if isfinite(found) else None
