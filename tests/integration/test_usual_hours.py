"""What is usual at a time of day is told by that time of earlier days, whatever incident is open meanwhile."""

from datetime import datetime, timedelta

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from queries.store import Store
from tests.integration.otlp import SECOND, segment, span, token, traces
from tests.integration.small_shop import ERROR, FROM
from triage.kpi.checks import Check, State, checks
from triage.kpi.usual import SAME_TIME
from triage.window import Window

pytestmark = pytest.mark.integration
OVER_HTTP = ()
DAY = timedelta(days=1)
NOON = Window(FROM, FROM + timedelta(minutes=5))
BEGAN = FROM - timedelta(hours=2)


@pytest.fixture(scope="module")
def shop(store: Store) -> Store:
    """Five days of a shop, where a tenth fails at noon and nothing two hours earlier."""
    spans: list[Span] = []

    def asked(at: datetime, one_in: int) -> None:
        for number in range(100):
            start = int((at + timedelta(seconds=3 * number)).timestamp()) * SECOND
            status = ERROR if one_in and number % one_in == 0 else None
            spans.append(span(1, len(spans) + 1, start=start, kind=Span.SPAN_KIND_SERVER, status=status))

    for days in range(5):
        asked(FROM - days * DAY, 10)
        asked(BEGAN - timedelta(minutes=10) - days * DAY, 0)
    store.insert("traces", segment(traces(*spans)), token())
    return store


def errors(shop: Store, began: datetime | None) -> Check:
    return next(checks(shop.ask, NOON, began))


@pytest.mark.parametrize("began", [None, BEGAN])
def test_an_hour_is_compared_with_itself(shop: Store, began: datetime | None) -> None:
    """Also where an incident has been open since a time at which another share is usual."""
    told = errors(shop, began)
    assert (told.state, told.value, told.usual.middle) == (State.OK, 0.1, 0.1)
    assert told.sentence == "Gateway errors are 10 %, as usual (10 %)"


def test_days_before_what_has_gone_on_for_days_tell(shop: Store) -> None:
    """Be they longer ago than a week."""
    later = Window(NOON.from_ + 4 * DAY, NOON.to + 4 * DAY)
    (found, *_) = checks(shop.ask, later, BEGAN + timedelta(hours=1))
    assert (found.usual.middle, found.usual.since) == (0.1, SAME_TIME)


def test_days_on_which_it_went_on_tell_nothing(shop: Store) -> None:
    """Of what has gone on for two days, two days tell what was before, and that is too few: the hours before it do."""
    assert errors(shop, BEGAN - 2 * DAY).usual.middle == 0
