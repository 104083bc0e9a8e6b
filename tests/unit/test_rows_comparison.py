"""When two systems agree on a row, and what one of them has missed of it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.row_makers import at, erp, stock
from triage.rows.comparison import Counts, Pair, agreement, missed, usual

Told = Sequence[tuple[float, float]]
"""Seconds, and what is left then."""


def here(told: Told) -> Counts:
    return Counts([stock(seconds, left) for seconds, left in told])


def there(told: Told) -> Counts:
    return Counts([erp(seconds, left) for seconds, left in told])


def selling(from_s: float, left: float, lag_s: float = 0.0) -> Told:
    """A piece every three seconds, for two minutes."""
    return [(from_s + lag_s + 3 * n, left - n) for n in range(40)]


@pytest.mark.parametrize(
    ("one", "two", "agrees"),
    [
        ([(0, 9)], [(1, 9)], True),
        ([(0, 9)], [(1, 8)], False),
        ([(0, 9), (110, 8)], [(1, 9)], True),
        ([(0, 9), (80, 8)], [(1, 9)], False),
        ([(0, 9), (110, 8)], [(1, 8)], None),
        ([(0, 99), *selling(0, 98)], [(0, 99), *selling(0, 98, lag_s=1)], None),
        ([(-60, 99), *selling(0, 98)], [(-60, 99), *selling(0, 98, lag_s=1)], True),
        ([(-60, 99), *selling(0, 98)], [(-60, 99), *selling(0, 99, lag_s=1)], None),
        ([(-60, 99), *selling(0, 98)], [(-60, 100), *selling(0, 99, lag_s=1)], False),
        ([(-60, 99), *selling(0, 98, lag_s=1)], [(-60, 100), *selling(0, 99)], None),
        ([(-60, 99), *selling(0, 98)], [(-60, 99), *selling(0, 99, lag_s=-0.5)], None),
        ([(-60, 99), *selling(0, 98)], [(-60, 104), *selling(0, 98, lag_s=4)], None),
    ],
    ids=[
        "it rests", "it rests and differs", "a sale is on its way", "a sale was missed", "it may be put right",
        "never at rest", "it sells", "it sells, and missed one meanwhile", "it sells, and missed one before",
        "it sells, and its difference passes nought", "the other sells first, and missed one meanwhile",
        "it was put right while it sells, and two sales are always on their way",
    ],
)  # fmt: skip
def test_systems_agree_that_did_at_rest_and_do_lately(one: Told, two: Told, agrees: bool | None) -> None:
    """What they said at rest lasts, or they never did say the same lately; of all else it can't be told yet."""
    assert agreement(Pair(here(one), there(two)), 0, at(115)) is agrees


def test_what_systems_usually_differ_by_is_told_by_when_they_rested() -> None:
    """Not by what is on its way; where they never rested, by what lasts longest."""
    assert usual(Pair(here([(0, 9), (100, 8)]), there([(1, 6)])), at(101)) == 3
    assert usual(Pair(here(selling(0, 99)), there(selling(0, 96, lag_s=1))), at(115)) == 3
    assert usual(Pair(here([(0, 9)]), there([])), at(100)) is None


def test_what_was_missed_is_known_by_order_or_where_nothing_like_it_came() -> None:
    """Only where that is all that the two differ by."""
    one = [(0, 9), (100, 8), (110, 7), (120, 6)]
    two = [(0, 9), (101, 8), (111, 7)]
    assert missed(Pair(here(one), there(two)), 0, at(300)) == [], "one of three that are alike"
    orders = [replace(each, order=f"o-{place}") for place, each in enumerate(here(one).changes)]
    for orders_there, lacks in ([0, 1, 2], [3]), ([0, 1, 3], [2]), ([0, 2, 3], [1]):
        told = [replace(each, order=f"o-{n}") for each, n in zip(there(two).changes, orders_there, strict=True)]
        assert missed(Pair(Counts(orders), Counts(told)), 0, at(300)) == [orders[n] for n in lacks]
    one = [(0, 9), (100, 8), (200, 6), (300, 5)]
    assert missed(Pair(here(one), there([(0, 9), (101, 8), (301, 7)])), 0, at(400)) == [here(one).changes[2]]
    assert missed(Pair(here(one), there([(0, 9), (301, 8), (350, 6)])), 0, at(400)) == [], "another was set since"
