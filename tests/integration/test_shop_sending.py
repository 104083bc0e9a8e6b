"""The simulated shop speaks to a real collector: over each protocol, by both mouths, and when it is refused."""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, ResourceMetrics, ScopeMetrics

from collectors.kinds import BadRecord, Kind, Overloaded
from tests.integration.otlp_receivers import GOOD, Receivers
from tests.processes import soon
from triage.commands.shop_process import Order, ShopProcess
from triage.commands.status import Failure, Status
from triage.demo import sdk as sdk_module
from triage.demo.command import ShopRun, run_shop
from triage.demo.endpoint import PROTOCOLS, Endpoint, Protocol, endpoint
from triage.demo.errors import BadEndpoint, BadOption, CollectorAway, CollectorRefused
from triage.demo.live import paced
from triage.demo.model import Shop
from triage.demo.sdk import Sdk
from triage.demo.send import Sender
from triage.demo.write import otlp_requests

pytestmark = pytest.mark.integration
T = 1_790_000_000

SpanFacts = tuple[object, ...]


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    with Receivers() as running:
        yield running


def address(receivers: Receivers, protocol: Protocol) -> Endpoint:
    port = receivers.grpc_port if protocol == "grpc" else receivers.http_port
    return endpoint(f"http://127.0.0.1:{port}", protocol)


def kept_spans(receivers: Receivers) -> dict[tuple[bytes, bytes], SpanFacts]:
    """What the collector got to know of each span, in an order of its own."""
    facts: dict[tuple[bytes, bytes], SpanFacts] = {}
    for kind, body in receivers.kept:
        if kind is Kind.TRACES:
            for of in ExportTraceServiceRequest.FromString(body).resource_spans:
                resource = sorted(map(repr, of.resource.attributes))
                for scope in of.scope_spans:
                    for span in scope.spans:
                        said = (
                            span.name,
                            span.kind,
                            span.parent_span_id,
                            span.start_time_unix_nano,
                            span.end_time_unix_nano,
                        )
                        events = [
                            (event.name, event.time_unix_nano, sorted(map(repr, event.attributes)))
                            for event in span.events
                        ]
                        links = [(link.trace_id, link.span_id) for link in span.links]
                        status = (span.status.code, span.status.message)
                        facts[span.trace_id, span.span_id] = (
                            *said, status, sorted(map(repr, span.attributes)), events, links, resource, scope.scope.name
                        )  # fmt: skip
    return facts


def kept_logs(receivers: Receivers) -> list[SpanFacts]:
    return sorted(
        (log.trace_id, log.span_id, log.time_unix_nano, log.severity_number, log.severity_text, repr(log.body))
        for kind, body in receivers.kept
        if kind is Kind.LOGS
        for of in ExportLogsServiceRequest.FromString(body).resource_logs
        for scope in of.scope_logs
        for log in scope.log_records
    )


def kept_metrics(receivers: Receivers) -> set[str]:
    return {
        metric.name
        for kind, body in receivers.kept
        if kind is Kind.METRICS
        for of in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in of.scope_metrics
        for metric in scope.metrics
    }


def test_every_protocol_brings_the_same(receivers: Receivers) -> None:
    """gRPC, HTTP/protobuf and HTTP/JSON leave the same spans, log records and metrics with the collector."""
    shop = Shop("gateway-5xx", 2, 5)
    records = list(otlp_requests(shop.between(T, T + 60, shop.fault(T + 10, T + 50))))
    arrived = []
    for protocol in PROTOCOLS:
        receivers.kept.clear()
        sender = Sender(address(receivers, protocol))
        assert sender.send_all(iter(records)) == len(records)
        sender.close()
        arrived.append((kept_spans(receivers), kept_logs(receivers), kept_metrics(receivers)))
    assert arrived[0] == arrived[1] == arrived[2]
    assert len(arrived[0][0]) > 1000


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_both_mouths_say_the_same(receivers: Receivers, protocol: Protocol) -> None:
    """What the SDK exports of a request is what is written directly: ids, times, attributes, events, links, logs."""
    shop = Shop("bad-deploy", 6, 8)
    requests = list(shop.between(T, T + 60, shop.fault(T + 10, T + 50)))
    to = address(receivers, protocol)
    sender = Sender(to)
    sender.send_all(otlp_requests(requests))
    sender.close()
    written = kept_spans(receivers), kept_logs(receivers), kept_metrics(receivers)
    receivers.kept.clear()
    sdk = Sdk(to)
    for request in requests:
        sdk.export(request)
    sdk.close()
    assert (kept_spans(receivers), kept_logs(receivers), kept_metrics(receivers)) == written
    assert sdk.lost == 0


def test_what_a_full_queue_lets_go_is_counted_as_lost(receivers: Receivers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A collector slower than the shop: what it did not get is what is missing from it, whoever dropped it."""
    monkeypatch.setattr(sdk_module, "QUEUE", 512)
    receivers.fault = lambda: time.sleep(0.3)
    sdk, requests = Sdk(address(receivers, "http/protobuf")), list(Shop(rate=40).between(T, T + 20))
    for request in requests:
        sdk.export(request)
    sdk.close()
    assert sdk.lost == sum(len(request.spans) for request in requests) - len(kept_spans(receivers)) > 0


def test_a_shop_that_is_stopped_says_what_it_lost(receivers: Receivers) -> None:
    """Its truth tells of spans that nobody got: whoever stops it must know."""
    receivers.fault = lambda: BadRecord("not from here")  # an empty greeting is none
    shop = ShopProcess(Order(f"http://127.0.0.1:{receivers.http_port}", "calm", seed=1, rate=20, history_s=0))
    soon(lambda: (news := shop.progress(0.1)) is not None and news.spans > 0, "the shop is live")
    with pytest.raises(Failure, match=r"did not take [\d,]+ spans, which the truth counts$") as failed:
        shop.stop()
    assert failed.value.status is Status.UNREACHABLE


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_proxy_is_not_asked_for_what_is_on_this_machine(
    receivers: Receivers, protocol: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its loopback is another machine's: neither mouth goes there."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    to = address(receivers, protocol)
    requests = list(Shop(rate=5).between(T, T + 5))
    sender = Sender(to, patience_s=1)
    sender.send_all(otlp_requests(requests))
    sender.close()
    sdk = Sdk(to)
    for request in requests:
        sdk.export(request)
    sdk.close()
    assert sdk.lost == 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_collector_that_is_busy_is_asked_again_when_it_said(receivers: Receivers, protocol: Protocol) -> None:
    """503 with Retry-After and UNAVAILABLE with RetryInfo are honoured; then all arrives, once."""
    refusals = itertools.count()
    receivers.fault = lambda: Overloaded("busy", retry_after_s=1) if next(refusals) == 0 else None
    records = list(otlp_requests(Shop(rate=5).between(T, T + 30)))
    sender, began = Sender(address(receivers, protocol)), time.monotonic()
    sender.send_all(records)
    sender.close()
    assert len(receivers.kept) == len(records)
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_collector_that_stays_busy_is_given_up(receivers: Receivers, protocol: Protocol) -> None:
    """After the patience is over the sender says whom it could not reach."""
    receivers.fault = lambda: Overloaded("busy", retry_after_s=1)
    sender = Sender(address(receivers, protocol), patience_s=0.5)
    with pytest.raises(CollectorAway, match=r"127\.0\.0\.1:\d+ .* does not take traces"):
        sender.send_all(iter([("traces", GOOD[Kind.TRACES])]))
    sender.close()


def test_bad_data_and_a_missing_token_are_final() -> None:
    """What the collector refuses for good is not sent again."""
    with Receivers(token="secret-enough") as receivers:
        for protocol in PROTOCOLS:
            sender = Sender(address(receivers, protocol))
            with pytest.raises(CollectorRefused, match="refused"):
                sender.send("traces", b"")
            sender.close()
        allowed = Sender(endpoint(f"http://127.0.0.1:{receivers.http_port}", token="secret-enough"))
        allowed.send("traces", b"")
        with pytest.raises(CollectorRefused, match="HTTP 400"):
            allowed.send("traces", b"\xff\xff")
        allowed.close()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_why_a_collector_refuses_is_told_in_its_own_words(receivers: Receivers, protocol: Protocol) -> None:
    """Not as the bytes that they came in; so is what it took only in part."""
    sender = Sender(address(receivers, protocol))
    empty = ResourceMetrics(scope_metrics=[ScopeMetrics(metrics=[Metric(name="empty")])])
    with pytest.raises(CollectorRefused) as partly:
        sender.send("metrics", ExportMetricsServiceRequest(resource_metrics=[empty]).SerializeToString())
    assert str(partly.value).startswith(
        "the collector took metrics only in part, it rejected 1: 1 metrics have no data that OTLP 1 knows"
    )
    receivers.fault = lambda: BadRecord("no good")
    with pytest.raises(CollectorRefused, match=r"^the collector refused [a-z ]+: [A-Z_]+( 400)? no good$"):
        sender.send("traces", GOOD[Kind.TRACES])
    sender.close()


def test_history_then_live_then_the_truth(receivers: Receivers, tmp_path: Path) -> None:
    """A run sends its history at once, goes on live without a gap or a repetition, breaks, and writes the truth."""
    file = tmp_path / "truth.json"
    stages: list[str] = []
    run = ShopRun(
        f"http://127.0.0.1:{receivers.http_port}",
        scenario="gateway-5xx",
        seed=1,
        rate=40,
        for_s=5,
        history_s=40,
        truth=file,
        report=lambda progress: stages.append(progress.stage),
    )
    truth = run.run()
    spans = kept_spans(receivers)
    assert set(stages) >= {"history", "live", "over"}
    entries = sorted(int(str(said[3])) for said in spans.values() if not said[2])
    assert max(after - before for before, after in itertools.pairwise(entries)) < 1.5e9
    assert entries[-1] - entries[0] > 44e9
    assert file.read_text(encoding="utf-8") == truth.to_json()
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written["scenario"] == "gateway-5xx"
    assert written["customers"]
    assert written["question"]["service"] == "inventory"
    assert written["start"] == written["question"]["from"] < written["question"]["to"] == written["end"]


def test_live_requests_are_paced_by_the_clock() -> None:
    """Each request comes when it is over, those that take longer after those that overtook them."""
    now_s = time.time()
    shop = Shop("erp-slow", 3, 120)
    requests = [request for request in shop.between(now_s - 30, now_s + 0.5) if request.end_ns > now_s * 1e9]
    ended = [(request.end_ns, time.time_ns()) for request, _ in paced(iter(requests), Event())]
    assert len(ended) == len(requests) > 5
    assert [end for end, _ in ended] == sorted(end for end, _ in ended)
    assert all(end <= seen for end, seen in ended)


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"otlp": "http://127.0.0.1:1"}, CollectorAway, "127.0.0.1:1 .* does not take traces"),
        ({"otlp": "ftp://shop"}, BadEndpoint, "'ftp://shop' is no address of a collector: write http://HOST:4318"),
        ({"otlp": "http://[::1"}, BadEndpoint, "is no address of a collector"),
        ({"otlp": "http://a..b:1"}, BadEndpoint, r"'http://a\.\.b:1' is no address of a collector"),
        ({"otlp": "http://exa\x01mple:4318"}, BadEndpoint, "is no address of a collector"),
        ({"hooks": f"http://{'a' * 64}:4318"}, BadEndpoint, "is no address of a collector"),
        ({"rate": 0.0}, BadOption, "--rate must be more than 0"),
        ({"for_s": -1.0}, BadOption, "--for must be more than 0"),
        ({"truth": Path("/nowhere/truth.json")}, BadOption, "can't be written to /nowhere/truth.json: No such file"),
    ],
)
def test_a_wrong_option_is_said_at_once(
    options: dict[str, str | float | Path], error: type[Exception], sentence: str
) -> None:
    """One sentence says what is wrong, before anything is sent."""
    with pytest.raises(error, match=sentence):
        run_shop(**{"otlp": "http://127.0.0.1:1", **options})  # type: ignore[arg-type]  # a table of options


@pytest.mark.parametrize(
    ("url", "protocol", "signals_at"),
    [
        ("http://localhost:4317", "grpc", "localhost:4317"),
        ("grpc://collector", "grpc", "collector:4317"),
        ("http://localhost:4318/", "http/protobuf", "http://localhost:4318/v1/traces"),
        ("https://collector.example/otlp", "http/protobuf", "https://collector.example:4318/otlp/v1/traces"),
        ("http://[::1]:4318", "http/protobuf", "http://[::1]:4318/v1/traces"),
    ],
)
def test_an_address_says_its_protocol(url: str, protocol: str, signals_at: str) -> None:
    """Port 4317 and grpc:// mean gRPC, all else OTLP over HTTP."""
    to = endpoint(url)
    assert to.protocol == protocol
    assert signals_at == (to.target if protocol == "grpc" else to.url("traces"))


def test_a_collector_that_knows_no_row_changes_gets_the_rest(receivers: Receivers) -> None:
    """What it does not take is said once, by path, and the shop goes on."""
    notes: set[str] = set()
    run = ShopRun(
        f"http://127.0.0.1:{receivers.http_port}",
        scenario="bad-deploy",
        rate=20,
        for_s=3,
        report=lambda progress: notes.update(progress.notes),
    )
    run.run()
    assert kept_spans(receivers)
    assert sorted(note.split(" (")[0] for note in notes) == [
        "the collector does not take /cdc/debezium",
        "the collector does not take /hooks/github",
    ]
