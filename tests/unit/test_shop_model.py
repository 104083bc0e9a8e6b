"""The simulated shop's model: pure and repeatable, with a rhythm, returning customers and few failures when calm."""

from collections import Counter
from itertools import islice

import pytest

from triage.demo.errors import UnknownScenario
from triage.demo.model import REQUESTS_A_VISIT, Shop
from triage.demo.request import Request
from triage.demo.rhythm import rhythm, week_with_sale
from triage.demo.scenarios import SCENARIOS
from triage.demo.write import otlp_requests

T = 1_790_000_000
WEEK_S = 7 * 86_400
CONTRACT = {
    "calm",
    "gateway-5xx",
    "bad-deploy",
    "inventory-out-of-order",
    "inventory-duplicates",
    "erp-slow",
    "cache-storm",
    "token-expired",
    "contract-drift",
    "kpi-drop",
}


@pytest.fixture(scope="module")
def half_an_hour() -> list[Request]:
    """A calm shop's."""
    return list(Shop(seed=2, rate=20).between(T, T + 1800))


@pytest.mark.parametrize("scenario", [scenario.name for scenario in SCENARIOS])
def test_the_same_seed_gives_the_same_bytes(scenario: str) -> None:
    """Two shops of one seed leave the same telemetry to the bit; another seed leaves other."""

    def told(seed: int) -> list[tuple[str, bytes]]:
        shop = Shop(scenario, seed, 5)
        return list(otlp_requests(shop.between(T, T + 60, shop.fault(T + 20, T + 40))))

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_the_same_people_do_the_same_things_at_another_opening() -> None:
    """A week later the same seed plays the same visits, under other trace ids."""
    first, second = (list(Shop(seed=4, rate=5).between(at_s, at_s + 120)) for at_s in (T, T + WEEK_S))
    assert [(request.entry.operation, request.customer) for request in first] == [
        (request.entry.operation, request.customer) for request in second
    ]
    assert {request.trace_id for request in first}.isdisjoint(request.trace_id for request in second)


def test_a_fault_touches_nothing_before_it_begins() -> None:
    """Up to the fault's start a broken shop is the calm one."""
    calm, broken = Shop("calm", 3, 5), Shop("gateway-5xx", 3, 5)
    before = [list(shop.between(T, T + 100, shop.fault(T + 100, T + 200))) for shop in (calm, broken)]
    assert before[0]
    assert list(map(repr, before[0])) == list(map(repr, before[1]))


def test_a_fault_may_be_begun_while_the_shop_is_open() -> None:
    """A fault begun between two requests is seen from its start on."""
    shop = Shop("gateway-5xx", 5, 5)
    fault = shop.fault()
    requests = shop.between(T, T + 300, fault)
    assert not any(request.failed for request in islice(requests, 200))
    fault.begin(T + 120, T + 300)
    failed = [request for request in requests if request.failed]
    assert len(failed) > 10
    assert sum(request.entry.start_ns >= fault.start_ns for request in failed) > 10


def test_requests_come_in_order_within_their_window() -> None:
    """All start within the window, in order."""
    starts = [request.entry.start_ns for request in Shop(rate=5).between(T, T + 300)]
    assert starts == sorted(starts)
    assert starts[0] >= T * 10**9
    assert starts[-1] < (T + 300) * 10**9


def test_the_rate_is_the_mean_over_a_week(half_an_hour: list[Request]) -> None:
    """The rhythm has ups and downs, and a mean of 1; a visit has as many requests as the rate is reckoned with."""
    week = [rhythm(T + 60 * minute) for minute in range(7 * 24 * 60)]
    assert sum(week) / len(week) == pytest.approx(1, abs=0.01)
    assert max(week) / min(week) > 3
    visits = sum(request.opens_visit for request in half_an_hour)
    assert len(half_an_hour) / visits == pytest.approx(REQUESTS_A_VISIT, rel=0.08)


def test_a_long_run_has_nights_and_a_sale() -> None:
    """The mean over a week is 1, nights have a hundredth of that, and one day is far busier than the others."""
    for seed in range(1, 4):
        week = [week_with_sale(seed)(minute * 60) for minute in range(7 * 24 * 60)]
        days = sorted(sum(week[day * 1440 : (day + 1) * 1440]) / 1440 for day in range(7))
        assert sum(week) / len(week) == pytest.approx(1, abs=0.02)
        assert min(week) == pytest.approx(0.01, rel=0.3)
        assert days[-1] > 2 * days[-2]


def test_customers_return_and_some_are_never_named(half_an_hour: list[Request]) -> None:
    """Customers come back, most requests name theirs somewhere, and people who only browse stay unnamed."""
    visits = Counter(request.customer for request in half_an_hour if request.opens_visit and request.customer)
    assert max(visits.values()) > 3
    named = sum(bool(request.customer) for request in half_an_hour) / len(half_an_hour)
    assert 0.5 < named < 0.8


def test_little_fails_on_a_calm_day(half_an_hour: list[Request]) -> None:
    """Between 1 and 4 of a thousand requests meet a failure, and most of those failures nobody sees."""
    harmed = sum(any(harm.failed for harm in request.harms) for request in half_an_hour)
    failed = sum(request.failed for request in half_an_hour)
    assert 0.001 < harmed / len(half_an_hour) < 0.004
    assert 0 < failed < harmed / 2


def test_every_scenario_of_the_contract_is_there() -> None:
    """A wrong name is answered with those that exist."""
    assert {scenario.name for scenario in SCENARIOS} == CONTRACT
    with pytest.raises(UnknownScenario, match=r"'calmer'.* calm, gateway-5xx, bad-deploy, inventory-out-of-order"):
        Shop("calmer")
