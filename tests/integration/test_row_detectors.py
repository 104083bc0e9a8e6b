"""Row changes of two systems: what is found where they come apart, and what is rightly left alone."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from collectors.sources.source import Columns
from queries import schema
from queries.schema import Counterpart
from queries.store import Store, Value
from tests.loading import empty
from tests.row_world import Change, Row, World, moment, stock
from tests.symptoms import Passes, other
from triage.compensation.proposing import reconciliation
from triage.detectors import window_at
from triage.detectors.inventory import inventory
from triage.incident.impact import ON_ROWS, customers_on_rows, hit_by, sheet_of
from triage.rows.concerned import rows_concerned
from triage.symptom import Cause, Symptom

pytestmark = pytest.mark.integration

HISTORY_S, ENDS_S = 1500, 1800


@pytest.fixture
def store(own_store: Store) -> Store:
    """Without rows."""
    empty(own_store)
    return own_store


def sales(
    follows: Callable[[float, int], float | None] = lambda at_s, number: 1.0, offset: int = 0, **named: str
) -> World:
    """A sale every four seconds of one of forty products: the shop counts it, and the ERP some seconds later.

    `follows` says after how many seconds; None for never.
    """
    dice, world = Random(7), World()
    shop = {f"a-{number}": 500 for number in range(40)}
    erp = {sku: count - offset for sku, count in shop.items()}
    for number in range(ENDS_S // 4):
        at_s, sku = 4.0 * number, f"a-{dice.randrange(40)}"
        shop[sku] -= 1
        world.changes.append(stock("shop", at_s, sku, shop[sku], f"o-{number}", f"c-{number}"))
        if (late_s := follows(at_s, number)) is not None:
            erp[sku] -= 1
            world.changes.append(stock("erp", at_s + late_s, sku, erp[sku], f"o-{number}", f"c-{number}"))
    return world


def found(store: Store, second: float) -> list[Symptom]:
    return list(inventory(window_at(moment(second)), store.ask))


def named(store: Store, symptom: Symptom, second: float) -> set[str]:
    return {row for row in rows_concerned(store.ask, symptom, moment(second))["customer"] if row}


def test_two_systems_that_come_apart_are_found_from_their_rows_alone(store: Store) -> None:
    """Within a minute, with those on the rows that only one system has counted; the past tells the same again."""
    sales(lambda at_s, number: None if at_s >= HISTORY_S and number % 2 else 1.0).tell(store)
    assert found(store, HISTORY_S) == []
    (early,) = found(store, HISTORY_S + 70)
    (symptom,) = found(store, ENDS_S)
    assert early.key == symptom.key
    assert (symptom.subject, symptom.cause) == ({"connector": "erp", "counterpart": "shop"}, Cause.SYSTEMS_DISAGREE)
    assert "disagree" in symptom.sentence
    assert moment(HISTORY_S) <= symptom.from_ <= moment(HISTORY_S + 20)
    customers = named(store, symptom, ENDS_S)
    unheard = {f"c-{number}" for number in range(HISTORY_S // 4, ENDS_S // 4) if number % 2}
    settled = {f"c-{number}" for number in range(HISTORY_S // 4, (ENDS_S - 200) // 4) if number % 2}
    assert len(customers & settled) >= 0.9 * len(settled)
    assert not customers - {f"c-{number}" for number in range(HISTORY_S // 4, ENDS_S // 4)}
    assert customers & unheard
    assert found(store, ENDS_S) == [symptom]


def test_whom_a_disagreement_hit_is_known_to_its_end(store: Store) -> None:
    """Rows are compared half a minute after they changed: those of its last half minute are compared after its end."""
    until_s = HISTORY_S + 120
    sales(lambda at_s, number: None if HISTORY_S <= at_s < until_s and number % 2 else 1.0).tell(store)
    (over,) = found(store, until_s + 200)
    assert over.to is not None
    assert over.to < moment(until_s)
    ongoing = named(store, replace(over, to=None), until_s + 200)
    assert {f"c-{number}" for number in (until_s // 4 - 2, until_s // 4 - 4)} <= ongoing
    assert named(store, over, until_s + 200) == named(store, over, ENDS_S) == ongoing


@pytest.mark.parametrize(
    ("follows", "offset"),
    [
        (lambda at_s, number: 1.0, 0),
        (lambda at_s, number: 20.0, 0),
        (lambda at_s, number: 1.0, 3),
        (lambda at_s, number: None if number == 400 else 1.0, 0),
    ],
    ids=("they agree", "one lags", "one always counts three less", "a single row"),
)
def test_what_only_looks_different_is_left_alone(
    store: Store, follows: Callable[[float, int], float | None], offset: int
) -> None:
    """A lag within the grace time, a difference that was always there, and one row among hundreds."""
    sales(follows, offset).tell(store)
    assert [each for second in range(600, ENDS_S + 1, 600) for each in found(store, second)] == []


def test_times_to_the_second_put_no_rows_in_disorder(store: Store) -> None:
    """As MySQL's log and Oracle's tell them: within a second, they are in the order in which a connector saw them."""
    dice, world = Random(3), World()
    counts = {f"a-{number}": 500 for number in range(5)}
    for number in range(4 * 600):
        second, part = divmod(number, 4)
        sku = f"a-{dice.randrange(5)}"
        counts[sku] -= 1
        named: Row = {"version": 500 - counts[sku], "event_id": f"e-{number}", "order_id": f"o-{number}"}
        for system, table, columns in (
            ("shop", "shop.stock", ("sku", "on_hand")),
            ("erp", "erp.STOCK", ("SKU", "ON_HAND")),
        ):
            row: Row = {**dict(zip(columns, (sku, counts[sku]), strict=True)), **named}
            lag_s = 0.1 + part / 4 + (system == "erp")
            world.changes.append(Change(system, table, second, row, tx=f"{system}-{number}", lag_s=lag_s))
    world.tell(store)
    looked: dict[str, Value] = {"from": moment(-3600), "to": moment(602), "least": 1}
    assert store.ask("detect/row_changes", **looked).is_empty()
    assert store.ask("detect/disagreements", **looked).is_empty()
    assert found(store, 602) == []


def test_a_connector_that_is_late_is_no_disagreement(store: Store) -> None:
    """What the ERP's connector has not sent yet is not missed, be it for ten minutes."""
    world = sales()
    late = [
        replace(change, lag_s=600.0) if change.system == "erp" and change.at_s > HISTORY_S else change
        for change in world.changes
    ]
    World(late).tell(store)
    assert [each for second in range(HISTORY_S, ENDS_S + 1, 60) for each in found(store, second)] == []


def test_a_history_that_is_still_being_sent_is_no_disagreement(store: Store) -> None:
    """However long ago it was, and wherever in it one system is further than the other."""
    world = sales()
    World([each for each in world.changes if each.at_s < (1400 if each.system == "erp" else 1450)]).tell(store)
    assert [each for behind_s in (0, 30, 300, 3600) for each in found(store, 1450 + behind_s)] == []


def orders(lost: Callable[[float, int], bool]) -> World:
    """An order every three seconds in the shop, and in the ERP a second later, unless it is lost."""
    world = World()
    for number in range(ENDS_S // 3):
        at_s = 3.0 * number
        shop: Row = {"order_id": f"o-{number}", "customer_id": f"c-{number}", "total": 10}
        world.changes.append(Change("shop", "shop.orders", at_s, shop, "c"))
        if not lost(at_s, number):
            world.changes.append(Change("erp", "erp.ORDERS", at_s + 1, {"ORDER_ID": f"o-{number}"}, "c"))
    return world


def test_orders_that_never_came_to_the_other_system_name_their_customers(store: Store) -> None:
    """Exactly those; on an ordinary day all orders are in both."""
    orders(lambda at_s, number: at_s >= HISTORY_S and number % 3 == 0).tell(store)
    assert found(store, HISTORY_S) == []
    (symptom,) = found(store, ENDS_S)
    assert symptom.cause is Cause.LOST_EVENTS
    assert (symptom.labels["left"], symptom.labels["right"]) == ("shop", "erp")
    assert named(store, symptom, ENDS_S) == {
        f"c-{number}" for number in range(HISTORY_S // 3, (ENDS_S - 30) // 3) if number % 3 == 0
    }


def two_shops(start_s: float = 0.0) -> World:
    """Each has orders of its own, under the same column's name."""
    world = World()
    for number in range(ENDS_S // 3):
        for shop in ("de", "fr"):
            order: Row = {"order_id": f"{shop}-{start_s}-{number}", "customer_id": f"{shop}-{number}"}
            world.changes.append(Change(f"shop-{shop}", "public.orders", start_s + 3.0 * number, order, "c"))
    return world


def two_shops_after_a_night() -> World:
    """The same, of which nothing was heard for three hours."""
    return World([*two_shops(-3 * 3600 - ENDS_S).changes, *two_shops().changes])


def two_warehouses() -> World:
    """Each counts its own pieces of the same products."""
    dice, world = Random(3), World()
    counts = {(house, number): many for house, many in (("a", 500), ("b", 300)) for number in range(40)}
    for number in range(ENDS_S):
        house, product = "ab"[number % 2], dice.randrange(40)
        counts[house, product] -= 1
        row: Row = {"sku": f"p-{product}", "on_hand": counts[house, product]}
        world.changes.append(Change(f"wms-{house}", "inv.stock", float(number), row))
    return world


def shipped_later() -> World:
    """An order every three seconds, and its shipment a quarter of an hour later, under the order's number."""
    world = World()
    for number in range(ENDS_S // 3):
        order: Row = {"order_id": f"o-{number}"}
        world.changes.append(Change("shop", "shop.orders", 3.0 * number, order, "c"))
        world.changes.append(Change("wms", "wms.shipments", 3.0 * number + 900, order, "c"))
    return World([change for change in world.changes if change.at_s < ENDS_S])


@pytest.mark.parametrize("tables", [two_shops, two_shops_after_a_night, two_warehouses, shipped_later])
def test_tables_that_only_have_the_same_key_column_hold_nothing_in_common(
    store: Store, tables: Callable[[], World]
) -> None:
    """They are not compared, from the first minutes on."""
    tables().tell(store)
    assert [each for second in (60, 300, 1200, ENDS_S) for each in found(store, second)] == []


@pytest.mark.parametrize(("is_deleted", "causes"), [(False, []), (True, [Cause.LOST_EVENTS])])
def test_what_the_other_system_holds_for_long_is_in_it(store: Store, is_deleted: bool, causes: list[Cause]) -> None:
    """The ERP told of its products hours ago, and now the shop imports some; those that it deleted never came to it."""
    world = World()
    for number in range(60):
        held: Row = {"SKU": f"old-{number}"}
        world.changes.append(Change("erp", "erp.PRODUCTS", number - 9 * 3600.0, held, "r"))
        if is_deleted:
            world.changes.append(Change("erp", "erp.PRODUCTS", number - 8 * 3600.0, held, "d", held))
        world.changes.append(Change("shop", "shop.products", HISTORY_S + 2.0 * number, {"sku": f"old-{number}"}, "c"))
    for number in range(ENDS_S // 10):
        world.changes.append(Change("shop", "shop.products", 10.0 * number, {"sku": f"new-{number}"}, "c"))
        world.changes.append(Change("erp", "erp.PRODUCTS", 10.0 * number + 1, {"SKU": f"new-{number}"}, "c"))
    world.tell(store)
    assert [each.cause for each in found(store, HISTORY_S + 200)] == causes


def test_keys_of_several_columns_are_the_same_however_those_are_written(store: Store) -> None:
    """Their case, by which they are in another order, is the database's way."""
    world = World()
    for number in range(ENDS_S // 3):
        at_s, sku = 3.0 * number, f"a-{number % 20}"
        shop: Row = {"sku": sku, "House": "north", "on_hand": 900 - number // 20}
        erp: Row = {"SKU": sku, "HOUSE": "north", "ON_HAND": 900 - number // 20 if at_s < HISTORY_S else 1}
        world.changes += [Change("shop", "shop.stock", at_s, shop), Change("erp", "erp.STOCK", at_s + 1, erp)]
    world.tell(store, Columns(key=("sku", "house")))
    assert found(store, HISTORY_S) == []
    (symptom,) = found(store, ENDS_S)
    assert symptom.cause is Cause.SYSTEMS_DISAGREE
    assert rows_concerned(store.ask, symptom, moment(ENDS_S))["key"].n_unique() == 40


def test_settings_say_which_tables_hold_the_same(store: Store) -> None:
    """Whatever their columns are called; what they do not name is not compared."""
    world = World()
    for number in range(ENDS_S // 3):
        at_s, item = 3.0 * number, f"i-{number % 30}"
        world.changes.append(Change("wms", "w.BINS", at_s, {"ITEM": item, "PIECES": 900 - number // 30}))
        if at_s < HISTORY_S or number % 2:
            world.changes.append(
                Change("shop", "shop.articles", at_s + 1, {"article": item, "free": 900 - number // 30})
            )
    world.tell(store)
    assert found(store, ENDS_S) == []
    schema.apply(store, counterparts=[Counterpart("w.bins", "pieces", "SHOP.articles", "FREE", 10)])
    try:
        assert [each.cause for each in found(store, ENDS_S)] == [Cause.SYSTEMS_DISAGREE]
    finally:
        schema.apply(store)


def booked(lost: Callable[[float, int], bool], others: bool = False) -> World:
    """Transactions of two changes each: an order and its line; of some the line is lost on its way."""
    world = World(ended=True)
    for number in range(ENDS_S // 3):
        at_s = 3.0 * number
        named = {"order_id": f"o-{number}", "customer_id": f"c-{number}"}
        world.changes.append(Change("shop", "shop.orders", at_s, named, "c", tx=f"tx-{number}", number=1))
        line = Change("shop", "shop.lines", at_s, {"line": number, **named}, "c", tx=f"tx-{number}", number=2)
        (world.lost if others or lost(at_s, number) else world.changes).append(line)
    return world


def test_a_transaction_that_did_not_come_whole_is_lost_events(store: Store) -> None:
    """By the count at its end, though no row has a number of its own; its customers are on what did come."""
    booked(lambda at_s, number: at_s >= HISTORY_S and number % 4 == 0).tell(store)
    assert found(store, HISTORY_S) == []
    (symptom,) = found(store, ENDS_S)
    assert (symptom.cause, symptom.labels["table"]) == (Cause.LOST_EVENTS, "shop.lines")
    assert named(store, symptom, ENDS_S) == {
        f"c-{number}" for number in range(HISTORY_S // 3, (ENDS_S - 60) // 3) if number % 4 == 0
    }


def test_a_table_that_is_never_received_is_not_missed(store: Store) -> None:
    """Its changes are counted at the end of each transaction, and yet are none of ours."""
    booked(lambda at_s, number: False, others=True).tell(store)
    assert found(store, ENDS_S) == []


def replayed(stale: Callable[[float], bool], again: Callable[[float], bool]) -> World:
    """A sale every four seconds, with its count, by number, and its booking; some come again a second later."""
    world = World()
    for number in range(ENDS_S // 4):
        at_s, named = 4.0 * number, {"customer_id": f"c-{number}"}
        world.changes.append(Change("shop", "shop.stock", at_s, {"sku": "A", "version": number, **named}))
        world.changes.append(Change("shop", "shop.booked", at_s, {"id": at_s, "event_id": f"e-{number}", **named}, "c"))
        if stale(at_s):
            late: Row = {"sku": "A", "version": number - 1, "customer_id": f"late-{number}"}
            world.changes.append(Change("shop", "shop.stock", at_s + 1, late))
        if again(at_s):
            twin: Row = {"id": at_s + 1, "event_id": f"e-{number}", "customer_id": f"again-{number}"}
            world.changes.append(Change("shop", "shop.booked", at_s + 1, twin, "c"))
    return world


def test_a_row_that_is_deleted_and_inserted_again_begins_anew(store: Store) -> None:
    """A cart's line with its number, as JPA counts it; what writes over a later change of the same line is told."""
    world = World()
    for number in range(ENDS_S // 4):
        at_s = 4.0 * number

        def line(version: int, customer: str, number: int = number) -> Row:
            return {"id": f"k-{number % 60}", "qty": 1, "version": version, "customer_id": customer}

        put_in = (Change("shop", "shop.lines", at_s + n, line(n, f"c-{number}"), "u" if n else "c") for n in range(3))
        world.changes += [*put_in, Change("shop", "shop.lines", at_s + 3, line(2, ""), "d", before=line(2, ""))]
        if number % 5 == 0 and at_s >= HISTORY_S:
            world.changes.append(Change("shop", "shop.lines", at_s + 2.5, line(1, f"late-{number}")))
    world.tell(store)
    assert found(store, HISTORY_S) == []
    (symptom,) = found(store, ENDS_S)
    assert symptom.cause is Cause.EVENT_ORDER
    late = {f"late-{number}" for number in range(HISTORY_S // 4, ENDS_S // 4) if number % 5 == 0}
    assert named(store, symptom, ENDS_S) == late


def test_equal_tables_of_two_databases_are_two_tables(store: Store) -> None:
    """One connector of SQL Server reads several databases, whose products may have the same names."""
    dice, world, versions = Random(1), World(), {"de": [100] * 30, "fr": [7] * 30}
    for number in range(ENDS_S // 2):
        shop, sku = dice.choice(["de", "fr"]), dice.randrange(30)
        versions[shop][sku] += 1
        row: Row = {"sku": f"s-{sku}", "version": versions[shop][sku], "customer_id": f"c-{number}"}
        world.changes.append(Change("shops", "dbo.stock", 2.0 * number, row, db=f"shop_{shop}"))
        if number % 5 == 0 and shop == "fr" and 2 * number >= HISTORY_S:
            late: Row = {**row, "version": versions[shop][sku] - 1, "customer_id": f"late-{number}"}
            world.changes.append(Change("shops", "dbo.stock", 2.0 * number + 1, late, db="shop_fr"))
    world.tell(store)
    assert found(store, HISTORY_S) == []
    (symptom,) = found(store, ENDS_S)
    assert symptom.cause is Cause.EVENT_ORDER
    assert {name.split("-")[0] for name in named(store, symptom, ENDS_S)} == {"late"}


def reloaded(op: str) -> World:
    """Counts by number; in the night the table is emptied (or read anew), and filled with numbers from 1 on."""
    world = World()
    for number in range(HISTORY_S // 2):
        row: Row = {"sku": f"a-{number % 30}", "version": 2 + number // 30}
        world.changes.append(Change("shop", "shop.stock", 2.0 * number, row))
    if op == "c":
        world.changes.append(Change("shop", "shop.stock", HISTORY_S + 1, {}, "t"))
    for sku in range(30):
        for version in (1, 2):
            new: Row = {"sku": f"a-{sku}", "version": version}
            at_s = HISTORY_S + 2 + sku / 100 + 5 * (version - 1)
            world.changes.append(Change("shop", "shop.stock", at_s, new, op if version == 1 else "u"))
    return world


@pytest.mark.parametrize("op", ["c", "r"])
def test_a_table_that_is_filled_anew_begins_anew(store: Store, op: str) -> None:
    """What is inserted, or read for a snapshot, writes over nothing."""
    reloaded(op).tell(store)
    assert found(store, HISTORY_S + 30) == []
    assert found(store, HISTORY_S + 120) == []


@pytest.mark.parametrize("number_of", [lambda at_s: 100_000 + int(at_s), lambda at_s: int(1000 * at_s)])
def test_numbers_that_do_not_count_a_row_s_changes_leave_none_out(
    store: Store, number_of: Callable[[float], int]
) -> None:
    """From one sequence of the database for all rows, or a time; what has a lower one is still late."""
    world = World()
    for number in range(ENDS_S // 2):
        at_s, sku = 2.0 * number, f"a-{number % 30}"
        world.changes.append(Change("shop", "shop.stock", at_s, {"sku": sku, "version": number_of(at_s)}))
        if at_s >= HISTORY_S and number % 5 == 0:
            late: Row = {"sku": sku, "version": number_of(at_s - 1), "customer_id": f"late-{number}"}
            world.changes.append(Change("shop", "shop.stock", at_s + 1, late))
    world.tell(store)
    assert [each for second in (200, 600, HISTORY_S) for each in found(store, second)] == []
    assert [each.cause for each in found(store, ENDS_S)] == [Cause.EVENT_ORDER]


@pytest.mark.parametrize("tx", ["tx-", ""], ids=("transactions are told", "they are not"))
def test_what_one_transaction_inserts_under_one_key_is_applied_once(store: Store, tx: str) -> None:
    """An order's lines; the same order in another transaction is there again, with all of its lines."""
    world, rows = World(), 0
    for number in range(ENDS_S // 3):
        at_s = 3.0 * number
        again = at_s >= HISTORY_S and number % 5 == 0
        for try_at_s in (at_s, at_s + 1)[: 2 if again else 1]:
            for line in range(1 + number % 3):
                rows += 1
                row: Row = {"id": rows, "idempotency_key": f"r-{number}", "customer_id": f"c-{number}"}
                world.changes.append(Change(
                    "shop", "shop.lines", try_at_s, row, "c", tx=tx and f"{tx}{try_at_s}", number=line + 1,
                    lag_s=0.1 + line / 1000,
                ))  # fmt: skip
    world.tell(store)
    assert [each for second in (120, HISTORY_S) for each in found(store, second)] == []
    (symptom,) = found(store, ENDS_S)
    assert symptom.cause is Cause.NO_IDEMPOTENCY
    wrong = range(HISTORY_S // 3, ENDS_S // 3, 5)
    assert named(store, symptom, ENDS_S) == {f"c-{number}" for number in wrong}
    assert rows_concerned(store.ask, symptom, moment(ENDS_S)).height == sum(1 + number % 3 for number in wrong)


def test_times_to_the_millisecond_put_no_rows_in_disorder(store: Store) -> None:
    """What happens and is captured within one is in the order of the database's log, and by its numbers."""
    world = World(to_ms=True)
    for number in range(600):
        for part in range(5):
            left = 50_000 - 5 * number - part
            named: Row = {"version": 50_000 - left, "order_id": f"o-{left}"}
            world.changes += [
                Change("shop", "shop.stock", number, {"sku": "hot", "on_hand": left, **named}),
                Change("erp", "erp.STOCK", number, {"SKU": "hot", "ON_HAND": left}),
            ]
    world.tell(store)
    looked: dict[str, Value] = {"from": moment(-3600), "to": moment(602), "least": 1}
    assert store.ask("detect/row_changes", **looked).is_empty()
    assert store.ask("detect/disagreements", **looked).is_empty()


def at_sales(name: str, from_s: float, to_s: float) -> set[str]:
    """The customers of that name at the sales of some seconds."""
    return {f"{name}-{number}" for number in range(ENDS_S // 4) if from_s <= 4 * number < to_s}


def test_rows_that_are_wrong_in_two_ways_are_told_together(store: Store) -> None:
    """Whichever way leads: the customers on all of them, and in words how many there are of each."""
    replayed(lambda at_s: at_s >= HISTORY_S, lambda at_s: at_s >= HISTORY_S + 100).tell(store)
    (symptom,) = found(store, ENDS_S)
    assert (symptom.cause, symptom.labels["kind"]) == (Cause.EVENT_ORDER, "stale")
    late, again = at_sales("late", HISTORY_S, ENDS_S), at_sales("again", HISTORY_S + 100, ENDS_S)
    assert named(store, symptom, ENDS_S) == late | again
    assert "write over a later change of the same row or apply what was applied already" in symptom.sentence
    assert [part.split()[0] for part in symptom.because.split("; ")] == [str(len(late)), str(len(again))]


def test_an_incident_keeps_its_customers_when_another_way_leads(store: Store) -> None:
    """In its figures, its list, and the rows to reconcile: late counts first, then bookings that come again."""
    first, then = (1100.0, 1200.0), (1600.0, 1700.0)
    replayed(lambda at_s: first[0] <= at_s < first[1], lambda at_s: then[0] <= at_s < then[1]).tell(store)
    passes = Passes()
    for second in (first[1], then[1]):
        passes.look(second, *found(store, second))
    (tracked,) = passes.only.symptoms
    assert (tracked.symptom.labels["kind"], tracked.symptom.from_) == ("again", moment(first[0] + 1))
    hit = hit_by(store, passes.only, moment(then[1]), customers_on_rows(store))
    everyone = at_sales("late", *first) | at_sales("again", *then)
    assert {customer.customer for customer in hit.customers} == everyone
    assert hit.impact.customers == len(everyone)
    wrong = [each for item in reconciliation(store, passes.only, moment(then[1])) for each in item.wrong]
    assert {each.change.customer for each in wrong} == everyone
    assert {each.kind for each in wrong} == {"stale", "again"}
    assert ON_ROWS["stale"] in (said := sheet_of(passes.only, hit.question, moment(then[1])).words)
    assert ON_ROWS["again"] in said


def test_what_came_late_is_not_missing(store: Store) -> None:
    """A number that never came is; a symptom that was found with both kinds names those on either."""
    counts = [Change("shop", "shop.stock", 4 * number, row) for number, row in enumerate(numbered(10))]
    del counts[2]
    counts[5] = replace(counts[5], at_s=30.0)
    World(counts).tell(store)
    missing = other("inventory", {"connector": "shop"}, from_=moment(0), labels={"kind": "missing"})
    both = replace(missing, labels={"kind": "missing", "kinds": "missing stale"})
    assert named(store, missing, 60) == {"c-3"}
    assert named(store, both, 60) == {"c-3", "c-6"}


def numbered(many: int) -> list[Row]:
    """A row's first changes."""
    return [{"sku": "A", "version": number, "customer_id": f"c-{number}"} for number in range(many)]
