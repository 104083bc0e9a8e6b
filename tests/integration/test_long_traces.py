"""Traces that go on for days, such as an order's, are known from where they began, however long ago that was."""

from datetime import timedelta

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from queries.store import Store
from tests.integration.otlp import SECOND, T0, attributes, segment, span, token, traces
from tests.integration.small_shop import ERROR, FROM
from triage.affected.answer import affected
from triage.model import Outcome, Question

pytestmark = pytest.mark.integration
OVER_HTTP = ()

DAYS_AGO = T0 - 3 * 86_400 * SECOND
SERVER = Span.SPAN_KIND_SERVER


@pytest.fixture(scope="module")
def asked(store: Store) -> Question:
    """Two orders of three days ago: one is delivered in vain now; of the other something goes well after a failure."""
    placed = [
        span(1, 1, 0, DAYS_AGO, kind=SERVER, name="POST /orders", attributes=attributes({"user.id": "a"})),
        span(1, 2, 0, DAYS_AGO, kind=SERVER, name="POST /checkout", attributes=attributes({"user.id": "b"})),
    ]
    later = [
        span(2, 1, 1, T0 + 10 * SECOND, kind=SERVER, name="deliver", status=ERROR),
        span(2, 2, 1, T0 + 40 * SECOND, kind=SERVER, name="POST /checkout", attributes=attributes({"user.id": "b"})),
        span(
            1, 3, 0, T0 + 20 * SECOND, kind=SERVER, name="POST /checkout", status=ERROR,
            attributes=attributes({"user.id": "b"}),
        ),
    ]  # fmt: skip
    for spans in (placed, later):
        store.insert("traces", segment(traces(*spans)), token())
    return Question(from_=FROM, to=FROM + timedelta(hours=1))


def test_a_failure_is_theirs_who_began_the_trace_days_ago(store: Store, asked: Question) -> None:
    """The failing span names nobody, and its root was told three days before the window."""
    found = {item.customer: item.outcome for item in affected(store, asked).items}
    assert found["a"] is Outcome.MASKED


def test_what_goes_on_of_an_old_request_is_no_later_attempt(store: Store, asked: Question) -> None:
    """A span of the same operation goes well after the failure, in a trace that began long before it."""
    [item] = [item for item in affected(store, asked).items if item.customer == "b"]
    assert (item.outcome, item.last_attempt) == (Outcome.NOT_RECOVERED, item.last)
