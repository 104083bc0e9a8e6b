"""What a customer wanted, in a support person's words."""

import pytest

from triage.story import wanted


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ("POST /checkout", "to check out"),
        ("POST /api/v2/Checkout/", "to check out"),
        ("PUT /cart", "to put something into the cart"),
        ("POST /orders", "to order"),
        ("GET /checkout", ""),
        ("GET /orders", ""),
        ("POST /stock/{sku}", ""),
        ("checkout", ""),
        ("", ""),
    ],
)
def test_an_operation_is_told_as_what_was_wanted(operation: str, words: str) -> None:
    """Where its name tells; looking at something is not doing it."""
    assert wanted(operation) == words
