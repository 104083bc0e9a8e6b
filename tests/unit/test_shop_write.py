"""The simulated shop's telemetry, written by hand: real parsers read it, and it says what the model meant."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from triage.demo.catalogue import BOOK_LATER, PARTNER_HOSTS, SERVICES
from triage.demo.encode import key_value, varint
from triage.demo.model import Shop
from triage.demo.request import Request, Value
from triage.demo.write import otlp_requests

T = 1_790_000_000


@pytest.fixture(scope="module")
def played() -> list[Request]:
    shop = Shop("gateway-5xx", 7, 10)
    return list(shop.between(T, T + 300, shop.fault(T + 100, T + 200)))


@pytest.fixture(scope="module")
def written(played: list[Request]) -> list[tuple[str, bytes]]:
    return list(otlp_requests(played))


@pytest.fixture(scope="module")
def spans(written: list[tuple[str, bytes]]) -> list[tuple[Resource, Span]]:
    return [
        (of.resource, span)
        for signal, body in written
        if signal == "traces"
        for of in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in of.scope_spans
        for span in scope.spans
    ]


def text(pairs: object, key: str) -> str:
    """A string attribute."""
    return next((pair.value.string_value for pair in pairs if pair.key == key), "")  # type: ignore[attr-defined]


def any_value(value: Value) -> AnyValue:
    """The message that the value should be."""
    if isinstance(value, tuple):
        message = AnyValue()
        message.array_value.values.extend(any_value(part) for part in value)
        return message
    kinds = {str: "string_value", bool: "bool_value", int: "int_value", float: "double_value"}
    return AnyValue(**{kinds[type(value)]: value})  # type: ignore[arg-type]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
values = st.one_of(
    texts,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.lists(texts, max_size=20).map(tuple),
)


@given(texts, values)
def test_attributes_of_every_kind_are_read_as_they_were_meant(key: str, value: Value) -> None:
    """What is encoded by hand is what the generated classes read; empty and zero stay different from absent."""
    assert KeyValue.FromString(key_value((key, value))) == KeyValue(key=key, value=any_value(value))


def test_varints_of_any_size() -> None:
    """Seven bits a byte, the last one without the high bit."""
    assert [varint(number) for number in (0, 127, 128, 300)] == [b"\x00", b"\x7f", b"\x80\x01", b"\xac\x02"]
    assert len(varint(2**64 - 1)) == 10


def test_no_span_is_lost_and_none_is_unknown(played: list[Request], spans: list[tuple[Resource, Span]]) -> None:
    """Parsed, there are the spans of the model, each with its name, kind, times, instance and status."""
    meant = {
        (request.trace_id, span.span_id): (
            span.operation.name,
            int(span.operation.kind),
            span.parent_id,
            span.start_ns,
            span.end_ns,
            span.resource.service,
            span.resource.version,
            2 if span.trouble else 0,
            len(span.events),
        )
        for request in played
        for span in request.spans
    }
    read = {
        (span.trace_id, span.span_id): (
            span.name,
            span.kind,
            span.parent_span_id,
            span.start_time_unix_nano,
            span.end_time_unix_nano,
            text(resource.attributes, "service.name"),
            text(resource.attributes, "service.version"),
            span.status.code,
            len(span.events),
        )
        for resource, span in spans
    }
    assert read == meant
    assert len(spans) == len(meant) > 10_000


def test_traces_are_whole_and_nest(spans: list[tuple[Resource, Span]]) -> None:
    """Ids have their lengths, every parent is in its trace, and a child lies within it but for work done later."""
    traces: dict[bytes, dict[bytes, Span]] = defaultdict(dict)
    for _, span in spans:
        traces[span.trace_id][span.span_id] = span
    for trace_id, of in traces.items():
        assert len(trace_id) == 16
        assert sum(not span.parent_span_id for span in of.values()) == 1
        for span in of.values():
            assert len(span.span_id) == 8
            assert span.start_time_unix_nano < span.end_time_unix_nano
            if span.parent_span_id:
                parent = of[span.parent_span_id]
                assert parent.start_time_unix_nano <= span.start_time_unix_nano
                assert span.end_time_unix_nano <= parent.end_time_unix_nano or span.name == BOOK_LATER.name


def test_requests_hold_about_512_spans(written: list[tuple[str, bytes]]) -> None:
    """All but the last trace request hold 512 spans, or as many more as the last shop request has."""
    counts = [
        sum(
            len(scope.spans)
            for of in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in of.scope_spans
        )
        for signal, body in written
        if signal == "traces"
    ]
    assert all(512 <= count < 600 for count in counts[:-1])


def test_partners_send_nothing_themselves(spans: list[tuple[Resource, Span]]) -> None:
    """Every service reports; partners are only named as peers of client spans."""
    services = {text(resource.attributes, "service.name") for resource, _ in spans}
    assert services == {service.name for service in SERVICES}
    peers = {text(span.attributes, key) for _, span in spans for key in ("service.peer.name", "peer.service")} - {""}
    assert peers - services == set(PARTNER_HOSTS)


def test_customers_are_named_in_every_way(written: list[tuple[str, bytes]], spans: list[tuple[Resource, Span]]) -> None:
    """At the gateway, deeper under other keys, only in a log record, or as an empty value that names nobody."""
    keys = Counter(
        (text(resource.attributes, "service.name"), pair.key, bool(pair.value.string_value))
        for resource, span in spans
        for pair in span.attributes
        if pair.key in ("customer.id", "user.id", "enduser.id", "app.customer.id")
    )
    assert keys["gateway", "customer.id", True] > keys["storefront", "user.id", True] > 0
    assert keys["checkout", "customer.id", True] > 0
    assert keys["monolith", "enduser.id", True] > 0
    assert keys["storefront", "user.id", False] > 0
    logs = [ExportLogsServiceRequest.FromString(body) for signal, body in written if signal == "logs"]
    records = [
        log for body in logs for of in body.resource_logs for scope in of.scope_logs for log in scope.log_records
    ]
    assert any(text(log.attributes, "customer.id") for log in records)
    known = {(span.trace_id, span.span_id): span for _, span in spans}
    for log in records:
        span = known[log.trace_id, log.span_id]
        assert span.start_time_unix_nano <= log.time_unix_nano <= span.end_time_unix_nano


def test_failures_carry_their_exception(spans: list[tuple[Resource, Span]]) -> None:
    """The span in which something was raised has an exception event, and an error.type as all failed spans."""
    failed = [span for _, span in spans if span.status.code == 2]
    assert failed
    assert all(text(span.attributes, "error.type") for span in failed)
    raised = [event for span in failed for event in span.events]
    assert {event.name for event in raised} == {"exception"}
    assert "psycopg.OperationalError" in {text(event.attributes, "exception.type") for event in raised}


def test_kpis_add_up(played: list[Request], written: list[tuple[str, bytes]]) -> None:
    """The last figures, summed over the gateway's instances, are what the model did."""
    last: dict[tuple[str, str], Metric] = {}
    for signal, body in written:
        if signal == "metrics":
            for of in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in of.scope_metrics:
                    last |= {(text(of.resource.attributes, "host.name"), one.name): one for one in scope.metrics}

    def total(name: str) -> float:
        points = [point for (_, of), metric in last.items() if of == name for point in metric.sum.data_points]
        return sum(point.as_int + point.as_double for point in points)

    orders = [request.order for request in played if request.bought and request.order is not None]
    assert total("shop.orders") == len(orders) > 0
    assert total("shop.visits") == sum(request.opens_visit for request in played)
    assert total("shop.revenue") == pytest.approx(sum(order.amount for order in orders))
    durations = [point for (_, name), metric in last.items() if name == "http.server.request.duration"
                 for point in metric.histogram.data_points]  # fmt: skip
    assert sum(point.count for point in durations) == sum(bool(request.entry.status) for request in played)
    assert all(sum(point.bucket_counts) == point.count for point in durations)
