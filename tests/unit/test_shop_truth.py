"""The truth that the simulated shop writes: whom it hit, and what became of them."""

import json
from typing import Any, cast

import pytest

from triage.demo.answer import Hit
from triage.demo.catalogue import CHECKOUT, HOME, INVENTORY, PLACE_ORDER, RESERVE
from triage.demo.fault import Fault, Question
from triage.demo.fleet import fleet
from triage.demo.model import Shop
from triage.demo.request import SECOND_NS, Harm, Operation, Order, Request, Span, http_trouble
from triage.demo.scenarios import SCENARIOS
from triage.demo.truth import Truth
from triage.demo.truth_text import rfc3339

T = 1_790_000_000
FROM_S, TO_S = T + 100, T + 200
GATEWAY_1 = fleet(1)["gateway"][0]
ANY = Question()
SLOW = Question(slower_than_ms=2000)


def request(
    at_s: float, customer: str = "c-1", *, entry: Operation = PLACE_ORDER, failed: bool = False, took_s: float = 0.5,
    hit: bool = False, order: Order | None = None,
) -> Request:  # fmt: skip
    """A request at `at_s` seconds into the run; `hit`: inventory failed in it, seen or not."""
    at_ns = int((T + at_s) * SECOND_NS)
    end_ns = at_ns + int(took_s * SECOND_NS)
    trouble = http_trouble(503) if failed else None
    span = Span(entry, GATEWAY_1, b"s" * 8, b"", at_ns, end_ns, 503 if failed else 200, trouble, ())
    harms = [Harm(RESERVE.server, "3.4.2", at_ns, 10, failed=True)] if hit or failed else []
    if took_s > 1:
        harms.append(Harm(entry, GATEWAY_1.version, at_ns, end_ns - at_ns, failed=failed))
    return Request(b"t" * 16, (span,), (), customer, failed, tuple(harms), end_ns, order)


def hits(*requests: Request, question: Question = ANY) -> dict[str, Hit]:
    """The customers hit, of a fault from 100 to 200 seconds into the run."""
    shop = Shop("gateway-5xx")
    truth = Truth(shop, Fault(shop.scenario, FROM_S, TO_S))
    for one in requests:
        truth.tell(one)
    return {hit.customer: hit for hit in truth.answer(question).hits}


def outcome(*requests: Request, question: Question = ANY) -> str:
    return hits(*requests, question=question)["c-1"].outcome


def test_a_customer_who_never_got_through_has_not_recovered() -> None:
    """A success before the failure, or of another errand, or of another customer, is none since."""
    assert outcome(request(90), request(150, failed=True)) == "not_recovered"
    assert outcome(request(150, failed=True), request(160, entry=HOME)) == "not_recovered"
    assert outcome(request(150, failed=True), request(160, "c-2")) == "not_recovered"
    assert outcome(request(150, failed=True), request(150)) == "not_recovered"


def test_a_customer_recovers_with_the_first_success_since() -> None:
    """The same errand went well later, inside the window or after it, however the requests were told."""
    two = hits(request(300), request(250), request(150, failed=True), request(120, failed=True))["c-1"]
    assert (two.outcome, two.failures) == ("recovered", 2)
    assert two.recovered_ns == (T + 250) * SECOND_NS
    assert outcome(request(150, failed=True), request(160), request(170, failed=True)) == "not_recovered"
    assert outcome(request(150, failed=True), request(160), request(210, failed=True)) == "recovered"


def test_each_errand_that_failed_must_go_well_again() -> None:
    """The customer has recovered when the last of their errands has."""
    failures = request(150, failed=True), request(151, entry=HOME, failed=True)
    assert outcome(*failures, request(160)) == "not_recovered"
    both = hits(*failures, request(160), request(190, entry=HOME))["c-1"]
    assert both.recovered_ns == (T + 190) * SECOND_NS


def test_a_failure_that_nobody_saw_is_masked() -> None:
    """A retry or a fallback saved it; one that was seen weighs more."""
    assert outcome(request(150, hit=True)) == "masked"
    assert outcome(request(150, hit=True), request(160, failed=True)) == "not_recovered"


def test_the_window_is_half_open() -> None:
    """A failure at the start counts, one at the end does not."""
    assert hits(request(100, failed=True))
    assert not hits(request(200, failed=True))
    assert not hits(request(99.999, failed=True))


def test_only_what_was_asked_for_counts() -> None:
    """Service, operation, route, partner and version are those of the failing step."""
    failed = request(150, failed=True)
    for question in (Question(INVENTORY), Question(route="/reservations"), Question(version="3.4.2")):
        assert hits(failed, question=question)
    for question in (Question(CHECKOUT), Question(partner="psp"), Question(INVENTORY, version="3.4.3")):
        assert not hits(failed, question=question)


def test_slow_is_to_slowness_what_failed_is_to_failure() -> None:
    """Asked for slowness, a success is neither failed nor slow, and a failure that was quick does not count."""
    slow = request(150, took_s=2.5)
    assert outcome(slow, question=SLOW) == "not_recovered"
    assert outcome(slow, request(160, took_s=2.001), question=SLOW) == "not_recovered"
    assert outcome(slow, request(160, failed=True), question=SLOW) == "not_recovered"
    assert outcome(slow, request(160, took_s=2), question=SLOW) == "recovered"
    assert not hits(request(150, failed=True), question=SLOW)


def test_those_who_are_named_nowhere_are_counted() -> None:
    """A failure of somebody unknown is unattributed, and no customer's."""
    shop = Shop("gateway-5xx")
    truth = Truth(shop, Fault(shop.scenario, FROM_S, TO_S))
    truth.tell(request(150, "", failed=True))
    answer = truth.answer(ANY)
    assert (answer.hits, answer.failures, answer.unattributed_failures) == ((), 1, 1)


def written(scenario: str) -> dict[str, Any]:
    """The truth about a quarter of an hour with five minutes of fault."""
    shop = Shop(scenario, 1, 6)
    fault = shop.fault(T + 100, T + 400)
    truth = Truth(shop, fault)
    for one in shop.between(T, T + 900, fault):
        truth.tell(one)
    return cast("dict[str, Any]", json.loads(truth.to_json()))


@pytest.mark.parametrize("scenario", [one.name for one in SCENARIOS if one.in_requests])
def test_a_fault_hits_customers_of_every_outcome(scenario: str) -> None:
    """The main question of each scenario finds customers of all three outcomes; of slow pages none stays unseen."""
    told = written(scenario)
    outcomes = {customer["outcome"] for customer in told["customers"]}
    assert outcomes | {"masked"} == {"not_recovered", "recovered", "masked"}
    assert ("masked" in outcomes) == (scenario != "cache-storm")
    assert len(told["also"]) == 2
    assert told["question"]["from"] == told["start"] == rfc3339((T + 100) * SECOND_NS)
    assert told["question"]["to"] == told["end"] == rfc3339((T + 400) * SECOND_NS)
    assert told["cause"]


def test_on_a_calm_day_few_notice_anything() -> None:
    """There is no fault to tell of; what fails is saved by a retry, mostly."""
    told = written("calm")
    assert told["start"] is told["end"] is None
    assert "masked" in {customer["outcome"] for customer in told["customers"]}


def test_who_can_not_pay_is_told_though_nothing_fails() -> None:
    """Nobody is hit by a failure; those who wanted to buy are told apart, with what their orders were worth."""
    told = written("kpi-drop")
    assert told["question"] is None
    assert told["customers"] == []
    kept = told["kept_from_buying"]
    assert len(kept["customers"]) > 20
    assert kept["orders"] >= len(kept["customers"])
    assert kept["amount"]["EUR"] > 500
    assert not any(answer["not_recovered"] > 3 for answer in told["also"])
