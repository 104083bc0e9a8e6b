"""What rules the dear questions about row changes out: it never says less than they find."""

from random import Random

import polars as pl
import pytest

from queries.store import Store, Value
from tests.loading import empty
from tests.row_world import Change, Row, World, moment
from triage.detectors import window_at
from triage.detectors.inventory import AT_MOST, KINDS, inventory

pytestmark = pytest.mark.integration

LASTS_S = 1200
SYSTEMS = (("shop", "shop.stock", "sku"), ("erp", "erp.STOCK", "SKU"))
FOUND = {
    "detect/row_changes": tuple(KINDS),
    "detect/open_transactions": ("open_transactions",),
    "detect/disagreements": ("disagreeing",),
}


def muddle(dice: Random) -> World:
    """Two systems that count a few products, each in its own way rightly most of the time."""
    world, numbers = World(ended=True), dict[str, int]()
    wrong, stocks = dice.choice([0.02, 0.1, 0.4]), {f"a-{number}": 20 for number in range(12)}
    for place in range(240):
        at_s, sku = LASTS_S * (place + dice.random()) / 240, f"a-{dice.randrange(12)}"
        stocks[sku] -= dice.randrange(3)
        for system, table, column in SYSTEMS:
            numbers[system + sku] = numbers.get(system + sku, 0) + 1 + (dice.random() < wrong)
            row: Row = {
                column: sku,
                "on_hand": stocks[sku] - (dice.random() < wrong),
                "sequence": numbers[system + sku] - 2 * (dice.random() < wrong),
                "idempotency_key": f"m-{place - (dice.random() < wrong)}",
            }
            told = Change(
                system, table, at_s + dice.choice([0.2, 1.0, 40.0]), row, dice.choices("ucrd", (16, 8, 1, 3))[0],
                tx=f"{system}-{place // 2}", number=1 + place % 2, lag_s=dice.choice([0.1, 0.1, 5.0, 90.0]),
            )  # fmt: skip
            (world.lost if dice.random() < wrong / 2 else world.changes).append(told)
    return world


@pytest.mark.parametrize("seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.full) for seed in range(2, 60))])
def test_no_question_finds_more_than_was_said_to_be_the_most(own_store: Store, seed: int) -> None:
    """Whatever is wrong, and whenever it is asked; and much is found here."""
    empty(own_store)
    muddle(Random(seed)).tell(own_store)
    found_in_all = 0
    for second in (400, 700, LASTS_S, LASTS_S + 200):
        window = window_at(moment(second))
        times = {"from": window.from_, "to": window.to}
        for question, columns in FOUND.items():
            at_most = own_store.ask(AT_MOST[question], **times)["at_most"][0]
            rows = own_store.ask(question, least=0, **times)
            found = int(sum(rows[column].sum() for column in columns))
            assert found <= at_most, f"seed {seed}: {question} found {found} at {second} s, at most {at_most} was said"
            found_in_all += found
    assert found_in_all


def test_where_no_rows_are_told_of_one_question_is_asked(own_store: Store) -> None:
    """Of a pass in a shop without change data capture."""
    empty(own_store)
    asked: list[str] = []

    def ask(question: str, /, **given: Value) -> pl.DataFrame:
        asked.append(question)
        return own_store.ask(question, **given)

    assert not [*inventory(window_at(moment(LASTS_S)), ask)]
    assert asked == ["detect/any_row_changes"]
