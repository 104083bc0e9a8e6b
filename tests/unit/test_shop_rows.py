"""The simulated shop's row changes: real change events, right on a calm day, and wrong as the truth says."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.shop_rows import Envelope, ends, envelopes, once, place, recount
from triage.demo.model import Shop
from triage.demo.post import CDC_PATH
from triage.demo.request import Request
from triage.demo.scenarios import SCENARIOS
from triage.demo.stream import posts
from triage.demo.truth import Truth

T = 1_790_000_000
IN_ROWS = [scenario.name for scenario in SCENARIOS if scenario.in_rows]


def played(scenario: str, seed: int, rate: float = 6) -> tuple[list[Envelope], dict[str, Any]]:
    """The change events of ten minutes with five minutes of fault, and the truth about it."""
    shop = Shop(scenario, seed, rate)
    fault = shop.fault(T + 150, T + 450)
    truth = Truth(shop, fault)
    events = envelopes(posts(shop, T, T + 600, fault, heard=[truth]))
    return events, json.loads(truth.to_json())


@pytest.mark.parametrize("scenario", [scenario.name for scenario in SCENARIOS if not scenario.in_rows])
def test_where_the_fault_is_not_in_the_rows_they_are_right(scenario: str) -> None:
    """No sequence goes back, nothing is applied twice or sold twice, and both systems count the same in the end."""
    events, _ = played(scenario, 3)
    found = recount(events)
    assert len(found.inventory) > 50
    assert not found.stale | found.again
    assert not found.below_zero | found.disagreeing
    assert min(found.legacy.values()) >= 0


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(3, 11))])
@pytest.mark.parametrize("scenario", IN_ROWS)
def test_a_recount_of_the_rows_comes_to_the_truth(scenario: str, seed: int) -> None:
    """The rows that are wrong, and the customers and orders on them, are those of the truth; nobody else's."""
    events, truth = played(scenario, seed)
    found = recount(events)
    wrong, other = (found.stale, found.again) if scenario == "inventory-out-of-order" else (found.again, found.stale)
    rows = {(row["connector"], row["position"]) for customer in truth["customers"] for row in customer["rows"]}
    assert rows == wrong
    assert not other
    assert truth["rows"] == len(wrong) > 10
    assert {one["customer"]: set(one["orders"]) for one in truth["customers"]} == found.customers
    assert {one["outcome"] for one in truth["customers"]} == {"masked"}
    assert truth["masked"] == len(found.customers)
    assert truth["question"] is None
    assert found.disagreeing
    assert min(found.legacy.values()) >= 0


def test_what_is_booked_twice_sells_more_than_there_is() -> None:
    """Inventory counts some skus below zero, never more than the monolith."""
    events, _ = played("inventory-duplicates", 2, 20)
    found = recount(events)
    assert found.below_zero
    assert all(found.inventory[sku] < found.legacy[sku] for sku in found.disagreeing)


def test_rows_name_the_order_the_customer_and_the_sku_of_their_request() -> None:
    """Each piece of each order that was taken is one movement, and one row of the monolith's."""
    shop, requests = Shop("calm", 4, 8), list[Request]()
    events = once(envelopes(posts(shop, T, T + 600, heard=[Listed(requests)])))
    ordered = Counter(
        (request.order.id, sku)
        for request in requests
        if request.bought and request.order is not None
        for sku in request.order.skus
    )
    for table, keys in (("stock_movements", ("order_id", "sku")), ("STOCK", ("ORDER_ID", "SKU"))):
        rows = [event["after"] for event in events if event["source"]["table"] == table and event["op"] != "r"]
        assert Counter((row[keys[0]], row[keys[1]]) for row in rows if row[keys[0]]) == ordered
    customers = {row["after"]["customer_id"] for row in events if row["source"]["table"] == "stock_movements"}
    assert customers >= {request.customer for request in requests if request.bought}


class Listed:
    """Hears of requests."""

    def __init__(self, requests: list[Request]) -> None:
        self.tell = requests.append

    def tell_row(self, _: object) -> None:
        """Not of rows."""


def test_change_events_are_what_debezium_sends() -> None:
    """Whole envelopes of both connectors: each before is the after that came before it, places and times only grow."""
    events, _ = played("inventory-duplicates", 5)
    assert all(event.keys() == ENVELOPE for event in events)
    assert {(event["source"]["connector"], event["source"]["name"]) for event in events} == {
        ("postgresql", "inventory"),
        ("oracle", "monolith"),
    }
    rows: dict[tuple[str, str], Any] = {}
    for event in once(events):
        source, after = event["source"], event["after"]
        row = source["table"], next(iter(after.values()))
        assert event["op"] == "r" or (event["op"] == "c") == (event["before"] is None)
        assert event["before"] is None or event["before"] == rows.get(row, event["before"])
        assert source["snapshot"] == ("true" if event["op"] == "r" else "false")
        assert event["ts_ms"] >= source["ts_ms"]
        rows[row] = after
    for name in ("inventory", "monolith"):
        times = [event["source"]["ts_ns"] for event in once(events) if event["source"]["name"] == name]
        assert times == sorted(times)
        in_tx = Counter((e["transaction"]["id"], e["transaction"]["total_order"]) for e in once(events)
                        if e["source"]["name"] == name and e["transaction"])  # fmt: skip
        assert max(in_tx.values()) == 1


ENVELOPE = {"before", "after", "source", "transaction", "op", "ts_ms", "ts_us", "ts_ns"}


def test_each_transaction_ends_with_how_many_events_it_had() -> None:
    """In all, and table by table, as Debezium's markers count them; a marker comes after the changes it counts."""
    shop = Shop("inventory-duplicates", 5, 4.0)
    sent = list(posts(shop, T, T + 300, shop.fault(T + 60, T + 240)))
    events = [event for event in once(envelopes(sent)) if event["transaction"]]
    counted = Counter(transaction(event["transaction"]["id"]) for event in events)
    tables = Counter((transaction(event["transaction"]["id"]), event["source"]["table"]) for event in events)
    told = {transaction(end["id"]): end for end in ends(sent)}
    assert {id_: end["event_count"] for id_, end in told.items()} == counted
    assert tables == {
        (id_, each["data_collection"].rpartition(".")[2]): each["event_count"]
        for id_, end in told.items()
        for each in end["data_collections"]
    }


def transaction(id_: str) -> str:
    """What is alike in all events of a transaction: PostgreSQL's connector writes behind it where the event stands."""
    return id_.partition(":")[0]


def test_connectors_deliver_some_again() -> None:
    """At least once: now and then the last ones come again as they were, on a calm day too."""
    events, _ = played("calm", 1)
    again = {place(event): [] for event in events if event["op"] != "r"}  # type: ignore[var-annotated]
    for event in events:
        again.setdefault(place(event), []).append(event)
    repeated = [each for each in again.values() if len(each) > 1]
    assert repeated
    assert all(one["after"] == each[0]["after"] and one["source"] == each[0]["source"] for each in repeated
               for one in each)  # fmt: skip


def test_the_same_seed_sends_the_same() -> None:
    """The whole stream, to the byte; it is in the order of shop time."""

    def sent(seed: int) -> list[object]:
        shop = Shop("inventory-out-of-order", seed, 5)
        return list(posts(shop, T, T + 120, shop.fault(T + 20, T + 100)))

    assert sent(1) == sent(1)
    assert sent(1) != sent(2)
    shop = Shop("bad-deploy", 1, 5)
    stream = list(posts(shop, T, T + 300, shop.fault(T + 100, T + 200)))
    times = [post.at_ns for post in stream if not post.path.startswith("/hooks/")]
    assert times == sorted(times)
    assert {post.path for post in stream} == {"/v1/traces", "/v1/logs", "/v1/metrics", CDC_PATH, "/hooks/github"}
