"""What a row should say, from its history: each rule of docs/reconciliation.md."""

import csv
import re
from dataclasses import replace
from random import Random

import pytest

from tests.row_makers import at, change, erp, moved, stock, thing
from triage.compensation.text import reconciliation_text
from triage.rows.model import RowChange, Rule, Wrong
from triage.rows.thing import Other, stock_column
from triage.rows.verdict import judged, sign_of
from triage.rows.wire import COLUMNS, ReconciliationJson, csv_lines

LATER = at(3600)


def test_each_movement_counts_once_whatever_was_written_late() -> None:
    """A count written late is not believed, nor what was counted on top of it; the other system confirms it."""
    late = stock(30, 10, 2)
    own = [stock(0, 10, 1), stock(20, 8, 3), late, stock(40, 9, 4)]
    movements = [moved(20, -2, "m-1", tx="tx-20"), moved(40, -1, "m-2", tx="tx-40")]
    other = Other("erp", "erp.STOCK", [erp(0, 10), erp(21, 8), erp(41, 7)])
    item = judged(thing(own, [Wrong(late, "stale")], movements, 1, [other]), LATER)
    assert (item.value, item.verdict.value, item.difference) == (9, 7, -2)
    assert (item.verdict.rule, item.verdict.confirmed) == (Rule.MOVEMENTS, True)
    assert "8 at 10:00:20 and 1 movement since, each once, come to 7; erp.STOCK says 7" in item.verdict.because
    assert item.column == "on_hand"
    assert [each.sequence for each in item.replay] == [2, 4]


def test_what_is_booked_twice_counts_once_and_is_not_replayed() -> None:
    """By its idempotency key; the change of the count in the same transaction is left out too."""
    again = moved(20, -2, "m-1", id="again", tx="tx-20")
    own = [stock(0, 10, 1), stock(10, 8, 2), stock(20, 6, 3), stock(30, 5, 4)]
    movements = [moved(10, -2, "m-1", tx="tx-10"), again, moved(30, -1, "m-3", tx="tx-30")]
    item = judged(thing(own, [Wrong(again, "again")], movements, 1), LATER)
    assert (item.value, item.verdict.value, item.verdict.confirmed) == (5, 7, False)
    assert "(1 more repeats what was booked before)" in item.verdict.because
    assert [each.sequence for each in item.replay] == [4]


def test_without_movements_the_last_by_number_is_right_if_nothing_rests_on_a_late_one() -> None:
    """Else only the other system, or the shelf, knows."""
    late = stock(30, 10, 2)
    wrong = [Wrong(late, "stale")]
    assert judged(thing([stock(0, 10, 1), stock(20, 8, 3), late], wrong), LATER).verdict.value == 8
    rests = [stock(0, 10, 1), stock(20, 8, 3), late, stock(40, 9, 4)]
    unknown = judged(thing(rests, wrong), LATER)
    assert (unknown.verdict.value, unknown.verdict.rule, unknown.difference) == (None, Rule.UNKNOWN, None)
    other = Other("erp", "erp.STOCK", [erp(41, 4)], offset=3)
    told = judged(thing(rests, wrong, others=[other]), LATER).verdict
    assert (told.value, told.rule) == (7, Rule.COUNTERPART)
    assert "always differs by 3" in told.because


def test_the_movement_of_the_last_right_count_is_in_it_already() -> None:
    """One of the same transaction counts no second time, though it was written a moment later."""
    late = stock(50, 9, 2)
    own = [stock(0, 10, 1), stock(10, 8, 3), late]
    item = judged(thing(own, [Wrong(late, "stale")], [moved(10.5, -2, "m-1", tx="tx-10")], 1), LATER)
    assert item.verdict.value == 8


def test_what_a_snapshot_read_is_not_replayed() -> None:
    """It changed nothing."""
    late = stock(30, 10, 2)
    own = [stock(0, 10, 1), stock(20, 8, 3), late, stock(40, 9, 4, op="r")]
    assert [each.sequence for each in judged(thing(own, [Wrong(late, "stale")]), LATER).replay] == [2]


def test_changes_without_a_transaction_are_replayed_too() -> None:
    """Where a connector names none, they are not all of one."""
    late = stock(30, 10, 2, tx="")
    own = [stock(0, 10, 1, tx=""), stock(20, 8, 3, tx=""), late, stock(40, 9, 4, tx="")]
    assert [each.sequence for each in judged(thing(own, [Wrong(late, "stale")]), LATER).replay] == [2, 4]


def test_a_row_that_the_other_system_has_deleted_tells_nothing() -> None:
    """Whatever it held."""
    late = stock(30, 10, 2)
    own = [stock(0, 10, 1), stock(20, 8, 3), late, stock(40, 9, 4)]
    other = Other("erp", "erp.STOCK", [erp(0, 10), replace(erp(41, 7), op="d")])
    item = judged(thing(own, [Wrong(late, "stale")], others=[other]), LATER)
    assert (item.said[1].value, item.verdict.rule) == (None, Rule.UNKNOWN)


def test_what_the_other_system_has_missed_is_all_of_it_or_nothing() -> None:
    """Also what it missed after the two were found apart; nothing where a message came twice to the row's own.

    Nor where neither movements nor names of orders tell which of the two is right.
    """
    own = [stock(0, 9), stock(100, 8), stock(200, 7), stock(1000, 6, idempotency_key="m-1"), stock(1100, 5)]
    movements = [moved(seconds, -1, f"m-{seconds}", tx=f"tx-{seconds}") for seconds in (200, 1000, 1100)]
    other = Other("erp", "erp.STOCK", [erp(1, 9), erp(101, 8)])
    wrong = [Wrong(own[2], "disagree")]
    assert judged(thing(own, wrong, movements, 1, [other]), LATER).said[1].missed == tuple(own[2:])
    behind = judged(thing(own, wrong, movements, 1, [replace(other, told=at(2000))]), LATER).said[1]
    assert (behind.agrees, behind.missed) == (False, ()), "it may have been applied since"
    twice = [*own[:-1], replace(own[-1], idempotency_key="m-1")]
    assert judged(thing(twice, wrong, movements, 1, [other]), LATER).said[1].missed == ()
    assert judged(thing(own, wrong, others=[other]), LATER).said[1].missed == ()
    here = [replace(each, order=f"o-{each.id}") for each in own]
    assert judged(thing(here, wrong, others=[other]), LATER).said[1].missed == ()
    there = replace(other, history=[replace(each, order=f"o-{each.id}") for each in other.history])
    assert judged(thing(here, wrong, others=[there]), LATER).said[1].missed == tuple(here[2:])


def test_a_change_that_does_not_tell_the_count_leaves_it_as_it_was() -> None:
    """As where the ERP moves the row to another bin, or a log holds only what changed."""
    own = [stock(0, 9), stock(100, 8), stock(200, 7)]
    movements = [moved(seconds, -1, f"m-{seconds}", tx=f"tx-{seconds}") for seconds in (100, 200)]
    told = [erp(1, 9), erp(101, 8)]
    moves = [replace(erp(seconds, 0), quantity=None, row='{"SKU":"A","BIN":7}') for seconds in (50, 300)]
    other = Other("erp", "erp.STOCK", [told[0], moves[0], told[1], moves[1]])
    item = judged(thing(own, [Wrong(own[2], "disagree")], movements, 1, [other]), LATER)
    assert (item.said[1].value, item.said[1].agrees) == (8, False)
    assert item.said[1].missed == (own[2],), "the change before it came, since it made the same step"
    bare = judged(thing(own, [Wrong(own[2], "disagree")], movements, 1, [replace(other, history=moves)]), LATER)
    assert (bare.said[1].value, bare.said[1].agrees) == (None, None)


def test_where_sources_differ_it_says_so() -> None:
    """And is not confirmed."""
    late = stock(30, 10, 2)
    own = [stock(0, 10, 1), stock(20, 8, 3), late]
    movements = [moved(20, -2, "m-1", tx="tx-20")]
    item = judged(thing(own, [Wrong(late, "stale")], movements, 1, [Other("erp", "erp.STOCK", [erp(21, 6)])]), LATER)
    assert (item.verdict.value, item.verdict.confirmed) == (8, False)
    assert item.verdict.because.endswith("erp.STOCK says 6: they differ, so count what is there")


def test_what_is_on_its_way_is_not_told_as_what_the_other_system_says() -> None:
    """It agreed at rest, a sale ago."""
    own = [stock(0, 9), stock(100, 8), stock(200, 7), stock(290, 6)]
    other = Other("erp", "erp.STOCK", [erp(1, 9), erp(101, 7)])
    item = judged(thing(own, [Wrong(own[1], "disagree")], others=[other]), at(300))
    assert (item.verdict.value, item.verdict.because) == (6, "erp.STOCK said so when both last rested")


def test_fractions_of_a_piece_add_up_as_people_add_them() -> None:
    """Movements, the other system and the row itself agree, though sums of binary fractions are a little off."""
    again = moved(20, -0.1, "m-1", id="again", tx="tx-20")
    own = [stock(0, 10.0, 1), stock(10, 9.9, 2), stock(20, 9.8, 3), stock(25, 9.9, 4), stock(40, 9.7, 6)]
    movements = [moved(10, -0.1, "m-1", tx="tx-10"), again, *(moved(s, -0.1, f"m-{s}", tx=f"tx-{s}") for s in (30, 40))]
    item = judged(thing(own, [Wrong(again, "again")], movements, 1, [Other("erp", "erp.STOCK", [erp(41, 9.7)])]), LATER)
    assert (item.verdict.value, item.verdict.confirmed, item.difference) == (9.7, True, 0)
    off = Other("erp", "erp.STOCK", [erp(41, 9.4)], offset=0.3)
    assert judged(thing(own, [Wrong(again, "again")], movements, 1, [off]), LATER).verdict.confirmed


def test_what_is_right_has_all_of_its_digits() -> None:
    """Also the sentence that says why, and what must be added."""
    late = stock(30, 20000.5, 2)
    item = judged(thing([stock(0, 20000.5, 1), stock(20, 19999.875, 3), late], [Wrong(late, "stale")]), LATER)
    assert item.verdict.because == "change 3 is the last by number and leaves 19999.875"
    row = dict(zip(COLUMNS, next(csv.reader([*csv_lines("INC-1", LATER, [item])][1:])), strict=True))
    assert (row["value"], row["right"], row["difference"]) == ("20000.5", "19999.875", "-0.625")
    said = [*reconciliation_text(ReconciliationJson.page("INC-1", LATER, [item], [item], None))]
    assert re.search(r"20000\.5 .* 19999\.875 +-0\.625", said[-1])


@pytest.mark.parametrize("kind", ["missing", "open"])
def test_what_is_missing_is_named_and_movements_are_not_believed(kind: str) -> None:
    """They may be missing too; the other system tells what is right, once nothing is on its way."""
    after = stock(30, 5, 6)
    own = [stock(0, 10, 1), stock(10, 9, 2), after]
    movements = [moved(10, -1, "m-1", tx="tx-10"), moved(30, -1, "m-6", tx="tx-30")]
    wrong = [Wrong(after, kind)]
    item = judged(thing(own, wrong, movements, 1), LATER)
    assert (item.verdict.rule, item.missing) == (Rule.UNKNOWN, ((3, 5),))
    others = [Other("erp", "erp.STOCK", [erp(31, 5)])]
    assert judged(thing(own, wrong, movements, 1, others), LATER).verdict.rule is Rule.COUNTERPART
    assert judged(thing(own, wrong, movements, 1, others), at(40)).verdict.rule is Rule.UNKNOWN


def test_movements_are_known_by_what_they_did_before() -> None:
    """Whichever way they are signed; what does not move the stock is no movement of it."""
    assert sign_of([(-1, -1), (2, 2), (-3, -3)]) == 1
    assert sign_of([(-1, 1), (2, -2), (-3, 3)]) == -1
    assert sign_of([(-1, -1), (2, 5), (-3, 1), (0, 4)]) == 0
    assert sign_of([(-1, -1)]) == 0, "one may be chance"
    row: dict[str, object] = {"sku": "A", "free": 3, "reserved": 3}
    assert stock_column([change(0, row, quantity=3), change(1, row | {"reserved": 1}, quantity=3)]) == "free"


def test_any_order_of_delivery_and_any_lateness_comes_to_the_same() -> None:
    """Histories made at random: true counts, then events that read early and write late, or come twice."""
    seed = Random().randrange(1 << 32)
    for number in range(200):
        dice = Random(f"{seed} {number}")
        own, movements, wrong, true = _made(dice)
        item = judged(thing(own, wrong, movements, 1), LATER)
        assert not wrong or item.verdict.value == true, f"seed {seed}, number {number}"


def _made(dice: Random) -> tuple[list[RowChange], list[RowChange], list[Wrong], float]:
    count = true = 50
    own, movements, wrong = [stock(0, 50, 1)], list[RowChange](), list[Wrong]()
    late: tuple[int, int, int] | None = None
    for sequence in range(2, dice.randrange(6, 30)):
        pieces = dice.choice((-1, -1, -2, 5))
        true += pieces
        if late is None and dice.random() < 0.2:
            late = (sequence, count, pieces)  # it has read the count, and writes it later
            continue
        count += pieces
        own.append(stock(sequence, count, sequence))
        movements.append(moved(sequence, pieces, f"m-{sequence}", tx=f"tx-{float(sequence)}"))
        if late and dice.random() < 0.5:
            number, read, moves = late
            count, late, when = read + moves, None, sequence + 0.5
            own.append(stock(when, count, number))
            movements.append(moved(when, moves, f"m-{number}"))
            wrong.append(Wrong(own[-1], "stale"))
        if dice.random() < 0.2:
            count, when = count + pieces, sequence + 0.7
            own.append(stock(when, count, sequence))
            movements.append(moved(when, pieces, f"m-{sequence}", id=f"again-{sequence}"))
            wrong.append(Wrong(movements[-1], "again"))
    return own, movements, wrong, true - (late[2] if late else 0)
