"""Sums of money: added up by currency, and in words, alike wherever they are told."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from triage.odd import one_line

LONGEST_CURRENCY = 10
KEPT_DIGITS = 4
"""Digits after the point that the store keeps."""
USUAL_DIGITS = 2
DIGITS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip
"""Digits of a currency's minor unit by ISO 4217, where they are not the usual two."""


def added(many: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """All of them together, each currency by itself, in the order of their names."""
    sums: dict[str, Decimal] = {}
    for currency, amount in (pair for each in many for pair in each.items()):
        sums[currency] = sums.get(currency, Decimal(0)) + amount
    return dict(sorted(sums.items()))


def amounts(by_currency: Mapping[str, Decimal | float], gap: str = " ") -> str:
    """`18,211.40 EUR + 0.125 KWD`, by currency; "" of nothing. A currency is what telemetry says: hostile text."""
    return " + ".join(
        f"{_written(amount, currency)}{gap}{one_line(currency, LONGEST_CURRENCY) or '(no currency)'}"
        for currency, amount in sorted(by_currency.items())
    )


def digits(amount: Decimal) -> str:
    """With the digits that it has and no zeros behind them, for programs: `49.9`."""
    return f"{amount.normalize():f}"


def _written(amount: Decimal | float, currency: str) -> str:
    """With the currency's digits, and more where the store has more that are not zero."""
    whole, _, part = f"{Decimal(str(amount)):,.{KEPT_DIGITS}f}".partition(".")
    part = part.rstrip("0").ljust(DIGITS.get(currency.upper(), USUAL_DIGITS), "0")
    return f"{whole}.{part}" if part else whole
