"""Sums of money in words, alike wherever they are told."""

from collections.abc import Mapping
from decimal import Decimal

from triage.odd import one_line

LONGEST_CURRENCY = 10


def amounts(by_currency: Mapping[str, Decimal | float], gap: str = " ") -> str:
    """`18,211.40 EUR + 3.00 USD`, by currency; "" of nothing. A currency is what telemetry says: hostile text."""
    return " + ".join(
        f"{amount:,.2f}{gap}{one_line(currency, LONGEST_CURRENCY) or '(no currency)'}"
        for currency, amount in sorted(by_currency.items())
    )
