"""What the senders send, python_sender.py and js/send.mjs alike, looked for in what was kept."""

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, NumberDataPoint

from collectors.kinds import Kind


def check_kept(kept: list[tuple[Kind, bytes]], ids: dict[str, str]) -> None:
    """One request of each signal was kept, with every id, relation and value; `ids` as the sender printed them."""
    by_kind = dict(kept)
    assert len(kept) == 3
    check_spans(ExportTraceServiceRequest.FromString(by_kind[Kind.TRACES]), ids)
    check_metrics(ExportMetricsServiceRequest.FromString(by_kind[Kind.METRICS]))
    check_log(ExportLogsServiceRequest.FromString(by_kind[Kind.LOGS]), ids)


def check_spans(request: ExportTraceServiceRequest, ids: dict[str, str]) -> None:
    (resource,) = request.resource_spans
    assert str(values(list(resource.resource.attributes))["service.name"]).endswith("-shop")
    spans = {span.name: span for scope in resource.scope_spans for span in scope.spans}
    parent, child = spans["POST /checkout"], spans["charge"]
    assert {span.trace_id.hex() for span in spans.values()} == {ids["traceId"]}
    assert (parent.span_id.hex(), child.span_id.hex()) == (ids["parentId"], ids["childId"])
    assert (parent.parent_span_id, child.parent_span_id) == (b"", parent.span_id)
    assert (parent.kind, child.kind) == (2, 3)
    assert abs(child.start_time_unix_nano - parent.start_time_unix_nano) < 10**9
    assert parent.start_time_unix_nano < parent.end_time_unix_nano
    about = {"customer.id": "K/17@é", "order.amount": 49.9, "items": 3, "vip": True, "tags": ["a", "b"]}
    assert values(list(parent.attributes)) == about
    assert (child.status.code, child.status.message) == (2, "no card")
    assert [event.name for event in child.events] == ["exception"]
    assert values(list(child.events[0].attributes))["exception.message"] == "no card"
    assert child.links[0].span_id == parent.span_id


def check_metrics(request: ExportMetricsServiceRequest) -> None:
    metrics: dict[str, Metric] = {
        metric.name: metric
        for resource in request.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if scope.scope.name == "peer"
    }
    assert metrics["orders"].sum.is_monotonic
    assert number(metrics["orders"].sum.data_points[0]) == 3
    assert number(metrics["carts"].sum.data_points[0]) == -2
    assert number(metrics["stock"].gauge.data_points[0]) == 2**40
    latency = metrics["latency"].histogram.data_points[0]
    assert (latency.count, latency.sum, sum(latency.bucket_counts)) == (1, 12.5, 1)
    assert len(latency.bucket_counts) == len(latency.explicit_bounds) + 1


def check_log(request: ExportLogsServiceRequest, ids: dict[str, str]) -> None:
    ((record,),) = (
        [record for scope in resource.scope_logs for record in scope.log_records] for resource in request.resource_logs
    )
    assert (record.severity_number, record.body.string_value) == (17, "no card")
    assert values(list(record.attributes)) == {"customer.id": "K/17@é"}
    assert (record.trace_id.hex(), record.span_id.hex()) == (ids["traceId"], ids["parentId"])


def number(point: NumberDataPoint) -> float:
    """A data point's value: each SDK chooses by itself whether it is an integer."""
    return point.as_int if point.WhichOneof("value") == "as_int" else point.as_double


def values(attributes: list[KeyValue]) -> dict[str, object]:
    """Attributes as Python values."""
    return {attribute.key: value(attribute.value) for attribute in attributes}


def value(of: AnyValue) -> object:
    if of.WhichOneof("value") == "array_value":
        return [value(item) for item in of.array_value.values]
    return getattr(of, of.WhichOneof("value") or "string_value")
