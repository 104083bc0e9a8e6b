"""A customer's part in incidents: which of them their window tells of, and which of their requests were slow there."""

from collections.abc import Sequence
from typing import cast

import polars as pl
import pytest

from queries.store import Store, Value
from tests.symptoms import Passes, at, other
from triage.customer import Customer, Request
from triage.incident.impact import CustomersOf, nobody, on_rows
from triage.incident.of_customer import is_slow, parts_of
from triage.model import Question
from triage.window import Window

LATER = at(4 * 3600)


def request(number: int, operation: str) -> Request:
    """A request that took long, a minute after the one before."""
    start_ns = int(at(60 * number).timestamp()) * 10**9
    span_id = f"{number:016x}"
    return Request(f"{number:032x}", span_id, start_ns, "Server", "gateway", operation, 45_000.0, False, True, (), ())


def customer(window: Window, requests: Sequence[Request] = ()) -> Customer:
    return Customer("c-1", window, LATER, tuple(requests), (), True)


@pytest.mark.parametrize(("from_", "to", "told"), [(0, 120, True), (60, 61, True), (61, 3600, False), (0, 60, False)])
def test_an_incident_on_whose_rows_they_are_is_told_of_where_these_changed(from_: int, to: int, told: bool) -> None:
    """However long it lasted."""
    passes = Passes()
    passes.looks(30, 4 * 3600, other("inventory", {"connector": "shop"}, "", value=40.0, labels={"kind": "again"}))
    rows = pl.DataFrame({"customer": ["c-1"], "time": [at(60)], "order_id": ["o-1"]})
    customers_of: CustomersOf = lambda symptom, now: on_rows(rows)  # noqa: E731 - as an incident's page is given it
    window = Window(at(from_), at(to))
    parts = parts_of(cast(Store, None), customer(window), [passes.only], LATER, customers_of)
    assert bool(parts) is told


class Found:
    """A store in which the second trace is what a question asks for."""

    def ask(self, _: str, /, **asked: Value) -> pl.DataFrame:
        """Only of that trace."""
        return pl.DataFrame({"trace_id": [f"{2:032x}"], "span_id": [f"{9:016x}"]})


def test_only_what_an_incident_asks_for_is_slow_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An export takes longer than any checkout, and always did."""
    asked = Question(at(0), at(600), operation="POST /checkout", slower_than_ms=1000.0)
    passes = Passes()
    passes.look(30, other("slow_checkout", {"service": "checkout"}, "erp", value=1200.0, unit="ms", question=asked))
    requests = [request(1, "GET /reports/export"), request(2, "POST /checkout")]
    (hit,) = on_rows(pl.DataFrame({"customer": ["c-1"], "time": [at(60)], "order_id": [""]}))
    monkeypatch.setattr("triage.incident.of_customer.fared", lambda *_: hit)
    window = Window(at(0), at(600))
    parts = parts_of(cast(Store, Found()), customer(window, requests), [passes.only], LATER, nobody)
    assert [is_slow(each, parts) for each in requests] == [False, True]
