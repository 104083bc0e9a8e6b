"""`triage doctor` advises nothing that does harm, and is certain only of what can be known."""

from collections.abc import Iterator

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from queries.store import Store
from tests.integration.doctor_hours import CLIENT, CONSUMER, FAILED, INTERNAL, Hour, trace_numbers
from tests.integration.otlp import SECOND, Plain
from triage.doctor import business, entries, spans

pytestmark = pytest.mark.integration


@pytest.fixture
def hour(own_store: Store) -> Iterator[Hour]:
    yield Hour(own_store)
    own_store.command("TRUNCATE TABLE arrivals")


def test_databases_are_proposed_as_partners_by_no_name(hour: Hour) -> None:
    """An answer that is a request's business, such as a condition that did not hold, would be a partner's failure."""
    dynamo: dict[str, Plain] = {"http.response.status_code": 400, "server.address": "dynamodb.example"}
    search: dict[str, Plain] = {"http.response.status_code": 404, "server.address": "search.example"}
    trace = next(trace_numbers)
    hour.put(
        "cart",
        hour.span(trace, 2, says={**dynamo, "db.system": "dynamodb"}, kind=CLIENT, status=FAILED),
        hour.span(next(trace_numbers), 2, says={"http.status_code": 404, "db.system": "couchdb"}, kind=CLIENT),
    )
    hour.requests("cart", {**search, "db.system.name": "elasticsearch"}, search, kind=CLIENT)
    wrapped = next(trace_numbers)
    hour.put("cart", hour.span(wrapped, 2, says={"db.system": "dynamodb"}, kind=CLIENT))
    hour.put("cart", hour.span(wrapped, 3, 2, {**dynamo, "server.address": "sdk.example"}, CLIENT, status=FAILED))
    hour.requests("cart", {"http.response.status_code": 401, "server.address": "psp.example"}, kind=CLIENT)
    (finding,) = hour.found(business.unknown_peers)
    assert "to psp.example got" in finding.sentence
    assert finding.change.endswith("TRIAGE_PARTNERS=psp.example")


def test_accounts_of_clouds_and_merchants_are_no_customers(hour: Hour) -> None:
    """An account is a customer's where its key says so, or says nothing more."""
    foreign = ("aws.account.id", "merchant.account.id", "cloud.account.id", "bank.account.number")
    hour.requests("feed", *(dict.fromkeys(foreign, f"a-{n}") for n in range(120)))
    hour.requests("web", {"customer.id": "c-1"})
    (finding,) = hour.found(business.customers)
    assert (finding.service, finding.lacks) == ("feed", False)
    assert "account" not in finding.sentence + finding.change


@pytest.mark.parametrize("key", ["account_id", "app.account.id", "user.account.id", "shop.customer_account_number"])
def test_accounts_of_customers_are(hour: Hour, key: str) -> None:
    """Nobody else is named, so something is missing."""
    hour.requests("web", *({key: f"a-{n}"} for n in range(30)))
    (finding,) = hour.found(business.customers)
    assert finding.lacks
    assert finding.change.endswith(f",{key}")


@pytest.mark.parametrize("kind", [INTERNAL, Span.SPAN_KIND_UNSPECIFIED])
def testtrace_numbers_that_begin_at_an_internal_span(hour: Hour, kind: Span.SpanKind.ValueType) -> None:
    """It may be the first of its service, whose caller sends nothing, as it may be in the midst: both are said."""
    trace = next(trace_numbers)
    hour.put("pricing", hour.span(trace, 2, 1, kind=kind), hour.span(trace, 3, 2, kind=CLIENT))
    (finding,) = hour.found(spans.roots)
    assert "a caller's or its own" in finding.sentence
    assert "whoever calls pricing" in finding.change
    assert "flush" in finding.change


def test_entries_below_phones_that_mislead(hour: Hour) -> None:
    """Requests enter at a gateway that phones call, and its names count, as those of messages do."""
    routes = ("/buy", "/cart", "/login")
    hour.tapped("gateway", *(("POST", {"http.route": route, "http.method": "POST"}) for route in routes * 7))
    hour.tapped("gateway", *((f"GET /orders/{n}", {}) for n in range(60)))
    hour.put("mailer", *(hour.span(next(trace_numbers), kind=CONSUMER, name=f"reply-{n} receive") for n in range(60)))
    (shared,) = hour.found(entries.shared_names)
    assert "21 requests to gateway looked at that are called POST are for 3 different things" in shared.sentence
    many = {finding.service: (finding.count, finding.of) for finding in hour.found(entries.many_names)}
    assert many == {"gateway": (61, 81), "mailer": (60, 60)}


@pytest.mark.parametrize(
    "name", ["/products/{slug}", "products/<slug:slug>/", "/products/:slug(.:format)", "/products/*"]
)
def test_names_that_are_routes_ask_for_one_thing_by_each_method(hour: Hour, name: str) -> None:
    """However many paths are asked for; without the method, reading is compared with writing."""
    paths = [f"/products/{word}-{word}" for word in "abcdefghijklm"]
    hour.requests("reading", *({"http.method": "GET", "http.target": path} for path in paths * 2), name=name)
    both = [{"http.method": method, "http.target": path} for path in paths for method in ("GET", "PUT")]
    hour.requests("api", *both, name=name)
    (finding,) = hour.found(entries.shared_names)
    assert finding.service == "api"
    assert "for 2 different things, such as GET, PUT:" in finding.sentence


def test_paths_that_differ_by_ids_are_one_thing(hour: Hour) -> None:
    """A proxy's one name is shared by what its paths ask for, not by each order."""
    paths = [f"/orders/{n}" for n in range(20)]
    hour.requests("alike", *({"http.method": "GET", "url.path": path} for path in paths), name="GET")
    asked = [{"http.method": "GET", "url.path": path} for path in [*paths, "/cart", "/cart", "/login"]]
    hour.requests("proxy", *asked, name="GET")
    (finding,) = hour.found(entries.shared_names)
    assert finding.service == "proxy"
    assert "for 3 different things, such as /cart, /login, /orders/{id}:" in finding.sentence


def test_operations_below_several_entries_are_of_none(hour: Hour) -> None:
    """Where a phone's trace holds requests of several names, it is not known whose the operation is."""
    taps = [(next(trace_numbers), {"graphql.operation.name": asked}) for asked in ("Home", "Cart", "PlaceOrder") * 10]
    hour.put("phone", *(hour.span(trace, kind=CLIENT, name="tap") for trace, _ in taps))
    for number, name in ((2, "GET /home"), (3, "POST /graphql/home")):
        hour.put("gateway", *(hour.span(trace, number, 1, name=name) for trace, _ in taps))
    hour.put("gateway", *(hour.span(trace, 4, 3, says, kind=INTERNAL) for trace, says in taps))
    assert not hour.found(entries.shared_names)


def test_phones_that_say_all_went_well_whatever_they_were_answered(hour: Hour) -> None:
    """Whom such a failure hits counts as having noticed nothing, which is so only where trying again helped."""
    hour.tapped("gateway", *(("POST /buy", {"http.response.status_code": 503}) for _ in range(12)))
    (finding,) = hour.found(entries.untold_failures)
    assert finding.sentence.startswith("all 12 requests of phone that failed in the end lie below spans of its own")
    assert finding.example


def test_servers_that_answer_well_whatever_they_were_answered(hour: Hour) -> None:
    """A page that shows bestsellers where search, which phones call as well, fails hides no failure."""
    hour.tapped("search", *(("GET /search", {}) for _ in range(30)))
    for trace in (next(trace_numbers) for _ in range(12)):
        hour.put("web", hour.span(trace, name="GET /"), hour.span(trace, 2, 1, kind=CLIENT, status=FAILED))
        hour.put("search", hour.span(trace, 3, 2, name="GET /search", status=FAILED))
    assert hour.found(entries.untold_failures) == []


def test_phones_that_tried_again_with_success(hour: Hour) -> None:
    """Nothing is to be said."""
    for trace in (next(trace_numbers) for _ in range(12)):
        hour.put("phone", hour.span(trace, kind=CLIENT, name="tap"))
        hour.put("gateway", hour.span(trace, 2, 1, {"http.response.status_code": 503}))
        hour.ns += SECOND
        hour.put("gateway", hour.span(trace, 3, 1, {"http.response.status_code": 200}))
    assert hour.found(entries.untold_failures) == []
