"""The plan: what is proposed for which rows, for whom, and under which idempotency keys."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from tests.row_makers import at, change, erp, moved, stock, thing
from triage.compensation.model import Action, Line
from triage.compensation.plan import orders_of, plan
from triage.compensation.proposing import ONE_CHARGE, notes_of
from triage.compensation.wire import PlanJson, csv_lines
from triage.rows.model import Item, RowChange, Rule, Said, Served, Verdict, Wrong
from triage.rows.thing import Other
from triage.rows.verdict import judged

LATER = at(3600)
WORTH = {f"o-{number}": {"EUR": Decimal(10 * number)} for number in range(1, 9)}


def oversold() -> Item:
    """Three pieces, and a count that was written late: five orders of a piece each were taken."""
    late = stock(5, 3, 2)
    own = [stock(0, 3, 1), stock(4, 2, 3), late]
    movements = [moved(number + 3, -1, f"m-{number}", f"o-{number}", f"c-{number}") for number in range(1, 6)]
    return judged(thing(own, [Wrong(late, "stale")], movements, 1), LATER)


def test_of_more_orders_than_pieces_the_latest_are_cancelled() -> None:
    """As many as are beyond the right stock, with customer, amount and the row they rest on; no other order."""
    item = replace(oversold(), verdict=Verdict(-2, Rule.MOVEMENTS, "…"))
    cancelled = [line for line in plan([item], WORTH) if line.action is Action.CANCEL]
    assert [(line.order, line.customer, line.amount) for line in cancelled] == [
        ("o-5", "c-5", {"EUR": Decimal(50)}),
        ("o-4", "c-4", {"EUR": Decimal(40)}),
    ]
    assert "came last" in cancelled[0].reason
    assert all(line.evidence.row for line in cancelled)


def test_parts_of_pieces_cancel_no_order_too_many() -> None:
    """Four orders of a tenth are four tenths."""
    item = replace(oversold(), verdict=Verdict(-0.4, Rule.MOVEMENTS, "…"))
    item = replace(item, served=tuple(replace(each, pieces=0.1) for each in item.served))
    cancelled = [line for line in plan([item], WORTH) if line.action is Action.CANCEL]
    assert [line.order for line in cancelled] == ["o-5", "o-4", "o-3", "o-2"]


def test_an_order_of_several_pieces_counts_as_so_many_without_movements() -> None:
    """By how much it left the count lower: of three orders of three each, the last makes up for three too many."""
    late = stock(5, 6, 1)
    own = [stock(0, 6, 2), late, *(stock(10 * n, 6 - 3 * n, 2 + n, order=f"o-{n}") for n in (1, 2, 3))]
    lines = plan(
        [judged(thing(own, [Wrong(late, "stale")], others=[Other("erp", "erp.STOCK", [erp(31, -3)])]), LATER)], {}
    )
    assert [line.order for line in lines if line.action is Action.CANCEL] == ["o-3"]


@pytest.mark.parametrize("sign", [1, 0], ids=["by movements", "by the counts"])
def test_an_order_whose_pieces_came_back_is_not_cancelled_again(sign: int) -> None:
    """Its customer did that; the latest of those that still wait is. A delivery brings back no order's pieces."""
    told = [(10, 1, -1), (20, 2, -1), (30, 3, -1), (40, 4, -1), (45, 4, 1), (50, 3, 5), (60, 5, -1), (70, 5, -5)]
    late, on_hand = stock(5, 2, 1), 2
    own, movements = [stock(0, 2, 2), late], list[RowChange]()
    for seconds, order, pieces in told:
        on_hand += pieces
        own.append(stock(seconds, on_hand, seconds, order=f"o-{order}"))
        movements.append(moved(seconds, pieces, f"m-{seconds}", f"o-{order}"))
    item = judged(thing(own, [Wrong(late, "stale")], movements if sign else (), sign), LATER)
    assert [(each.change.order, each.pieces) for each in item.served] == [
        ("o-1", 1),
        ("o-2", 1),
        ("o-3", 1),
        ("o-5", 6),
    ]
    unserved = replace(item, verdict=Verdict(-7, Rule.MOVEMENTS, "…"))
    cancelled = [line.order for line in plan([unserved], {}) if line.action is Action.CANCEL]
    assert cancelled == ["o-5", "o-3"]


@pytest.mark.parametrize("sign", [1, 0], ids=["by movements", "by the counts"])
def test_an_order_that_brought_back_what_it_took_before_too_is_not_cancelled(sign: int) -> None:
    """One was in the last right count, two were taken since, all three came back: another order is short."""
    told = [(10, 1, -1), (20, 2, -2), (30, 1, -2), (40, 1, 3)]
    late, on_hand = stock(15, 1, 1), 2
    own, movements = [stock(0, on_hand, 2)], list[RowChange]()
    for seconds, order, pieces in told:
        on_hand += pieces
        own.append(stock(seconds, on_hand, seconds, order=f"o-{order}"))
        movements.append(moved(seconds, pieces, f"m-{seconds}", f"o-{order}"))
    own.insert(2, late)
    item = judged(thing(own, [Wrong(late, "stale")], movements if sign else (), sign), LATER)
    assert [(each.change.order, each.pieces) for each in item.served] == [("o-2", 2)]


def test_a_stock_that_is_right_but_for_rounding_is_not_set() -> None:
    """And one that is set has all of its digits in the CSV."""
    item = replace(oversold(), verdict=Verdict(0.3, Rule.MOVEMENTS, "…"), replay=(), served=())
    right = replace(item, said=(Said("shop", "shop.stock", 0.1 + 0.2, None),))
    assert plan([right], {}) == []
    item = replace(item, verdict=Verdict(19999.875, Rule.MOVEMENTS, "…"))
    (row,) = csv.DictReader(io.StringIO("".join(csv_lines("INC-1", LATER, plan([item], {})))))
    assert row["becomes"] == "19999.875"


def test_nobody_is_cancelled_where_there_is_enough() -> None:
    """Whatever the wrong count says: only the count is set."""
    item = replace(oversold(), verdict=Verdict(0, Rule.MOVEMENTS, "…"), said=(Said("shop", "shop.stock", -4, None),))
    lines = plan([item], WORTH)
    assert {line.action for line in lines} == {Action.SET_COUNT, Action.REPLAY}
    (count,) = [line for line in lines if line.action is Action.SET_COUNT]
    assert (count.was, count.becomes) == (-4, 0)
    assert {line.settles for line in lines} == {count.settles}


def twice(table: str, row: dict[str, object], **more: object) -> Line:
    """What is proposed for a row that was inserted a second time."""
    again = change(9, row, table=table, op="c", idempotency_key="k-1", order="o-1", customer="c-1", **more)
    item = Item("shop", table, again.key, "A", "", (Said("shop", table, None, again),),
                Verdict(None, Rule.FIRST_INSERT, "…"), (Wrong(again, "again"),))  # fmt: skip
    (line,) = plan([item], WORTH)
    return line


def test_a_second_charge_is_refunded_a_second_order_cancelled_a_second_booking_voided() -> None:
    """By what the table holds; the amount is the row's own, else the order's."""
    refund = twice("pay.charges", {"id": 1, "amount": "49.90", "currency": "GBP"})
    assert (refund.action, refund.customer, refund.amount) == (Action.REFUND, "c-1", {"GBP": Decimal("49.90")})
    cancel = twice("shop.orders", {"id": 1})
    assert (cancel.action, cancel.amount) == (Action.CANCEL, {"EUR": Decimal(10)})
    again = moved(9, -1, "m-1", "o-1", "c-1")
    own = [stock(0, 3, 1), stock(8, 2, 2), stock(9, 1, 3)]
    item = judged(thing(own, [Wrong(again, "again")], [moved(8, -1, "m-1"), again], 1), LATER)
    void = [line for line in plan([item], WORTH) if line.action is Action.VOID]
    assert [(line.order, line.customer, line.amount) for line in void] == [("o-1", "c-1", {})]


@pytest.mark.parametrize(
    ("position", "tx", "action"),
    [
        ("file=binlog.000003 pos=154 row=1", "", Action.COUNT),
        ("ord=2 ts_ms=1", "", Action.COUNT),
        ("file=binlog.000003 pos=154 row=1", "tx-1", Action.VOID),
        ("gtid=3E11FA47:23 file=binlog.000003 pos=154 row=1", "", Action.VOID),
        ("lsn=7", "", Action.VOID),
    ],
)
def test_what_one_transaction_may_have_booked_is_counted(position: str, tx: str, action: Action) -> None:
    """Three alike tickets of an order are no repeats of one. Charges and orders come once under a key in any log."""
    assert twice("shop.tickets", {"id": 1}, position=position, tx=tx).action is action
    assert twice("pay.charges", CHARGE, position=position, tx=tx).action is Action.REFUND
    assert twice("shop.orders", {"id": 1}, position=position, tx=tx).action is Action.CANCEL


@pytest.mark.parametrize("table", ["shop.shipments", "shop.order_lines", "wms.bookings", "pay.charges"])
def test_no_order_is_cancelled_for_a_second_row_that_only_names_it(table: str) -> None:
    """A shipment, a line, a booking of an unknown quantity, a charge of an unknown amount: they are undone alone."""
    line = twice(table, {"id": 1})
    assert (line.action, line.order, line.amount) == (Action.VOID, "o-1", {})


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "1e999", "1e-999999", "-1e15", float("inf")])
def test_what_is_no_sum_of_money_is_no_amount(amount: object) -> None:
    """Another of the row's stands in, or the order's; and our own client reads the plan."""
    by_row = twice("pay.charges", {"id": 1, "amount": amount, "total": 5, "currency": "EUR"})
    by_order = twice("shop.orders", {"id": 1, "amount": amount, "currency": "EUR"})
    assert [by_row.amount, by_order.amount] == [{"EUR": 5}, WORTH["o-1"]]
    told = PlanJson.page("INC-1", LATER, [by_row, by_order], [], 0, 100, None)
    assert PlanJson.model_validate_json(told.model_dump_json(by_alias=True)) == told


def again(seconds: float, table: str, key: str, **row: object) -> Item:
    """A row for the order o-1 that was inserted a second time."""
    repeats = change(seconds, row, table=table, op="c", names=key, idempotency_key=key, order="o-1", customer="c-1")
    return Item("shop", table, repeats.key, key, "", (Said("shop", table, None, repeats),),
                Verdict(None, Rule.FIRST_INSERT, "…"), (Wrong(repeats, "again"),))  # fmt: skip


CHARGE: dict[str, object] = {"amount": "49.90", "currency": "EUR"}


def paid_back(lines: Sequence[Line]) -> dict[str, float]:
    """By currency, as the plan says."""
    return PlanJson.page("INC-1", LATER, lines, [], 0, 100, None).pay_back


def test_each_charge_too_many_of_an_order_is_paid_back() -> None:
    """Two more rows of it are two refunds, and what is paid back is what they say."""
    lines = plan([again(9, "pay.charges", "k-1", **CHARGE), again(10, "pay.charges", "k-2", **CHARGE)], {})
    assert [(line.action, line.amount) for line in lines] == [(Action.REFUND, {"EUR": Decimal("49.90")})] * 2
    assert len({line.settles for line in lines} - {""}) == 2
    assert paid_back(lines) == {"EUR": 99.8}


def test_a_charge_that_two_tables_hold_is_paid_back_once() -> None:
    """A payment and its invoice settle the same, which a note says; another amount is another charge."""
    payment, invoice = again(9, "pay.payments", "k-1", **CHARGE), again(10, "pay.invoices", "k-2", **CHARGE)
    shipping = again(11, "pay.shipping_charges", "k-3", amount=5, currency="EUR")
    lines = plan([payment, invoice], {})
    assert len({line.settles for line in lines}) == 1
    assert paid_back(lines) == {"EUR": 49.9}
    assert notes_of(lines) == [ONE_CHARGE]
    assert paid_back(plan([payment, shipping], {})) == {"EUR": 54.9}


def test_an_order_that_was_taken_and_charged_again_is_paid_back_once() -> None:
    """The charge is refunded, the second order cancelled: the same money. What can't be served is due, too."""
    charge, order = again(9, "pay.charges", "k-1", **CHARGE), again(10, "shop.orders", "k-1")
    lines = plan([charge, order], WORTH)
    assert [line.action for line in lines] == [Action.REFUND, Action.CANCEL]
    assert paid_back(lines) == {"EUR": 49.9}
    item = replace(oversold(), verdict=Verdict(-1, Rule.MOVEMENTS, "…"))
    unserved = replace(item, served=tuple(_of(each, order="o-1") for each in item.served))
    assert paid_back(plan([charge, order, unserved], WORTH)) == {"EUR": 59.9}
    assert paid_back(plan([order, unserved], WORTH)) == {"EUR": 10}


def test_the_same_plan_has_the_same_keys_and_different_things_different_ones() -> None:
    """In whichever order items and their changes come, and as of whenever it is made."""
    items = [oversold(), replace(oversold(), names="B"), replace(oversold(), table="shop.other")]
    keys = [line.idempotency_key for line in plan(items, WORTH)]
    assert len(keys) == len(set(keys))
    again = [line.idempotency_key for line in plan(Random(4).sample(items, 3), {})]
    assert sorted(again) == sorted(keys)


def test_a_row_that_is_only_in_one_system_is_recreated_unless_it_came_late() -> None:
    """For its order and customer."""
    here = change(1, {"order_id": "o-7"}, table="shop.orders", op="c", order="o-7", customer="c-7")
    said = (Said("shop", "shop.orders", None, here), Said("erp", "erp.ORDERS", None, None))
    item = Item("shop", "shop.orders", here.key, "o-7", "", said, Verdict(None, Rule.IN_ONE_ONLY, "…"),
                (Wrong(here, "absent"),))  # fmt: skip
    (line,) = plan([item], WORTH)
    assert (line.action, line.system, line.order, line.amount) == (Action.RECREATE, "erp", "o-7", {"EUR": Decimal(70)})
    came = replace(item, said=(said[0], Said("erp", "erp.ORDERS", None, here)))
    assert plan([came], WORTH) == []


def test_what_is_gone_is_left_alone() -> None:
    """A second row, or one that never came: whoever deleted it put it right, but not what else its transaction lost."""
    here = change(1, {"id": 7, "order_id": "o-7"}, table="shop.orders", op="c", order="o-7", idempotency_key="k-7")
    said = (Said("shop", "shop.orders", None, replace(here, op="d")), Said("erp", "erp.ORDERS", None, None))
    item = Item("shop", "shop.orders", here.key, "7", "", said, Verdict(None, Rule.FIRST_INSERT, "…"), ())
    wrong = {kind: replace(item, wrong=(Wrong(here, kind),)) for kind in ("again", "absent", "open")}
    assert {kind: [line.action for line in plan([each], WORTH)] for kind, each in wrong.items()} == {
        "again": [], "absent": [], "open": [Action.REREAD],
    }  # fmt: skip
    late = stock(5, 3, 2)
    deleted = judged(thing([stock(4, 2, 3), late, replace(late, id="gone", op="d")], [Wrong(late, "stale")]), LATER)
    assert plan([deleted], WORTH) == []
    short = replace(oversold(), verdict=Verdict(-2, Rule.MOVEMENTS, "…"), said=deleted.said)
    assert plan([short], WORTH) == []


def test_what_is_right_again_needs_nothing() -> None:
    """Neither a count nor the events that were put right by hand."""
    late = stock(30, 10, 2)
    own = [stock(0, 10, 1), stock(20, 8, 3), late, stock(40, 8, 4)]
    item = judged(thing(own, [Wrong(late, "stale")], [moved(20, -2, "m-1", tx="tx-20")], 1), LATER)
    assert (item.difference, plan([item], {})) == (0, [])


def test_a_system_that_still_differs_is_counted_whatever_else_was_wrong() -> None:
    """The shop's late count was set right; the ERP lacks two pieces that it sold."""
    late = stock(230, 10, 2)
    own = [stock(0, 10, 1), stock(120, 8, 3), late, stock(240, 8, 4)]
    wrong = [Wrong(late, "stale"), Wrong(own[1], "disagree")]
    others = [Other("erp", "erp.STOCK", [erp(1, 10)])]
    item = judged(thing(own, wrong, [moved(120, -2, "m-1", tx="tx-120")], 1, others), LATER)
    assert (item.difference, [each.table for each in item.apart]) == (0, ["erp.STOCK"])
    assert [(line.action, line.table) for line in plan([item], {})] == [(Action.COUNT, "erp.STOCK")]


def test_events_are_replayed_in_their_order_with_topic_partition_and_offset() -> None:
    """By their number; those that repeat another are left out."""
    late = stock(30, 10, 2, topic="t", partition=3, offset=44)
    own = [stock(0, 10, 1), stock(20, 8, 3, topic="t", partition=3, offset=43), late, stock(40, 9, 4)]
    lines = plan([judged(thing(own, [Wrong(late, "stale")]), LATER)], {})
    replayed = [line.evidence for line in lines if line.action is Action.REPLAY]
    assert [(each.sequence, each.topic, each.partition, each.offset) for each in replayed] == [
        (2, "t", 3, 44),
        (4, "", None, None),
    ]


def test_the_json_and_the_csv_say_the_same_and_are_safe_to_open() -> None:
    """Every line; a customer called like a formula stays a text; pay-backs count each order once."""
    hostile = "=cmd|' /C calc'!A0"
    item = replace(oversold(), verdict=Verdict(-1, Rule.MOVEMENTS, "…"))
    served = tuple(_of(each, customer=hostile) for each in item.served)
    lines = plan([replace(item, served=served)], WORTH)
    told = PlanJson.page("INC-1", LATER, lines, [], 0, 100, None)
    rows = list(csv.DictReader(io.StringIO("".join(csv_lines("INC-1", LATER, lines)))))
    assert [row["idempotency_key"] for row in rows] == [each.idempotency_key for each in told.items]
    assert rows[0]["customer"] == "'" + hostile
    assert (rows[0]["amount"], rows[0]["currency"]) == ("50", "EUR")
    assert (told.pay_back, told.unpriced) == ({"EUR": 50.0}, 0)
    assert orders_of([item]) == {"o-2", "o-3", "o-4", "o-5"}


def _of(served: Served, **more: str) -> Served:
    return replace(served, change=replace(served.change, **more))  # type: ignore[arg-type]  # the fields are texts
