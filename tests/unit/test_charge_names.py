"""What spans of a payment are called that charge, and those that only ask of it or undo it."""

import re

import pytest

from triage.compensation.charges import CHARGING, NO_CHARGE


def is_charge(name: str) -> bool:
    """As queries/incidents/charges.sql asks; what stands in both expressions means the same in re2."""
    return bool(re.search(CHARGING, name.lower())) and not re.search(NO_CHARGE, name)


@pytest.mark.parametrize(
    "name",
    [
        "charges.list", "payments.get", "stripe.charges.list", "payments.delete", "payment list", "payments GET",
        "payments-api: GET /v1/payments/{id}", "Stripe GET /v1/charges/{id}", "GET:/payments/{id}",
        "[GET] /payments/{id}", "https GET /payments", "payment-client get payment", "list_payments payments",
        "PaymentApi.getPayment payment", "payments.v1.Payments/FetchPayment", "charge ChargeService.ChargesList",
        "HEAD /v1/payments/{id}", "HTTP OPTIONS /v1/payments", "charges.retrieve", "void payment", "payment/voidCharge",
    ],
)  # fmt: skip
def test_a_verb_that_asks_or_undoes_is_none_wherever_it_stands(name: str) -> None:
    """As a word of its own, or one of camel case."""
    assert not is_charge(name)


@pytest.mark.parametrize(
    "name",
    [
        "POST /v1/charges", "capture", "PaymentApi.createPayment payment", "payments.Api/CreatePayment",
        "POST /getnet/v1/payments", "POST /GETNET/v1/payments", "getnet.Payments/Charge", "POST /headless/v1/payments",
        "POST /voidpay/charge", "POST /v1/widget/payments", "payment options charge", "charge listener",
    ],
)  # fmt: skip
def test_what_only_begins_or_ends_like_one_is_a_charge(name: str) -> None:
    """A provider's name, or another word."""
    assert is_charge(name)
