"""`triage doctor` on names: of customers and orders that no setting names, of entries, and of partners."""

from collections.abc import Iterator

import pytest

from queries.store import Store
from tests.integration.doctor_hours import CLIENT, FAILED, INTERNAL, Hour, trace_numbers
from tests.integration.otlp import Plain
from triage.doctor import business, entries

pytestmark = pytest.mark.integration
OVER_HTTP = ("test_entries_that_share_a_name",)


@pytest.fixture
def hour(store: Store) -> Iterator[Hour]:
    store.command("TRUNCATE TABLE partners")
    yield Hour(store)
    store.command("TRUNCATE TABLE partners")
    store.command("TRUNCATE TABLE arrivals")


def test_customers_that_are_named_by_a_key_of_no_setting(hour: Hour) -> None:
    """Though nothing fails, it is told which key to name in which setting; few values are no customers."""
    hour.requests("web", *({"app.user_id": f"u-{n}", "aws.account.id": "12"} for n in range(30)))
    hour.requests("web", *({"customer.id": f"c-{n}", "app.user_id": f"u-{n}"} for n in range(10)))
    hour.requests("feed", *({} for _ in range(200)))
    (finding,) = hour.found(business.customers)
    assert (finding.service, finding.lacks, finding.count, finding.of) == ("web", True, 30, 40)
    assert "app.user_id" in finding.sentence
    assert "TRIAGE_CUSTOMER_KEYS=customer.id,user.id,enduser.id,app.customer.id,app.user_id" in finding.change


def test_failures_of_customers_that_are_named_by_a_key_of_no_setting(hour: Hour) -> None:
    """It is not proposed to set what is there already, on a span of another service."""
    ids = [next(trace_numbers) for _ in range(10)]
    hour.put("edge", *(hour.span(trace, status=FAILED) for trace in ids))
    hour.put("till", *(hour.span(trace, 2, 1, {"app.user.id": f"u-{trace}"}) for trace in ids))
    failing, beginning = hour.found(business.customers)
    assert (failing.service, failing.count) == (beginning.service, beginning.count) == ("edge", 10)
    assert failing.change == beginning.change
    assert "customer_keys" in failing.change


def test_nobody_is_named_at_all(hour: Hour) -> None:
    """Then no answer is of use; a few requests of visitors say nothing."""
    hour.requests("web", *({} for _ in range(100)))
    hour.requests("seldom", *({} for _ in range(20)))
    (finding,) = hour.found(business.customers)
    assert (finding.service, finding.count, finding.of) == ("web", 100, 100)
    assert finding.change.startswith("set customer.id")


def test_services_that_name_nobody_beside_others_that_do(hour: Hour) -> None:
    """That is worth knowing; feeds and health checks are of no customer."""
    hour.requests("web", {"customer.id": "c-1"})
    hour.requests("feed", *({} for _ in range(200)))
    (finding,) = hour.found(business.customers)
    assert (finding.service, finding.lacks) == ("feed", False)


def test_orders_that_are_named_by_keys_of_no_setting(hour: Hour) -> None:
    """Ids first; with these known, amounts and currencies."""
    alike: dict[str, Plain] = {"app.order.amount": 9.5, "app.user.currency": "EUR"}
    hour.requests("till", *({"app.order.id": f"o-{n}"} for n in range(10)))
    (finding,) = hour.found(business.orders)
    assert "TRIAGE_ORDER_KEYS=order.id,app.order.id" in finding.change
    hour.requests("till", *({**alike, "order.id": f"o-{n}", "app.order.amount": n + 0.5} for n in range(10)))
    hour.requests("till", {"order.id": "o-priced", "order.amount": 3})
    amounts, currencies = hour.found(business.orders)
    assert "TRIAGE_AMOUNT_KEYS=order.amount,app.order.amount" in amounts.change
    assert "TRIAGE_CURRENCY_KEYS=order.currency,app.user.currency" in currencies.change


def test_entries_that_are_named_after_paths(hour: Hour) -> None:
    """Nearly as many names as requests, be it by ids or by words; a shop with many routes has none such."""
    words = [f"GET /{chr(97 + n // 26)}/{chr(97 + n % 26)}" for n in range(110)]
    hour.called("words", words)
    hour.called("routes", words * 3)
    hour.called("ids", [*(f"GET /api/orders/{n * 7}" for n in range(60)), *["GET /"] * 500])
    found = {finding.service: (finding.count, finding.of) for finding in hour.found(entries.many_names)}
    assert found == {"ids": (61, 560), "words": (110, 110)}


def test_entries_that_share_a_name(hour: Hour) -> None:
    """A proxy's one name for all routes or paths, or one for all GraphQL operations."""
    buy: dict[str, Plain] = {"http.method": "POST", "http.route": "/checkout"}
    look: dict[str, Plain] = {"http.method": "GET", "http.route": "/product/{id}"}
    hour.requests("kong", *[buy, look] * 10, name="kong")
    paths = ("/api/cart/7", "/api/checkout?x=1", "/")
    hour.requests(
        "envoy", *({"http.method": "GET", "http.url": f"http://shop{path}"} for path in paths * 10), name="GET"
    )
    for_all = [(next(trace_numbers), operation) for operation in ("Home", "Cart", "PlaceOrder") * 10]
    hour.put("bff", *(hour.span(trace, name="POST /graphql") for trace, _ in for_all))
    hour.put(
        "bff",
        *(hour.span(trace, 2, 1, {"graphql.operation.name": each}, kind=INTERNAL) for trace, each in for_all),
    )
    found = {finding.service: finding.sentence for finding in hour.found(entries.shared_names)}
    assert set(found) == {"kong", "envoy", "bff"}
    assert "called kong are for 2 different things, such as /checkout, /product/{id}:" in found["kong"]
    assert "3 different things, such as /, /api/cart, /api/checkout:" in found["envoy"]
    assert "Cart, Home, PlaceOrder:" in found["bff"]


def test_entries_that_are_named_well(hour: Hour) -> None:
    """A route of many paths, an action of two routes, and what was not found."""
    hour.requests("web", *({"http.route": "/p/{id}", "url.path": f"/p/{n}"} for n in range(30)), name="GET /p/{id}")
    both = [{"http.method": "POST", "http.route": route} for route in ("/orders", "/api/orders")]
    hour.requests("rails", *both * 20, name="OrdersController#create")
    lost = ({"http.method": "GET", "http.status_code": "404", "http.target": f"/{n}"} for n in range(30))
    hour.requests("web", *lost, name="GET")
    hour.requests("page", *({"http.method": "GET", "http.target": f"/p/{n}"} for n in range(30)), name="product")
    assert not hour.found(entries.shared_names)
    assert not hour.found(entries.many_names)


def test_partners_that_are_known_by_their_address_alone(hour: Hour) -> None:
    """Whether or not the call counts as failed, as clients' spans do by the conventions; at hand for the setting."""
    refused: dict[str, Plain] = {"http.response.status_code": 401, "server.address": "api.psp.example"}
    hour.requests("buyer", refused, kind=CLIENT, status=FAILED)
    hour.requests("buyer", refused, kind=CLIENT)
    hour.requests("buyer", {"peer.service": "erp-of-others"}, kind=CLIENT)
    (finding,) = hour.found(business.unknown_peers)
    assert (finding.service, finding.count) == ("buyer", 2)
    assert "to api.psp.example got" in finding.sentence
    assert finding.change.endswith("TRIAGE_PARTNERS=erp-of-others,api.psp.example")


def test_addresses_of_our_own_are_no_partners(hour: Hour) -> None:
    """By a service's name, or since a service's span came of such a call."""
    hour.requests("stock", {})
    for address, callee in (("stock", "stock"), ("orders.internal", "orders")):
        trace = next(trace_numbers)
        says: dict[str, Plain] = {"http.response.status_code": 500, "server.address": address}
        hour.put("buyer", hour.span(trace, says=says, kind=CLIENT, status=FAILED))
        hour.put(callee, hour.span(trace, 2, 1))
    assert not hour.found(business.unknown_peers)


def test_partners_that_are_called_by_an_old_name_of_the_address(hour: Hour) -> None:
    """A client span that says net.peer.name calls whom it says, however long ago it was received."""
    hour.store.command("INSERT INTO partners VALUES ('old.example')")
    hour.requests("buyer", {"net.peer.name": "old.example"}, kind=CLIENT)
    assert not [finding for finding in hour.found(business.partners) if finding.lacks]
