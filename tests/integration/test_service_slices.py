"""How a service went over a window: all of the window, in parts alike."""

from datetime import timedelta

import pytest

from dashboards.pages.services import service_rows
from queries.store import Store
from tests.integration.otlp import SECOND, T0, segment, span, token, traces
from tests.integration.small_shop import ERROR, FROM
from triage.activity import service_slices
from triage.window import Window

pytestmark = pytest.mark.integration

OVER_HTTP: tuple[str, ...] = ()
NINE_MINUTES = Window(FROM, FROM + timedelta(minutes=9))


@pytest.fixture(scope="module")
def worse(store: Store) -> Store:
    """Nine minutes with a request a second, of which those of the last four fail."""
    requests = [span(1, 1 + n, 0, T0 + n * SECOND, status=ERROR if n >= 300 else None) for n in range(540)]
    store.insert("traces", segment(traces(*requests)), token())
    return store


def test_the_newest_part_is_drawn(worse: Store) -> None:
    """The line ends as bad as the figure says."""
    _, (row,) = service_rows(worse, NINE_MINUTES)
    assert row.errors.value == "44\u00a0%"
    assert row.errors.line.endswith(" 4.0")


def test_a_rate_before_is_of_the_time_in_which_something_was_heard(worse: Store) -> None:
    """Of the seven minutes before, only two have data: there was no sudden rush."""
    _, (row,) = service_rows(worse, Window(FROM + timedelta(minutes=2), FROM + timedelta(minutes=9)))
    assert (row.requests.value, row.requests.before) == ("60/min", "60/min")
    _, (first,) = service_rows(worse, NINE_MINUTES)
    assert first.requests.before == ""


def test_a_pause_is_part_of_the_time_before(own_store: Store) -> None:
    """A minute of requests in each quarter of an hour, from the one before those two on: no fewer than before."""
    starts = (T0 + quarter * 900 * SECOND for quarter in (0, 1, 2))
    requests = [span(1, start + n, 0, start + 600 * SECOND + n * SECOND) for start in starts for n in range(30)]
    own_store.insert("traces", segment(traces(*requests)), token())
    _, (row,) = service_rows(own_store, Window(FROM + timedelta(minutes=30), FROM + timedelta(minutes=45)))
    assert (row.requests.value, row.requests.before) == ("2/min", "2/min")


@pytest.mark.parametrize("late_s", [0, 0.5, 7.3])
@pytest.mark.parametrize("length_s", [5, 60, 299, 540, 3600, 36 * 3600])
def test_parts_make_up_the_window_whatever_its_length(worse: Store, late_s: float, length_s: int) -> None:
    """At most as many as were asked for, with every request that a window to ten seconds has, once."""
    from_ = FROM + timedelta(seconds=late_s)
    found = service_slices(worse, Window(from_, from_ + timedelta(seconds=length_s)), 30).get("shop", [])
    assert len(found) <= 30
    first, last = (-(-late_s // 10) * 10, min(-(-(late_s + length_s) // 10) * 10, 540))
    assert sum(part.requests for part in found if part) == last - first
