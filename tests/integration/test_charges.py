"""Orders that failing requests left half done, told from the spans that charge."""

from datetime import timedelta

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.store import Store
from tests.integration.otlp import SECOND, T0, attributes, segment, span, token, traces
from tests.integration.small_shop import FROM
from triage.compensation.charges import CHARGING

pytestmark = pytest.mark.integration
OVER_HTTP = ()

ERROR = Status(code=Status.STATUS_CODE_ERROR)


def checkout(trace: int, order: str, *, placed: bool, charged: bool) -> list[Span]:
    """A request that places an order, and its call to the payment provider."""
    names = attributes({"order.id": order, "customer.id": f"of {order}"})
    start = T0 + trace * SECOND
    root = span(1, trace, 0, start, name="POST /checkout", kind=Span.SPAN_KIND_SERVER, attributes=names)
    charge = span(2, trace, 1, start + 1000, name="POST /v1/charges", kind=Span.SPAN_KIND_CLIENT)
    for each, went_well in ((root, placed), (charge, charged)):
        if not went_well:
            each.status.CopyFrom(ERROR)
    return [root, charge]


def test_orders_are_told_that_were_charged_and_not_placed_or_the_reverse_or_charged_twice(store: Store) -> None:
    """And none that was placed and charged once, however many tries it took."""
    sent = [
        *checkout(1, "charged-only", placed=False, charged=True),
        *checkout(2, "placed-only", placed=True, charged=False),
        *checkout(3, "twice", placed=True, charged=True),
        *checkout(4, "twice", placed=True, charged=True),
        *checkout(5, "in-the-end", placed=False, charged=False),
        *checkout(6, "in-the-end", placed=True, charged=True),
        *checkout(7, "later", placed=False, charged=True),
        *checkout(8, "later", placed=True, charged=False),
    ]
    store.insert("traces", segment(traces(*sent)), token())
    window = {"from": FROM, "to": FROM + timedelta(hours=1), "as_of": FROM + timedelta(hours=1)}
    rows = store.ask("incidents/charges", **window, words=CHARGING).rows(named=True)
    told = {row["order_id"]: (row["charges_well"], row["charges_failed"], row["is_placed"]) for row in rows}
    assert told == {"charged-only": (1, 0, False), "placed-only": (0, 1, True), "twice": (2, 0, True)}
    assert {row["customer"] for row in rows} == {f"of {order}" for order in told}
