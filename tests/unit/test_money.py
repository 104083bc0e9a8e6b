"""Sums of money are told with the digits that their currency has, and lose none that are not zero."""

from decimal import Decimal

import pytest

from triage.money import amounts


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        (Decimal("18211.4"), "EUR", "18,211.40 EUR"),
        (Decimal(3), "USD", "3.00 USD"),
        (Decimal("1234.0000"), "JPY", "1,234 JPY"),
        (Decimal("100.0000"), "KRW", "100 KRW"),
        (Decimal("0.125"), "KWD", "0.125 KWD"),
        (Decimal(12), "kwd", "12.000 kwd"),
        (Decimal(5), "???", "5.00 ???"),
        (Decimal(5), "", "5.00 (no currency)"),
        (0.125, "KWD", "0.125 KWD"),
        (49.9, "EUR", "49.90 EUR"),
    ],
)
def test_a_sum_has_its_currency_s_digits(amount: Decimal | float, currency: str, told: str) -> None:
    """By ISO 4217: mostly two, none of yen, three of dinars."""
    assert amounts({currency: amount}) == told


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        (Decimal("12.3450"), "EUR", "12.345 EUR"),
        (Decimal("0.0040"), "EUR", "0.004 EUR"),
        (Decimal("0.0001"), "KWD", "0.0001 KWD"),
        (Decimal("1234.5"), "JPY", "1,234.5 JPY"),
        (Decimal("-0.125"), "EUR", "-0.125 EUR"),
    ],
)
def test_digits_that_are_not_zero_are_kept(amount: Decimal, currency: str, told: str) -> None:
    """All four that the store keeps, so that no page differs from the API."""
    assert amounts({currency: amount}) == told


def test_the_noise_of_a_float_is_not_told() -> None:
    """A sum of three tenths is that, and a large one has no digits of its own making."""
    assert amounts({"EUR": 0.1 + 0.2}) == "0.30 EUR"
    assert amounts({"EUR": 1_234_567_890_123.4}) == "1,234,567,890,123.40 EUR"


def test_sums_stand_by_currency() -> None:
    """And nothing is nothing."""
    assert amounts({"USD": Decimal(3), "EUR": Decimal("1.5")}, "_") == "1.50_EUR + 3.00_USD"
    assert amounts({}) == ""
