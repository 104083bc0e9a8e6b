"""Which rows a postmortem calls right by now."""

from dataclasses import replace

import pytest

from tests.row_makers import at, change, stock
from triage.postmortem.rows import Rows, counts
from triage.rows.model import Item, RowChange, Rule, Said, Verdict, Wrong
from triage.rows.wire import ReconciliationJson

WRONG, RIGHT, UNTOLD = Rows(1, 1, 0), Rows(1, 0, 0), Rows(1, 0, 1)


def item(last: RowChange, verdict: Verdict, kind: str = "again", column: str = "") -> Item:
    said = (Said("shop", "shop.stock", last.quantity if last.op != "d" else None, last),)
    return Item("shop", "shop.stock", last.key, last.names, column, said, verdict, (Wrong(last, kind),))


def apart(one: Item) -> Item:
    """From another system, that is."""
    return replace(one, said=(*one.said, Said("erp", "erp.STOCK", 99, stock(6, 99), agrees=False)))


@pytest.mark.parametrize(
    ("one", "rows"),
    [
        (item(stock(5, 3), Verdict(4, Rule.MOVEMENTS, "…"), "stale", "on_hand"), WRONG),
        (item(stock(5, 4), Verdict(4, Rule.MOVEMENTS, "…"), "stale", "on_hand"), RIGHT),
        (item(stock(5, 4), Verdict(None, Rule.UNKNOWN, "…"), "stale", "on_hand"), UNTOLD),
        (item(stock(5, 4, op="d"), Verdict(None, Rule.UNKNOWN, "…"), "stale", "on_hand"), RIGHT),
        (apart(item(stock(5, 4), Verdict(4, Rule.MOVEMENTS, "…"), "disagree", "on_hand")), WRONG),
        (apart(item(stock(5, 4), Verdict(None, Rule.UNKNOWN, "…"), "disagree", "on_hand")), UNTOLD),
        (apart(item(stock(5, 4, op="d"), Verdict(4, Rule.MOVEMENTS, "…"), "disagree", "on_hand")), UNTOLD),
        (apart(item(stock(5, 4, op="d"), Verdict(None, Rule.UNKNOWN, "…"), "disagree", "on_hand")), UNTOLD),
        (item(stock(5, -6), Verdict(-6, Rule.MOVEMENTS, "…"), "below", "on_hand"), WRONG),
        (item(stock(5, 0), Verdict(0, Rule.MOVEMENTS, "…"), "below", "on_hand"), RIGHT),
        (item(stock(5, 0, op="d"), Verdict(-6, Rule.MOVEMENTS, "…"), "below", "on_hand"), RIGHT),
        (item(change(5, {"id": 1}), Verdict(None, Rule.FIRST_INSERT, "…")), WRONG),
        (item(change(5, {"id": 1}), Verdict(None, Rule.IN_ONE_ONLY, "…"), "absent"), WRONG),
        (item(change(5, {"id": 1}), Verdict(None, Rule.UNKNOWN, "…"), "open"), UNTOLD),
        (item(change(5, {"id": 1}), Verdict(None, Rule.FIRST_INSERT, "…", confirmed=True)), RIGHT),
        (item(change(5, {"id": 1}), Verdict(None, Rule.IN_ONE_ONLY, "…", confirmed=True), "absent"), RIGHT),
        (item(change(5, {"id": 1}, op="d"), Verdict(None, Rule.UNKNOWN, "…"), "open"), UNTOLD),
    ],
)
def test_a_row_is_right_once_nothing_is_left_to_do(one: Item, rows: Rows) -> None:
    """A stock as it should be, and enough, in both systems that disagreed; what repeats another, deleted; what was
    absent, there. What is known to be left is wrong, and only of what nobody knows it can't be told.
    """
    assert counts([one]) == rows
    told = ReconciliationJson.page("INC-1", at(9), [one], [one], None)
    assert (told.differing, told.unknown) == (rows.wrong, rows.untold), "as the reconciliation says it"


def test_each_row_counts_once() -> None:
    """However many changes made it wrong."""
    one = item(stock(5, 3), Verdict(4, Rule.MOVEMENTS, "…"), "stale", "on_hand")
    assert counts([one, replace(one, wrong=one.wrong * 3)]) == Rows(2, 2, 0)
