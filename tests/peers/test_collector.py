"""OpenTelemetry's own Collector between the senders and us: what most shops send through."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from collectors.kinds import Outcome, Overloaded
from queries.store import Store
from tests.golang import program
from tests.integration.command import up
from tests.integration.crash_sender import attribute
from tests.integration.otlp_receivers import PROTOBUF, Receivers
from tests.peers.sent import check_kept
from tests.processes import free_port, soon
from triage.affected.answer import everyone
from triage.model import Question

pytestmark = [pytest.mark.integration, pytest.mark.go, pytest.mark.full]

HERE = Path(__file__).parent
TOKEN = "s3cret"
CUSTOMERS = 50
EXPORTERS: dict[str, tuple[str, dict[str, object]]] = {
    "grpc": ("otlp_grpc", {"tls": {"insecure": True}, "compression": "gzip"}),
    "http-protobuf": ("otlp_http", {"compression": "gzip"}),
    "http-json": ("otlp_http", {"encoding": "json", "compression": "none"}),
}


class Collector:
    """A Collector that passes on what it took by the exporter told, and keeps on disk what it could not."""

    def __init__(self, built: Path, home: Path, exporter: str, to: str) -> None:
        home.mkdir()
        self._home = home
        self._built = built
        self.url = f"http://127.0.0.1:{free_port()}"
        kind, particular = EXPORTERS[exporter]
        batched = {"flush_timeout": "50ms", "min_size": 500}
        settings = {
            **particular,
            "endpoint": to,
            "headers": {"authorization": f"Bearer {TOKEN}"},
            "retry_on_failure": {"initial_interval": "100ms", "max_interval": "1s", "max_elapsed_time": "0s"},
            "sending_queue": {"storage": "file_storage", "block_on_overflow": True, "batch": batched},
        }
        pipeline = {"receivers": ["otlp"], "exporters": [kind]}
        config = {
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": self.url.removeprefix("http://")}}}},
            "exporters": {kind: settings},
            "extensions": {"file_storage": {"directory": str(home / "queue"), "create_directory": True}},
            "service": {
                "extensions": ["file_storage"],
                "telemetry": {"metrics": {"level": "none"}},
                "pipelines": dict.fromkeys(("traces", "metrics", "logs"), pipeline),
            },
        }
        (home / "config.yaml").write_text(json.dumps(config))  # all JSON is YAML

    @contextmanager
    def running(self) -> Iterator[None]:
        """Killed in the end: what it had taken by then, it has on disk."""
        command = [str(self._built), "--config", str(self._home / "config.yaml")]
        with (self._home / "log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            soon(lambda: self.post(b"") or process.poll() is not None, "the Collector answers")
            assert process.poll() is None, self.said()
            yield
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def post(self, spans: bytes) -> bool:
        """Whether it took them."""
        try:
            return httpx.post(f"{self.url}/v1/traces", content=spans, headers={"content-type": PROTOBUF}).is_success
        except httpx.HTTPError:
            return False

    def said(self) -> str:
        """The end of what it said."""
        return (self._home / "log").read_text("utf-8", "replace")[-3000:]


class Failures(Thread):
    """Sends failing requests of some customers, and remembers those spans that were taken."""

    def __init__(self, collector: Collector) -> None:
        super().__init__()
        self.taken: set[str] = set()
        self._collector = collector
        self._stopping = Event()

    def __enter__(self) -> Failures:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def run(self) -> None:
        """Until it is stopped. What was not taken is not sent again."""
        for number in count():
            if self._stopping.is_set():
                return
            ids = [secrets.token_bytes(8) for _ in range(10)]
            if self._collector.post(failing(ids, f"c-{number % CUSTOMERS}")):
                self.taken |= {span.hex() for span in ids}
            else:
                time.sleep(0.05)

    def more(self) -> None:
        """Returns once another two thousand were taken."""
        enough = len(self.taken) + 2000
        soon(lambda: len(self.taken) >= enough, "the Collector takes spans")

    def stop(self) -> None:
        """Returns once it sends no more."""
        self._stopping.set()
        self.join()


def failing(ids: list[bytes], customer: str) -> bytes:
    """As many requests of the customer, each its own trace, that failed just now."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.append(attribute("service.name", "checkout"))
    spans = resource.scope_spans.add().spans
    for span_id in ids:
        span = spans.add(trace_id=span_id * 2, span_id=span_id, name="POST /checkout", kind=Span.SPAN_KIND_SERVER)
        span.start_time_unix_nano = span.end_time_unix_nano = time.time_ns()
        span.status.code = Status.STATUS_CODE_ERROR
        span.attributes.append(attribute("customer.id", customer))
    return request.SerializeToString()


@pytest.fixture(scope="module")
def built() -> Path:
    return program(HERE / "collector")


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("exporter", EXPORTERS)
def test_what_passes_through_a_collector_is_what_is_kept(built: Path, tmp_path: Path, exporter: str) -> None:
    """All three signals, over each protocol; told at first to come back, it does, and each is kept once."""
    refusals = [Overloaded("the backlog is full", 1) for _ in range(3)]
    with Receivers(token=TOKEN) as receivers:
        receivers.fault = lambda: refusals.pop() if refusals else None
        to = f"127.0.0.1:{receivers.grpc_port}" if exporter == "grpc" else f"http://127.0.0.1:{receivers.http_port}"
        collector = Collector(built, tmp_path / "collector", exporter, to)
        with collector.running():
            command = [sys.executable, str(HERE / "python_sender.py"), "proto", collector.url]
            sent = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
            soon(lambda: len(receivers.kept) == 3, collector.said())
        check_kept(receivers.kept, json.loads(sent.stdout))
        assert sum(number for (_, outcome), number in receivers.counts.items() if outcome is Outcome.OVERLOADED) == 3


@pytest.mark.timeout(1500)
def test_after_kill_9_of_either_every_failure_is_counted_once(built: Path, tmp_path: Path) -> None:
    """Of the service twice and of the Collector once, while it sends: what comes twice counts once."""
    port = free_port()
    collector = Collector(built, tmp_path / "collector", "grpc", f"127.0.0.1:{port}")
    settings = ("--otlp-grpc", f"127.0.0.1:{port}", "--segment-age", "200ms")
    env = {"TRIAGE_TOKEN": TOKEN}
    with Failures(collector) as failures:
        for _ in range(2):
            with collector.running():
                for _ in range(2):
                    with up(*settings, cwd=tmp_path, env=env):  # killed where this ends
                        failures.more()
        with collector.running(), up(*settings, cwd=tmp_path, env=env) as service:
            failures.more()
            failures.stop()
            with httpx.Client(base_url=service.url, headers={"authorization": f"Bearer {TOKEN}"}, timeout=30) as asking:
                soon(lambda: answer(asking)["failures"] >= len(failures.taken), collector.said())
            assert service.stop() == 0
    with closing(Store.open(f"chdb://{tmp_path}/triage-data/clickhouse")) as store:
        there = set(store.select("SELECT DISTINCT SpanId FROM otel_traces")["SpanId"])
        now = datetime.now(UTC)
        customers = list(everyone(store, Question(from_=now - timedelta(hours=1), to=now)))
    assert failures.taken <= there
    assert len(customers) == CUSTOMERS
    assert sum(customer.failures for customer in customers) == len(there)


def answer(asking: httpx.Client) -> dict[str, int]:
    """Who was affected within the hour."""
    figures: dict[str, int] = asking.get("/api/v1/affected", params={"from": "1h"}).raise_for_status().json()
    return figures
