"""What is at risk for those whom several symptoms hit, from the store."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from queries.store import Store
from tests.integration.otlp import segment, token, traces
from tests.integration.small_shop import FROM, Checkout
from tests.symptoms import gateway_errors
from triage.incident.impact import hit_by, impact_of
from triage.incident.model import Answer, Incident, State, Tracked
from triage.model import Question
from triage.symptom import Severity, Symptom

pytestmark = pytest.mark.integration
OVER_HTTP = ()


def failing(service: str) -> Symptom:
    question = Question(FROM, FROM + timedelta(minutes=5), service=service)
    return replace(gateway_errors(service), from_=FROM, question=question)


def test_an_order_that_two_symptoms_tell_counts_once_and_all_others_do(store: Store) -> None:
    """One fails for the first two orders, the other for the last two: three are at risk."""
    requests = (
        Checkout(1, "c-1", 10, False, True, "o-1"),
        Checkout(2, "c-1", 20, True, True, "o-2"),
        Checkout(3, "c-1", 30, True, False, "o-3"),
    )
    gateway = traces(*(each.gateway() for each in requests), resource={"service.name": "gateway"})
    payment = traces(*(each.payment() for each in requests), resource={"service.name": "payment"})
    store.insert("traces", segment(gateway, payment), token())
    symptoms = tuple(Tracked(failing(service), True, FROM, FROM, 1.0) for service in ("gateway", "payment"))
    answer = Answer("…", Severity.CRITICAL)
    incident = Incident("INC-1", "x", State.OPEN, answer, FROM, FROM, symptoms=symptoms)
    now = FROM + timedelta(minutes=5)
    (customer,) = hit_by(store, incident, now).customers
    assert (sorted(customer.orders), customer.amount) == (["o-1", "o-2", "o-3"], {"EUR": Decimal("149.7")})
    assert impact_of(store, incident, now).amount_at_risk == {"EUR": Decimal("149.7")}
