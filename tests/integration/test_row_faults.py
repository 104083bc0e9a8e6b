"""Wrong rows of databases that tell less, or more than one at once: what is found, and what is rightly left alone."""

import pytest

from queries.store import Store
from tests.loading import empty
from tests.row_world import Change, Row, World, moment
from triage.detectors import window_at
from triage.detectors.inventory import AT_MOST, inventory
from triage.rows.concerned import rows_concerned
from triage.symptom import Cause

pytestmark = pytest.mark.integration

HISTORY_S, ENDS_S = 1500, 1800
AGAIN = range(HISTORY_S // 3, ENDS_S // 3, 5)


@pytest.fixture
def store(own_store: Store) -> Store:
    """Without rows."""
    empty(own_store)
    return own_store


def ordered(lines: int, *, by_statement: bool = False, alike: bool = False, gap_s: float) -> World:
    """Orders of some lines in a MySQL without GTIDs, one every three seconds; later every fifth once more, soon after.

    The lines of an order come in one statement or in one each; they name products, or say all the same.
    """
    world, rows = World(binlog=True), 0
    for number in range(ENDS_S // 3):
        for at_s in (3.0 * number, 3.0 * number + gap_s)[: 2 if number in AGAIN and gap_s else 1]:
            for line in range(lines):
                rows += 1
                row: Row = {"id": rows, "event_id": f"e-{number}", "customer_id": f"c-{number}"}
                row = row if alike else {**row, "sku": f"s-{line}"}
                in_statement = line + 1 if by_statement else 1
                world.changes.append(Change(
                    "shop", "shop.lines", at_s, row, "c", number=in_statement, lag_s=0.1 + line / 1000,
                ))  # fmt: skip
    return world


@pytest.mark.parametrize(
    ("lines", "by_statement", "gap_s"), [(1, False, 0.3), (3, False, 0.3), (3, True, 0.3), (3, True, 2)]
)
def test_what_is_inserted_again_within_a_second_is_found_in_a_binlog(
    store: Store, lines: int, by_statement: bool, gap_s: float
) -> None:
    """Without GTIDs its times are whole seconds: exactly the second rows, in the detector, its measure and the list."""
    ordered(lines, by_statement=by_statement, gap_s=gap_s).tell(store)
    assert [*inventory(window_at(moment(HISTORY_S)), store.ask)] == []
    (symptom,) = inventory(window_at(moment(ENDS_S)), store.ask)
    assert symptom.cause is Cause.NO_IDEMPOTENCY
    concerned = rows_concerned(store.ask, symptom, moment(ENDS_S))
    assert concerned["customer"].to_list() == [f"c-{number}" for number in AGAIN for _ in range(lines)]
    window = {"from": moment(-3600), "to": moment(ENDS_S + 10)}
    measured = store.ask("series/row_changes", **window, step_s=60, connector="shop", kind="again")
    assert measured["wrong"].sum() == concerned.height
    assert store.ask(AT_MOST["detect/row_changes"], **window)["at_most"][0] >= concerned.height


@pytest.mark.parametrize(("by_statement", "alike"), [(False, False), (True, False), (True, True)])
def test_the_lines_of_an_order_are_applied_once_in_a_binlog(store: Store, by_statement: bool, alike: bool) -> None:
    """Under one key, one after another or in one statement, in which they may say the same."""
    ordered(3, by_statement=by_statement, alike=alike, gap_s=0).tell(store)
    window = {"from": moment(-3600), "to": moment(ENDS_S)}
    assert store.ask("detect/row_changes", **window, least=1).is_empty()
