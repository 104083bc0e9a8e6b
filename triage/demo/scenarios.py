"""The ways in which the shop breaks, one entry a scenario; those of the contract that are not built yet by name."""

from triage.demo.catalogue import (
    ADD_TO_CART,
    BOOK,
    CHECKOUT,
    CONDITIONS,
    GATEWAY,
    INVENTORY,
    PLACE_ORDER,
    RESERVE,
    STOCK,
    TO_CHECKOUT,
)
from triage.demo.errors import UnknownScenario
from triage.demo.fault import Question, Scenario, Step
from triage.demo.request import Trouble

_NO_CONNECTION = Trouble(503, "psycopg.OperationalError", "FATAL: remaining connection slots are reserved", 35)
_NULL_POINTER = Trouble(500, "java.lang.NullPointerException", 'Cannot invoke "Rate.of(Currency)": "rate" is null', 3)


def _out_of_connections(step: Step) -> Trouble | None:
    return _NO_CONNECTION if step.dice.random() < 0.8 else None


def _foreign_currency_fails(step: Step) -> Trouble | None:
    foreign = step.order is not None and step.order.currency != "EUR"
    return _NULL_POINTER if foreign and step.version == BAD_VERSION else None


def _erp_drags(step: Step) -> Trouble | None:
    return Trouble(0, "", delay_ms=2500 + 5500 * step.dice.random()) if step.dice.random() < 0.85 else None


BAD_VERSION = "2.4.0"

SCENARIOS = (
    Scenario(
        name="calm",
        fault="nothing is wrong; now and then a request fails, as on any day",
        cause="",
        questions=(Question(), Question(service=CHECKOUT), Question(partner="psp")),
    ),
    Scenario(
        name="gateway-5xx",
        fault="inventory answers 503 to most calls, and so the gateway to carts and orders",
        cause="inventory's database has no connection left",
        questions=(
            Question(service=INVENTORY),
            Question(service=GATEWAY, operation=PLACE_ORDER.name),
            Question(route=ADD_TO_CART.route),
        ),
        places=frozenset({STOCK.server, RESERVE.server}),
        strike=_out_of_connections,
    ),
    Scenario(
        name="bad-deploy",
        fault=f"checkout {BAD_VERSION} answers 500 to orders that are not in EUR",
        cause=f"deploy of checkout {BAD_VERSION} to half of its hosts",
        questions=(
            Question(service=CHECKOUT, version=BAD_VERSION),
            Question(service=GATEWAY, route=PLACE_ORDER.route),
            Question(service=GATEWAY),
        ),
        places=frozenset({TO_CHECKOUT.server}),
        strike=_foreign_currency_fails,
        released=((CHECKOUT, BAD_VERSION),),
    ),
    Scenario(
        name="erp-slow",
        fault="checkout takes seconds, as it waits for the ERP",
        cause="synchronous call to the ERP, which answers some seconds late",
        questions=(
            Question(service=CHECKOUT, slower_than_ms=2000),
            Question(partner="erp", slower_than_ms=2000),
            Question(service=GATEWAY, operation=PLACE_ORDER.name, slower_than_ms=1500),
        ),
        places=frozenset({BOOK, CONDITIONS}),
        strike=_erp_drags,
    ),
)

NOT_BUILT_YET = (
    "inventory-out-of-order",
    "inventory-duplicates",
    "cache-storm",
    "token-expired",
    "contract-drift",
    "kpi-drop",
)


def scenario_named(name: str) -> Scenario:
    """The scenario of that name. Raises UnknownScenario, which lists those that exist."""
    for scenario in SCENARIOS:
        if scenario.name == name:
            return scenario
    known = ", ".join(scenario.name for scenario in SCENARIOS)
    if name in NOT_BUILT_YET:
        raise UnknownScenario(f"scenario {name!r} is not built yet; there are: {known}")
    raise UnknownScenario(f"no scenario is called {name!r}; there are: {known}")
