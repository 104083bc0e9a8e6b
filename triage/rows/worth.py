"""What orders are worth, by the spans that name them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from triage.rows.concerned import LOOKBACK
from triage.symptom import Ask

AT_ONCE = 1000


def worth(ask: Ask, orders: Iterable[str], began: datetime, as_of: datetime) -> Mapping[str, Mapping[str, Decimal]]:
    """By order and currency: the largest amount that a span tells, from two hours before `began`. Raises StoreError."""
    found: dict[str, dict[str, Decimal]] = {}
    names = sorted(set(orders))
    for first in range(0, len(names), AT_ONCE):
        asked = {"from": began - LOOKBACK, "to": as_of}
        for order, currency, amount in ask(
            "incidents/order_amounts", **asked, orders=names[first : first + AT_ONCE]
        ).rows():
            found.setdefault(str(order), {})[str(currency)] = Decimal(amount)
    return found
