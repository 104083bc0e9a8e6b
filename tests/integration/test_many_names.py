"""A trace may name thousands of customers, as a newsletter's does: it is loaded whole, and so is what came with it."""

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from queries.store import Store
from tests.integration.otlp import T0, attributes, logs, segment, span, token, traces
from tests.integration.tables import counts
from tests.loading import empty

pytestmark = pytest.mark.integration
OVER_HTTP = ()

MANY = 20_000
WHO = (
    "SELECT uniqExact(Customer) AS names, countIf(IsRoot) AS by_root, countIf(notEmpty(Entry[1])) AS told FROM mentions"
)


@pytest.fixture(autouse=True)
def emptied(store: Store) -> None:
    """Each test starts with empty tables."""
    empty(store)


@pytest.mark.parametrize("roots", [1, MANY])
def test_a_trace_of_many_customers_is_loaded(store: Store, roots: int) -> None:
    """Whether one root names one of them, or each has a root."""
    spans = (
        span(n, 1, parent=0 if n <= roots else 1, attributes=attributes({"customer.id": f"c-{n}"}))
        for n in range(1, MANY + 1)
    )
    innocent = traces(span(1, 2, attributes=attributes({"customer.id": "c-0"})))
    store.insert("traces", segment(traces(*spans), innocent), token())
    assert counts(store)["mentions"] == MANY + 1
    told = 2 if roots == 1 else 1  # who was named by the only root, and the innocent
    assert store.select(WHO).rows() == [(MANY + 1, roots + 1, told)]


def test_log_records_of_one_trace_may_name_many(store: Store) -> None:
    """They are filed like spans."""
    records = (
        LogRecord(
            time_unix_nano=T0,
            trace_id=(1).to_bytes(16, "big"),
            span_id=(1).to_bytes(8, "big"),
            attributes=attributes({"customer.id": f"c-{n}"}),
        )
        for n in range(MANY)
    )
    store.insert("logs", segment(logs(*records)), token())
    assert store.select(WHO).rows() == [(MANY, 0, 0)]
