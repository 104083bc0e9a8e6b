"""What is at risk for those whom several symptoms hit, and how often something failed for them, from the store."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from queries.store import Store
from tests.integration.otlp import Plain, segment, token, traces
from tests.integration.small_shop import FROM, Checkout
from tests.loading import empty
from tests.symptoms import gateway_errors
from triage.incident.impact import hit_by, impact_of
from triage.incident.model import Answer, Incident, State, Tracked
from triage.model import Question
from triage.symptom import Severity, Symptom

pytestmark = pytest.mark.integration
OVER_HTTP = ()
NOW = FROM + timedelta(minutes=5)


def of(*symptoms: Symptom) -> Incident:
    tracked = tuple(Tracked(each, True, FROM, FROM, 1.0) for each in symptoms)
    return Incident("INC-1", "x", State.OPEN, Answer("…", Severity.CRITICAL), FROM, FROM, symptoms=tracked)


def failing(service: str) -> Symptom:
    question = Question(FROM, NOW, service=service)
    return replace(gateway_errors(service), from_=FROM, question=question)


def test_an_order_that_two_symptoms_tell_counts_once_and_all_others_do(store: Store) -> None:
    """One fails for the first two orders, the other for the last two: three are at risk."""
    empty(store)
    requests = (
        Checkout(1, "c-1", 10, False, True, "o-1"),
        Checkout(2, "c-1", 20, True, True, "o-2"),
        Checkout(3, "c-1", 30, True, False, "o-3"),
    )
    gateway = traces(*(each.gateway() for each in requests), resource={"service.name": "gateway"})
    payment = traces(*(each.payment() for each in requests), resource={"service.name": "payment"})
    store.insert("traces", segment(gateway, payment), token())
    incident = of(failing("gateway"), failing("payment"))
    (customer,) = hit_by(store, incident, NOW).customers
    assert (sorted(customer.orders), customer.amount) == (["o-1", "o-2", "o-3"], {"EUR": Decimal("149.7")})
    assert impact_of(store, incident, NOW).amount_at_risk == {"EUR": Decimal("149.7")}


def test_an_order_of_two_customers_is_at_risk_once(store: Store) -> None:
    """Whether one symptom tells it, or several."""
    empty(store)
    orders = (("a", "o-1"), ("b", "o-1"), ("b", "o-2"), ("c", "o-3"))
    requests = [Checkout(number, who, number, True, True, order) for number, (who, order) in enumerate(orders, 1)]
    gateway = traces(*(each.gateway() for each in requests), resource={"service.name": "gateway"})
    payment = traces(*(each.payment() for each in requests), resource={"service.name": "payment"})
    store.insert("traces", segment(gateway, payment), token())
    at_risk = {"EUR": Decimal("149.7")}
    assert impact_of(store, of(failing("payment")), NOW).amount_at_risk == at_risk
    assert impact_of(store, of(failing("payment"), failing("nobody")), NOW).amount_at_risk == at_risk


def test_a_failure_that_two_symptoms_of_different_times_tell_counts_once(store: Store) -> None:
    """A detector found a version's from the first on, an alert the service's a little later."""
    empty(store)
    requests = [Checkout(number, f"c-{number}", number, True, True) for number in range(1, 21)]
    gateway = traces(*(each.gateway() for each in requests), resource={"service.name": "gateway"})
    served: dict[str, Plain] = {"service.name": "payment", "service.version": "2.4.0"}
    store.insert("traces", segment(gateway, traces(*(each.payment() for each in requests), resource=served)), token())
    found = failing("payment")
    assert found.question
    found = replace(found, question=replace(found.question, version="2.4.0"))
    later = FROM + timedelta(seconds=5)
    told = replace(failing("payment"), detector="PaymentErrors", from_=later)
    for incident in (of(found), of(found, told)):
        impact = impact_of(store, incident, NOW)
        assert (impact.customers, impact.failures, impact.failed_requests) == (20, 20, 20)
    assert {each.failures for each in hit_by(store, of(found, told), NOW).customers} == {1}
