"""The detectors on a real engine: each fault of a small shop is found, with its cause and those whom it hit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from queries.store import Store, varint
from tests.bench.staged import insert_all
from tests.loading import empty
from triage.affected.answer import everyone
from triage.demo.model import Shop
from triage.demo.post import CDC_PATH
from triage.demo.stream import posts
from triage.demo.truth import Truth
from triage.demo.write import otlp_requests
from triage.detectors import DETECTORS, symptoms_at, window_at
from triage.detectors.inventory import inventory
from triage.symptom import Cause, Symptom

pytestmark = pytest.mark.integration

OPENS = 1_790_085_600  # a Tuesday, 14:00
HISTORY_S, FAULT_S, RATE = 1800, 180, 4.0
FAULTS = {
    "gateway-5xx": ("gateway_errors", Cause.PROVIDER_FAILING),
    "bad-deploy": ("gateway_errors", Cause.BAD_DEPLOY),
    "token-expired": ("partner_integration", Cause.TOKEN_EXPIRED),
    "contract-drift": ("partner_integration", Cause.CONTRACT_DRIFT),
    "erp-slow": ("slow_checkout", Cause.ERP_SYNC),
    "cache-storm": ("slow_checkout", Cause.CACHE_MISSES),
}


@dataclass(frozen=True)
class Run:
    """A store with a shop's hour, and what happened there."""

    store: Store
    truth: Truth
    ends: datetime

    @property
    def customers(self) -> set[str]:
        """Those whom the fault hit."""
        return {hit.customer for hit in self.truth.answer(self.truth._shop.scenario.questions[0]).hits}


def run(store: Store, scenario: str, rate: float = RATE) -> Run:
    """The shop is open for a while, then breaks until the end."""
    empty(store)
    shop = Shop(scenario, 3, rate)
    fault = shop.fault(OPENS + HISTORY_S, OPENS + HISTORY_S + FAULT_S)
    truth = Truth(shop, fault)
    requests = list(shop.between(OPENS, OPENS + HISTORY_S + FAULT_S, fault))
    for request in requests:
        truth.tell(request)
    sent = list(otlp_requests(requests, 4000))
    for signal in ("traces", "logs"):
        body = b"".join(varint(len(record)) + record for kind, record in sent if kind == signal)
        store.insert(signal, body, f"{signal}-{scenario}-{rate}")
    return Run(store, truth, moment(HISTORY_S + FAULT_S))


def moment(second: float) -> datetime:
    return datetime.fromtimestamp(OPENS + second, UTC)


def named(store: Store, symptom: Symptom) -> set[str]:
    assert symptom.question
    return {each.customer for each in everyone(store, symptom.question)}


@pytest.mark.parametrize("scenario", FAULTS)
def test_a_fault_is_found_with_its_cause_and_its_customers(own_store: Store, scenario: str) -> None:
    """Within two minutes; the first detector that speaks is the one that names it; nobody but those hit is named."""
    made = run(own_store, scenario)
    found = symptoms_at(own_store.ask, made.ends)
    detector, cause = FAULTS[scenario]
    assert found
    assert (found[0].detector, found[0].cause) == (detector, cause)
    assert named(own_store, found[0]) == made.customers
    assert len({service for symptom in found for service in symptom.services}) == 1
    early = symptoms_at(own_store.ask, moment(HISTORY_S + 120))
    assert early[0].key == found[0].key
    assert early == symptoms_at(own_store.ask, moment(HISTORY_S + 120)), "the past tells the same again"
    assert not symptoms_at(own_store.ask, moment(HISTORY_S)), "nothing of what comes later is known"


@pytest.mark.parametrize("rate", [8.0, 0.05])
def test_nothing_is_found_where_nothing_is_wrong(own_store: Store, rate: float) -> None:
    """On an ordinary day, and in a night with a request now and then."""
    run(own_store, "calm", rate)
    for minute in range(10, (HISTORY_S + FAULT_S) // 60, 4):
        assert symptoms_at(own_store.ask, moment(60 * minute)) == []


ROWS = {"inventory-out-of-order": Cause.EVENT_ORDER, "inventory-duplicates": Cause.NO_IDEMPOTENCY, "calm": None}


@pytest.mark.parametrize("scenario", ROWS)
def test_rows_that_can_not_be_right_are_found_from_the_first_minutes_on(own_store: Store, scenario: str) -> None:
    """With their cause; on an ordinary day movements of less than nothing are no oversold stock."""
    empty(own_store)
    shop = Shop(scenario, 3, 6.0)
    sent = posts(shop, OPENS, OPENS + 900, shop.fault(OPENS + 720, OPENS + 900))
    insert_all(own_store, (post for post in sent if post.path == CDC_PATH))
    causes = {
        symptom.cause
        for second in range(60, 901, 120)
        for symptom in inventory(window_at(moment(second)), own_store.ask)
    }
    assert causes == ({ROWS[scenario]} if ROWS[scenario] else set())


def test_an_empty_store_has_no_symptoms(own_store: Store) -> None:
    """The first minute of the program's life."""
    empty(own_store)
    assert symptoms_at(own_store.ask, moment(0)) == []


def test_a_detector_that_fails_costs_itself_alone(own_store: Store) -> None:
    """It is told by its name; the others go on."""
    failed: list[str] = []

    def broken(window: object, ask: object) -> Iterator[Symptom]:
        raise ValueError("no")

    assert symptoms_at(own_store.ask, moment(0), (broken, *DETECTORS), lambda name, _: failed.append(name)) == []
    assert failed == ["broken"]
