"""A trace on the real engine: what is shown as failed in it is what counts when it is asked who was affected."""

from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.store import Store
from tests.integration.otlp import SECOND, T0, Plain, attributes, segment, span, token, traces
from triage.affected.answer import everyone
from triage.model import Question
from triage.trace import read_trace

pytestmark = pytest.mark.integration

OVER_HTTP: tuple[str, ...] = ()
TRACE = 0xFA11


def test_what_failed_in_it_is_what_affects_a_customer(store: Store) -> None:
    """An answer of 401 from a partner, of 503 from us, and an error; no 404 from a service of ours."""
    told: dict[str, tuple[int, dict[str, Plain]]] = {
        "entry": (Span.SPAN_KIND_SERVER, {"customer.id": "c-1", "http.response.status_code": 503}),
        "partner": (Span.SPAN_KIND_CLIENT, {"service.peer.name": "psp", "http.response.status_code": 401}),
        "ours": (Span.SPAN_KIND_CLIENT, {"service.peer.name": "shop", "http.response.status_code": 404}),
        "wrong": (Span.SPAN_KIND_INTERNAL, {}),
        "fine": (Span.SPAN_KIND_CLIENT, {"service.peer.name": "psp", "http.response.status_code": 200}),
    }
    spans = [
        span(
            number, TRACE, int(number > 1), T0 + number, name=name, kind=kind, attributes=attributes(named),
            status=Status(code=Status.STATUS_CODE_ERROR) if name == "wrong" else None,
        )
        for number, (name, (kind, named)) in enumerate(told.items(), 1)
    ]  # fmt: skip
    store.insert("traces", segment(traces(*spans, resource={"service.name": "shop"})), token())
    trace = read_trace(store, f"{TRACE:032x}")
    assert trace
    failed = {one.operation: one.error for one in trace.spans if one.failed}
    assert failed == {"entry": "HTTP 503", "partner": "HTTP 401", "wrong": "error"}
    from_ = datetime.fromtimestamp(T0 / SECOND, UTC)
    (customer,) = everyone(store, Question(from_=from_, to=from_ + timedelta(seconds=1)))
    assert {one.operation for one in customer.evidence} == failed.keys()
