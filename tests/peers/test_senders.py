"""Senders nobody here wrote: OpenTelemetry's SDKs for Python and JavaScript, over each protocol, signal by signal."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, NumberDataPoint

from collectors.kinds import Kind, Outcome, Overloaded
from tests.integration.otlp_receivers import Receivers
from tests.npm import packages

HERE = Path(__file__).parent
JAVASCRIPT = HERE / "js"
TOKEN = "s3cret"


@pytest.fixture(scope="session")
def javascript() -> list[str]:
    """The command of the JavaScript sender, its packages installed as package-lock.json has them."""
    packages(JAVASCRIPT)
    return ["node", str(JAVASCRIPT / "send.mjs")]


@pytest.fixture
def sender(request: pytest.FixtureRequest) -> list[str]:
    """The command of the sender that a test names, to be followed by endpoint, compression and authorization."""
    language, protocol = request.param
    if language == "javascript":
        return [*request.getfixturevalue("javascript"), protocol]
    return [sys.executable, str(HERE / "python_sender.py"), protocol]


def senders(*pairs: tuple[str, str]) -> pytest.MarkDecorator:
    """Runs a test with each of these senders."""
    javascript = pytest.mark.peers
    every = [
        pytest.param(pair, marks=javascript if pair[0] == "javascript" else (), id="-".join(pair)) for pair in pairs
    ]
    return pytest.mark.parametrize("sender", every, indirect=True)


EVERY = (
    ("python", "grpc"),
    ("python", "proto"),
    ("javascript", "grpc"),
    ("javascript", "proto"),
    ("javascript", "http"),
)
"""Each SDK with each protocol that it speaks; "http" is OTLP/JSON, which Python's does not."""
EVERY_THAT_RETRIES = tuple(pair for pair in EVERY if pair != ("javascript", "grpc"))
"""JavaScript's gRPC exporter gives up on any error, whatever RetryInfo says."""


@pytest.fixture(scope="module")
def shared() -> Iterator[Receivers]:
    with Receivers(token=TOKEN) as receivers:
        yield receivers


@pytest.fixture
def receivers(shared: Receivers) -> Receivers:
    shared.kept.clear()
    shared.counts.clear()
    shared.fault = lambda: None
    return shared


def send(sender: list[str], receivers: Receivers, *more: str) -> subprocess.CompletedProcess[str]:
    """Runs a sender to its end."""
    port = receivers.grpc_port if sender[-1] == "grpc" else receivers.http_port
    command = [*sender, f"http://127.0.0.1:{port}", *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


@senders(*EVERY)
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_what_an_sdk_sends_is_what_is_kept(sender: list[str], receivers: Receivers, compression: str) -> None:
    """Spans, metrics and logs of an SDK arrive with every id, relation and value, and the SDK sees no error."""
    done = send(sender, receivers, compression, f"Bearer {TOKEN}")
    assert done.returncode == 0, done.stderr
    ids = json.loads(done.stdout)
    kept = dict(receivers.kept)
    assert len(receivers.kept) == 3
    check_spans(ExportTraceServiceRequest.FromString(kept[Kind.TRACES]), ids)
    check_metrics(ExportMetricsServiceRequest.FromString(kept[Kind.METRICS]))
    check_log(ExportLogsServiceRequest.FromString(kept[Kind.LOGS]), ids)


@senders(*EVERY_THAT_RETRIES)
def test_an_sdk_that_is_told_to_come_back_does(sender: list[str], receivers: Receivers) -> None:
    """Refused for overload at first, each signal is sent again by itself, and is kept once."""
    refusals = [Overloaded("the backlog is full", 1) for _ in range(3)]
    receivers.fault = lambda: refusals.pop() if refusals else None
    send(sender, receivers, "none", f"Bearer {TOKEN}")
    assert sorted(kind for kind, _ in receivers.kept) == ["logs", "metrics", "traces"]
    assert sum(number for (_, outcome), number in receivers.counts.items() if outcome is Outcome.OVERLOADED) == 3


@senders(*EVERY)
def test_an_sdk_without_the_token_is_told(sender: list[str], receivers: Receivers) -> None:
    """A sender without the token learns that its data was refused, and none of it is kept."""
    done = send(sender, receivers)
    assert done.returncode == 1
    assert receivers.kept == []
    assert {outcome for _, outcome in receivers.counts} == {Outcome.UNAUTHENTICATED}


def values(attributes: list[KeyValue]) -> dict[str, object]:
    """Attributes as Python values."""
    return {attribute.key: value(attribute.value) for attribute in attributes}


def value(of: AnyValue) -> object:
    if of.WhichOneof("value") == "array_value":
        return [value(item) for item in of.array_value.values]
    return getattr(of, of.WhichOneof("value") or "string_value")


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


def number(point: NumberDataPoint) -> float:
    """A data point's value: each SDK chooses by itself whether it is an integer."""
    return point.as_int if point.WhichOneof("value") == "as_int" else point.as_double


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
