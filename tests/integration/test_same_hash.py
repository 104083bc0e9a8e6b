"""Customers are found by a hash of 32 bits and told apart by their names: two of one hash are never mixed up."""

from datetime import timedelta

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.store import Store
from tests.integration.otlp import SECOND, T0, attributes, segment, span, token, traces
from tests.integration.small_shop import FROM
from triage.affected.answer import affected
from triage.customer_reading import read_customer
from triage.model import Outcome, Question
from triage.window import Window

pytestmark = pytest.mark.integration
OVER_HTTP = ()

ALIKE = """
    SELECT groupArray(name) AS names FROM (SELECT concat('c-', toString(number)) AS name FROM numbers(200000))
    GROUP BY toUInt32(cityHash64(name)) HAVING count() > 1 ORDER BY names LIMIT 1
"""
WINDOW = Window(FROM, FROM + timedelta(hours=1))


@pytest.fixture(scope="module")
def alike(store: Store) -> list[str]:
    """Two customers of one hash: the first one's request failed, and then the other's succeeded."""
    names: list[str] = store.select(ALIKE)["names"][0].to_list()
    for trace, (name, code) in enumerate(zip(names, (Status.STATUS_CODE_ERROR, Status.STATUS_CODE_OK), strict=True), 1):
        root = span(
            1, trace, 0, T0 + trace * SECOND, kind=Span.SPAN_KIND_SERVER, attributes=attributes({"user.id": name})
        )
        root.status.CopyFrom(Status(code=code))
        store.insert("traces", segment(traces(root)), token())
    return names


def test_the_other_ones_success_is_no_recovery(store: Store, alike: list[str]) -> None:
    """Only who failed is affected, and has not recovered."""
    [item] = affected(store, Question(from_=WINDOW.from_, to=WINDOW.to)).items
    assert (item.customer, item.outcome, item.last_attempt) == (alike[0], Outcome.NOT_RECOVERED, item.first)


def test_the_story_of_one_does_not_tell_of_the_other(store: Store, alike: list[str]) -> None:
    """Each has one request, and was seen last when it was made."""
    for name, failures in zip(alike, (1, 0), strict=True):
        told = read_customer(store, name, WINDOW, WINDOW.to)
        assert (len(told.requests), len(told.failures)) == (1, failures)
