"""Orders that failing requests left half done, told from the spans that charge."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain, product

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.store import Store
from tests import row_world
from tests.integration.otlp import SECOND, T0, Plain, attributes, segment, span, token, traces
from tests.integration.small_shop import FROM
from tests.loading import empty
from tests.row_world import Change, World
from tests.symptoms import gateway_errors, other
from triage.compensation.charges import CHARGING, NO_CHARGE
from triage.compensation.model import Action, Line
from triage.compensation.proposing import Proposed, proposed
from triage.compensation.wire import PlanJson
from triage.incident.model import Answer, Incident, State, Tracked
from triage.symptom import Severity, Symptom

pytestmark = pytest.mark.integration
OVER_HTTP = ()

ERROR = Status(code=Status.STATUS_CODE_ERROR)
WORTH: dict[str, Plain] = {"order.amount": 49.9, "order.currency": "EUR"}
AMOUNT = {"EUR": Decimal("49.90")}
LATER = FROM + timedelta(hours=1)


def checkout(
    trace: int,
    order: str,
    *,
    placed: bool,
    charged: bool,
    at_s: float | None = None,
    entry: str = "POST /checkout",
    call: str = "POST /v1/charges",
) -> list[Span]:
    """A request that places an order, and its call to the payment provider; `trace` seconds after T0, or `at_s`."""
    names = attributes({"order.id": order, "customer.id": f"of {order}", **WORTH})
    start = T0 + int((trace if at_s is None else at_s) * SECOND)
    root = span(1, trace, 0, start, name=entry, kind=Span.SPAN_KIND_SERVER, attributes=names)
    charge = span(2, trace, 1, start + 1000, name=call, kind=Span.SPAN_KIND_CLIENT)
    for each, went_well in ((root, placed), (charge, charged)):
        if not went_well:
            each.status.CopyFrom(ERROR)
    return [root, charge]


def test_orders_are_told_that_were_charged_and_not_placed_or_the_reverse_or_charged_twice(store: Store) -> None:
    """And none that was placed and charged once, however many tries it took."""
    sent = [
        *checkout(1, "charged-only", placed=False, charged=True),
        *checkout(2, "placed-only", placed=True, charged=False),
        *checkout(3, "twice", placed=True, charged=True),
        *checkout(4, "twice", placed=True, charged=True),
        *checkout(5, "in-the-end", placed=False, charged=False),
        *checkout(6, "in-the-end", placed=True, charged=True),
        *checkout(7, "later", placed=False, charged=True),
        *checkout(8, "later", placed=True, charged=False),
    ]
    store.insert("traces", segment(traces(*sent)), token())
    window = {"before": FROM, "from": FROM, "to": LATER, "settled": LATER, "as_of": LATER}
    rows = store.ask("incidents/charges", **window, words=CHARGING, other_words=NO_CHARGE).rows(named=True)
    told = {row["order_id"]: (row["charges_well"], row["charges_failed"], row["is_placed"]) for row in rows}
    assert told == {"charged-only": (1, 0, False), "placed-only": (0, 1, True), "twice": (2, 0, True)}
    assert {row["customer"] for row in rows} == {f"of {order}" for order in told}


def told(store: Store, *spans: Span) -> None:
    """Puts these spans, and nothing else, into a store."""
    empty(store)
    store.insert("traces", segment(traces(*spans)), token())


def plan_for(store: Store, *symptoms: Symptom, ended: datetime | None = None, as_of: datetime = LATER) -> Proposed:
    """The plan of an incident with these symptoms, an hour after it began unless that is said."""
    tracked = tuple(Tracked(each, True, FROM, FROM, each.value) for each in symptoms)
    answer = Answer("…", Severity.CRITICAL)
    incident = Incident("INC-1", "x", State.OPEN, answer, FROM, FROM, symptoms=tracked, ended=ended)
    return proposed(store, incident, as_of)


def pay_back(made: Proposed) -> Mapping[str, float]:
    return PlanJson.page("INC-1", LATER, made.lines, made.notes, 0, 100, None).pay_back


def trace_ids(lines: Sequence[Line]) -> list[int]:
    return [int(line.evidence.trace_id, 16) for line in lines]


def test_every_charge_too_many_is_a_refund_of_its_own(store: Store) -> None:
    """Of an order that was placed all but the first, of one that never was all; each names its charge."""
    four = [each for trace in (1, 2, 3, 4) for each in checkout(trace, "four", placed=True, charged=True)]
    never = [each for trace in (5, 6) for each in checkout(trace, "never", placed=False, charged=True)]
    told(store, *four, *never)
    made = plan_for(store, gateway_errors())
    assert {(line.action, line.order, *line.amount.items()) for line in made.lines} == {
        (Action.REFUND, "four", *AMOUNT.items()),
        (Action.REFUND, "never", *AMOUNT.items()),
    }
    assert trace_ids(made.lines) == [2, 3, 4, 5, 6]
    assert len({line.idempotency_key for line in made.lines}) == 5
    assert pay_back(made) == {"EUR": 249.5}


def test_another_charge_leaves_the_keys_of_the_refunds_before(store: Store) -> None:
    """Whoever has paid the first back pays the second, and not both."""
    twice = [each for trace in (1, 2) for each in checkout(trace, "o", placed=True, charged=True)]
    told(store, *twice)
    (before,) = plan_for(store, gateway_errors()).lines
    told(store, *twice, *checkout(3, "o", placed=True, charged=True))
    first, second = plan_for(store, gateway_errors()).lines
    assert first.idempotency_key == before.idempotency_key != second.idempotency_key


ENDED = FROM + timedelta(minutes=2)
PAY_LINK = "POST /orders/{id}/pay"


def test_nothing_is_collected_from_who_has_paid(store: Store) -> None:
    """By trying again after the end, by a link in a letter, or before it began: then a second charge failed."""
    paid = {"again": (600, "POST /checkout"), "by a link": (600, PAY_LINK), "before": (-60, "POST /checkout")}
    failing: list[Span] = []
    well: list[Span] = []
    for trace, (order, (at_s, entry)) in enumerate(paid.items(), 1):
        failing += checkout(trace, order, placed=True, charged=False, at_s=1)
        well += checkout(100 + trace, order, placed=True, charged=True, at_s=at_s, entry=entry)
    told(store, *failing)
    lines = plan_for(store, gateway_errors(), ended=ENDED).lines
    assert {line.order: line.action for line in lines} == dict.fromkeys(paid, Action.COLLECT)
    store.insert("traces", segment(traces(*well)), token())
    assert plan_for(store, gateway_errors(), ended=ENDED).lines == []
    assert plan_for(store, gateway_errors(), ended=ENDED, as_of=FROM + timedelta(seconds=601)).lines == []


def test_who_tried_again_after_the_end_and_paid_twice_is_paid_back_once(store: Store) -> None:
    """Once the second request is settled."""
    told(
        store,
        *checkout(1, "o", placed=False, charged=True),
        *checkout(2, "o", placed=True, charged=True, at_s=600),
    )
    assert trace_ids(plan_for(store, gateway_errors(), ended=ENDED).lines) == [2]
    assert plan_for(store, gateway_errors(), ended=ENDED, as_of=FROM + timedelta(seconds=610)).lines == []


def test_what_another_operation_does_with_a_payment_is_not_one_charge_too_many(store: Store) -> None:
    """It may capture what was only reserved, pay it back, or ask of it; within the incident and after it."""
    done = [
        ("capture at dispatch", "POST /v1/charges"),
        ("POST /orders/{id}/ship", "POST /v1/captures"),
        ("POST /orders/{id}/cancel", "POST /v1/payments/{id}/refund"),
        ("GET /orders/{id}", "GET /v1/payments/{id}"),
    ]
    sent: list[Span] = []
    for number, ((entry, call), at_s) in enumerate(product(done, (60, 600))):
        order = f"{entry}, {call} at {at_s}"
        sent += checkout(1 + number, order, placed=True, charged=True, at_s=1)
        sent += checkout(100 + number, order, placed=True, charged=True, at_s=at_s, entry=entry, call=call)
    told(store, *sent)
    assert plan_for(store, gateway_errors(), ended=ENDED).lines == []


def test_a_provider_may_be_called_like_what_is_no_charge(store: Store) -> None:
    """A verb is a word of its own, or begins the name of a remote procedure."""
    calls = [
        "POST /getnet/v1/payments",
        "getnet.Payments/Charge",
        "POST /GETNET/v1/payments",
        "POST /headless/v1/payments",
        "POST /voidpay/charge",
        "payment options charge",
        "payments.Api/CreatePayment",
    ]
    sent = [checkout(1 + n, call, placed=False, charged=True, call=call) for n, call in enumerate(calls)]
    told(store, *chain(*sent))
    lines = plan_for(store, gateway_errors()).lines
    assert [(line.order, line.action) for line in lines] == [(call, Action.REFUND) for call in calls]


def test_what_only_asks_of_a_payment_or_undoes_it_is_no_charge(store: Store) -> None:
    """However often, and whether its request goes well or not."""
    calls = [
        "POST /v1/payments/{id}/refund",
        "POST /v1/payments/{id}/void",
        "GET /v1/payments/{id}",
        "HTTP GET /v1/payments",
        "list payments",
        "payments.Api/ListPayments",
        "payments.Api/getPayment",
        "payments.Api/Get",
        "payments.Api/VoidPayment",
    ]
    sent = [
        checkout(10 * n + again, call, placed=again > 2, charged=True, at_s=again, entry="any", call=call)
        for n, call in enumerate(calls, 1)
        for again in (1, 2, 3, 4)
    ]
    told(store, *chain(*sent))
    assert plan_for(store, gateway_errors(), ended=ENDED).lines == []


@pytest.mark.parametrize("key", ["db.system.name", "db.system"])
def test_a_row_about_a_payment_is_no_charge(store: Store, key: str) -> None:
    """Calls to a database are called like what they do to its tables."""
    root, written = checkout(1, "o", placed=False, charged=True, call="INSERT shop.payments")
    written.attributes.extend(attributes({key: "postgresql"}))
    told(store, root, written)
    assert plan_for(store, gateway_errors()).lines == []


def test_an_order_that_failed_and_was_shipped_is_not_paid_back(store: Store) -> None:
    """Its capture says that it was placed, and is no second charge."""
    told(
        store,
        *checkout(1, "o", placed=False, charged=True),
        *checkout(2, "o", placed=True, charged=True, at_s=60, entry="POST /orders/{id}/ship", call="POST /v1/captures"),
    )
    assert plan_for(store, gateway_errors(), ended=ENDED).lines == []


def test_who_paid_in_another_way_after_a_failure_is_paid_back_once(store: Store) -> None:
    """The first request had charged them."""
    sent: list[Span] = []
    for trace, call in enumerate(("POST /v1/charges", "POST /v1/payments"), 1):
        sent += checkout(trace, call, placed=False, charged=True)
        sent += checkout(
            100 + trace, call, placed=True, charged=True, at_s=60 + trace, entry="POST /checkout/paypal", call=call
        )
    told(store, *sent)
    assert trace_ids(plan_for(store, gateway_errors(), ended=ENDED).lines) == [101, 102]


def test_the_first_and_the_last_request_of_an_incident_are_told(store: Store) -> None:
    """Though what began to fail is what comes after the charge, and it ended when the last entry began."""
    told(
        store,
        *checkout(1, "first", placed=False, charged=True, at_s=-1),
        *checkout(2, "last", placed=False, charged=True, at_s=120),
        *checkout(3, "of another time", placed=False, charged=True, at_s=600),
    )
    ended = FROM + timedelta(seconds=120, microseconds=1)
    assert [line.order for line in plan_for(store, gateway_errors(), ended=ended).lines] == ["first", "last"]


OFF_S = T0 / SECOND - row_world.T0
"""From the beginning of the rows' world to that of the spans."""


def inserted_again(store: Store, table: str, row: row_world.Row, *repeats: int) -> Symptom:
    """Rows of the order `o`, each of these numbers and once more; and the symptom of that."""
    world = World()
    for place, number in enumerate((*sorted(set(repeats)), *repeats)):
        told: row_world.Row = {"id": place, "event_id": f"e-{number}", "order_id": "o", **row}
        world.changes.append(Change("shop", table, OFF_S + place + 1, told, "c"))
    world.tell(store)
    labels = {"kind": "again", "table": table}
    return other("inventory", {"connector": "shop"}, "shop", from_=FROM, labels=labels)


def charged_rows(store: Store, amount: str, *repeats: int) -> Symptom:
    """The same of charges."""
    return inserted_again(store, "pay.charges", {"amount": amount, "currency": "EUR"}, *repeats)


def test_a_charge_that_spans_and_rows_tell_of_is_refunded_once(store: Store) -> None:
    """By the row, which knows its amount; it settles what the span's refund would; what only a span tells stays."""
    told(store, *(each for trace in (1, 2) for each in checkout(trace, "o", placed=True, charged=True)))
    (by_span,) = plan_for(store, gateway_errors()).lines
    rows = charged_rows(store, "49.00", 1)
    made = plan_for(store, gateway_errors(), rows)
    (by_row,) = made.lines
    assert (by_row.table, by_row.amount, by_row.settles) == ("pay.charges", {"EUR": Decimal(49)}, by_span.settles)
    assert pay_back(made) == {"EUR": 49}
    store.insert("traces", segment(traces(*checkout(3, "o", placed=True, charged=True))), token())
    third, first = plan_for(store, gateway_errors(), rows).lines
    assert (first, trace_ids([third])) == (by_row, [3])


def test_rows_may_tell_of_more_charges_than_spans(store: Store) -> None:
    """And nobody has placed the order: the first charge is paid back, too."""
    told(store, *checkout(1, "o", placed=False, charged=True))
    made = plan_for(store, gateway_errors(), charged_rows(store, "49.90", 1, 2))
    assert [line.table for line in made.lines] == ["", "pay.charges", "pay.charges"]
    assert pay_back(made) == {"EUR": 149.7}


@pytest.mark.parametrize(("requests", "placed"), [((1, 2), True), ((1,), False)], ids=("charged twice", "not placed"))
def test_an_order_that_is_cancelled_is_paid_back_once(store: Store, requests: Sequence[int], placed: bool) -> None:
    """Though spans tell of a charge too many, too."""
    told(store, *(each for trace in requests for each in checkout(trace, "o", placed=placed, charged=True)))
    made = plan_for(store, gateway_errors(), inserted_again(store, "shop.orders", {}, 1))
    assert Action.CANCEL in {line.action for line in made.lines}
    assert pay_back(made) == {"EUR": 49.9}
