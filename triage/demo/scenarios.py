"""The ways in which the shop breaks, one entry a scenario."""

from triage.demo.catalogue import (
    ADD_TO_CART,
    AGREEMENTS,
    BOOK,
    CHARGE,
    CHECKOUT,
    CONDITIONS,
    CONTRACTS,
    FULFILMENT,
    GATEWAY,
    INVENTORY,
    LEGACY_CONTENT,
    ORDER_STATUS,
    PAY_BUTTON,
    PLACE_ORDER,
    PRICING,
    RESERVE,
    STOCK,
    STOREFRONT,
    TO_CHECKOUT,
    WMS_SHIP,
    WMS_STATUS,
    WMS_STOCK,
)
from triage.demo.errors import UnknownScenario
from triage.demo.fault import Question, Scenario, Step
from triage.demo.request import Trouble

_NO_CONNECTION = Trouble(503, "psycopg.OperationalError", "FATAL: remaining connection slots are reserved", 35)
_NULL_POINTER = Trouble(500, "java.lang.NullPointerException", 'Cannot invoke "Rate.of(Currency)": "rate" is null', 3)
_TOKEN_EXPIRED = Trouble(
    401,
    "401",
    "invalid_token: the access token has expired",
    attributes=(("http.response.header.www-authenticate", ('Bearer realm="paywell", error="invalid_token"',)),),
)
_FIELD_UNKNOWN = Trouble(
    422, "422", 'validation failed: shipTo.countryCode: field required; shipTo.country: unknown field "country"'
)
_FIELD_MISSING = Trouble(400, "400", "validation failed: query.warehouseId: field required")


def _out_of_connections(step: Step) -> Trouble | None:
    return _NO_CONNECTION if step.dice.random() < 0.8 else None


def _foreign_currency_fails(step: Step) -> Trouble | None:
    foreign = step.order is not None and step.order.currency != "EUR"
    return _NULL_POINTER if foreign and step.version == BAD_VERSION else None


def _erp_drags(step: Step) -> Trouble | None:
    return Trouble(0, "", delay_ms=2500 + 5500 * step.dice.random()) if step.dice.random() < 0.85 else None


def _token_expired(step: Step) -> Trouble | None:
    return _TOKEN_EXPIRED if step.dice.random() < 0.92 else None


def _contract_moved(step: Step) -> Trouble | None:
    if step.dice.random() >= 0.9:
        return None
    return _FIELD_UNKNOWN if step.operation is WMS_SHIP else _FIELD_MISSING


def _under_load(step: Step) -> Trouble | None:
    """Whoever must answer in the cache's place is asked so much more often that each answer takes a little longer."""
    return Trouble(0, "", delay_ms=20 + 160 * step.dice.random())


BAD_VERSION = "2.4.0"
NEW_CONTRACT = "5.0"

_ANY_FAILURE = (Question(), Question(service=CHECKOUT), Question(partner="psp"))

SCENARIOS = (
    Scenario(
        name="calm",
        fault="nothing is wrong; now and then a request fails, as on any day",
        cause="",
        questions=_ANY_FAILURE,
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
        name="inventory-out-of-order",
        fault="reservations that inventory applies late write over newer counts, and its counts are wrong",
        cause="events of one sku are consumed by several workers at a time, and applied out of order",
        questions=_ANY_FAILURE,
        late=0.25,
    ),
    Scenario(
        name="inventory-duplicates",
        fault="inventory books pieces of orders twice, so that it counts less than there is, and some below zero",
        cause="the consumer restarts before it commits its offsets, and does not know what it has applied already",
        questions=_ANY_FAILURE,
        twice=0.3,
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
        places=frozenset({BOOK, CONDITIONS, AGREEMENTS}),
        strike=_erp_drags,
    ),
    Scenario(
        name="cache-storm",
        fault="the cache misses nearly always, and pages and checkout wait for the systems behind it",
        cause="the cache lost its memory and evicts entries before they are used; each miss is asked of the ERP,"
        " the warehouse or the monolith",
        questions=(
            Question(service=CHECKOUT, slower_than_ms=1000),
            Question(service=PRICING, slower_than_ms=800),
            Question(service=STOREFRONT, slower_than_ms=400),
        ),
        places=frozenset({CONDITIONS, AGREEMENTS, WMS_STOCK, LEGACY_CONTENT.server}),
        strike=_under_load,
        cache_hits=0.04,
    ),
    Scenario(
        name="token-expired",
        fault="the payment provider answers 401 to nearly all charges, and checkout 502 to orders",
        cause="the access token for the payment provider has expired",
        questions=(
            Question(partner="psp"),
            Question(service=CHECKOUT),
            Question(service=GATEWAY, operation=PLACE_ORDER.name),
        ),
        places=frozenset({CHARGE}),
        strike=_token_expired,
    ),
    Scenario(
        name="contract-drift",
        fault="the warehouse refuses most shipments (422) and questions about them (400) as not valid",
        cause=f"the warehouse's contract went from {CONTRACTS['wms']} to {NEW_CONTRACT}, which renames a field and"
        " demands another",
        questions=(
            Question(partner="wms"),
            Question(service=FULFILMENT),
            Question(service=GATEWAY, route=ORDER_STATUS.route),
        ),
        places=frozenset({WMS_SHIP, WMS_STATUS}),
        strike=_contract_moved,
        contracts=(("wms", NEW_CONTRACT),),
    ),
    Scenario(
        name="kpi-drop",
        fault="most customers can't pay, as their browser shows no pay button; nothing fails or is slow",
        cause=f"the feature flag {PAY_BUTTON} went to the variant express, which shows no pay button",
        questions=_ANY_FAILURE,
        unsold=0.75,
    ),
)


def scenario_named(name: str) -> Scenario:
    """The scenario of that name. Raises UnknownScenario, which lists those that exist."""
    for scenario in SCENARIOS:
        if scenario.name == name:
            return scenario
    known = ", ".join(scenario.name for scenario in SCENARIOS)
    raise UnknownScenario(f"no scenario is called {name!r}; there are: {known}")
