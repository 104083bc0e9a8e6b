"""Segments and the real engine: every table that a segment ends in counts it once."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from collectors.frames import framed
from collectors.kept import Kept
from collectors.kinds import Kind
from collectors.loader import Backoff, Loader
from collectors.otlp_intake import Intake
from collectors.quarantine import Quarantine
from collectors.segment import Segment, new_name
from collectors.segments import Limits, SegmentLog
from queries import schema
from queries.store import Limits as StoreLimits
from queries.store import Store
from tests.integration.crash_sender import MAKERS
from tests.integration.exactly_once import differences
from tests.integration.otlp import T0, span, traces
from tests.integration.test_landing_once import shopping

pytestmark = pytest.mark.integration

Load = Callable[..., Loader]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An engine with our tables."""
    store = Store.open(f"chdb://{tmp_path}/clickhouse", limits=StoreLimits(time_s=300))
    schema.apply(store)
    yield store
    store.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SegmentLog]:
    log = SegmentLog(tmp_path / "segments", Limits())
    yield log
    log.close()


@pytest.fixture
def loader(log: SegmentLog, store: Store, tmp_path: Path) -> Iterator[Loader]:
    loader = Loader(
        log,
        store,
        Kept(tmp_path / "kept", log.disk),
        Quarantine(tmp_path / "quarantine"),
        away=Backoff(0.01, 0.1),
        failing=Backoff(0.01, 0.1),
    )
    yield loader
    loader.stop(0)


def requests(kind: Kind, count: int, each: int = 20) -> list[bytes]:
    """So many requests of so many records."""
    chance = random.Random(7)
    return [MAKERS[kind](chance, f"{kind}-{n}/{each}", each) for n in range(count)]


def sealed(log: SegmentLog, kind: Kind, records: list[bytes]) -> Segment:
    """A segment of these records, in the backlog."""
    name = new_name(kind, time.time_ns())
    path = log.directory / f"{name}.sealed"
    path.write_bytes(b"".join(framed(kind, records)))
    segment = Segment(name, path, path.stat().st_size)
    log.backlog.add(segment)
    return segment


def until(condition: Callable[[], bool], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def rows(store: Store, table: str) -> int:
    return int(store.select(f"SELECT count() AS n FROM {table}")["n"][0])


def test_each_kind_is_loaded_into_its_tables(log: SegmentLog, loader: Loader, store: Store) -> None:
    for kind in MAKERS:
        sealed(log, kind, requests(kind, 10))
    until(lambda: not len(log.backlog))
    assert [rows(store, table) for table in ("otel_traces", "otel_logs", "otel_metrics_gauge")] == [200, 200, 200]
    assert not differences(store)


def test_a_bad_record_in_a_large_segment_leaves_nothing_behind_and_the_rest_counts_once(
    log: SegmentLog, loader: Loader, store: Store, tmp_path: Path
) -> None:
    """The last of 30 MB is what the engine cannot read: not one row of what comes before may be doubled."""
    good = requests(Kind.TRACES, 300, 500)
    sealed(log, Kind.TRACES, [*good, b"\x0a\x03abc"])
    until(lambda: not len(log.backlog))
    assert rows(store, "otel_traces") == 300 * 500
    assert not differences(store)
    (aside,) = (tmp_path / "quarantine").glob("*.refused")
    assert aside.read_bytes() == b"\x05\x0a\x03abc"


def test_fields_that_no_schema_knows_lose_nothing(
    log: SegmentLog, loader: Loader, store: Store, tmp_path: Path
) -> None:
    """OTLP may grow: what a newer sender adds at the top of each request is skipped, and the rest counts."""
    sealed(log, Kind.TRACES, [record + b"\xf2\x01\x03abc" for record in requests(Kind.TRACES, 100)])
    until(lambda: not len(log.backlog))
    assert rows(store, "otel_traces") == 100 * 20
    assert not differences(store)
    assert not list((tmp_path / "quarantine").iterdir())


def test_an_insert_that_failed_half_way_is_completed_under_the_same_token(
    log: SegmentLog, loader: Loader, store: Store
) -> None:
    """A view that throws leaves rows in some tables: once it is put right, the others get theirs, and none twice."""
    store.command("CREATE TABLE thrown (x UInt8) ENGINE = Null")
    store.command("CREATE MATERIALIZED VIEW throwing TO thrown AS SELECT throwIf(1) AS x FROM otel_traces")
    sealed(log, Kind.TRACES, requests(Kind.TRACES, 10))
    until(lambda: "throwIf" in str(log.metrics.last_error))
    assert rows(store, "otel_traces") == 200
    assert len(log.backlog) == 1
    store.command("DROP TABLE throwing")
    until(lambda: not len(log.backlog))
    assert rows(store, "otel_traces") == 200
    assert not differences(store)


def test_what_came_along_with_too_much_counts_once_in_every_table(
    log: SegmentLog, loader: Loader, store: Store, tmp_path: Path
) -> None:
    """Some tables have all of it when a view runs out of memory: they take nothing more, the others take the rest."""
    store.command("CREATE TABLE eaten (n UInt64) ENGINE = Null")
    store.command(
        "CREATE MATERIALIZED VIEW eating TO eaten AS "
        "SELECT length(range(if(max(SpanName = 'too much'), 400000000, toUInt64(1)))) AS n FROM failures"
    )
    failing = Status(code=Status.STATUS_CODE_ERROR)
    few = [traces(*shopping(n)).SerializeToString() for n in range(1, 11)]
    much = traces(span(1, 900, name="too much", trace_state="x" * 10_000, status=failing)).SerializeToString()
    sealed(log, Kind.TRACES, [*few[:5], much, *few[5:]])
    until(lambda: "memory limit" in str(log.metrics.last_error))
    assert not loader.unavailable
    while not list((tmp_path / "quarantine").glob("*.refused")):
        sealed(log, Kind.TRACES, [traces(span(1, 901)).SerializeToString()])
        until(lambda: len(log.backlog) < 2)
    until(lambda: not len(log.backlog))
    few_only = "WHERE TraceId NOT IN (leftPad(lower(hex(900)), 32, '0'), leftPad(lower(hex(901)), 32, '0'))"
    for table, each in {"otel_traces": 3, "failures": 2, "trace_parts": 1, "mentions": 2, "orders": 1}.items():
        assert rows(store, f"{table} {few_only}") == 10 * each, table
    (aside,) = (tmp_path / "quarantine").glob("*.refused")
    assert aside.read_bytes() == b"".join(framed(Kind.TRACES, [much]))


ATTRIBUTES = 30  # of each resource, as Kubernetes' are
EACH = 8192


def resourceful_logs(number: int, size: int) -> bytes:
    """A request of small log records whose resource has many attributes of so many characters."""
    request = ExportLogsServiceRequest()
    logs = request.resource_logs.add()
    for n in range(ATTRIBUTES):
        logs.resource.attributes.add(key=f"k8s.pod.label.number-{n}").value.string_value = f"{number}-{n}".ljust(size)
    records = logs.scope_logs.add().log_records
    for n in range(EACH):
        records.add(time_unix_nano=T0 + n).body.string_value = f"GET /cart/{n} 200"  # to be sorted
    return request.SerializeToString()


def resourceful_spans(number: int, size: int) -> bytes:
    """The same of spans."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add()
    for n in range(ATTRIBUTES):
        spans.resource.attributes.add(key=f"k8s.pod.label.number-{n}").value.string_value = f"{number}-{n}".ljust(size)
    records, chance = spans.scope_spans.add().spans, random.Random(number)
    for n in range(EACH):
        records.add(trace_id=chance.randbytes(16), span_id=chance.randbytes(8), start_time_unix_nano=T0 + n)
    return request.SerializeToString()


@pytest.mark.parametrize(
    ("kind", "request_of", "count", "size"),
    [
        pytest.param(Kind.LOGS, resourceful_logs, 12, 200),
        pytest.param(Kind.LOGS, resourceful_logs, 61, 40, marks=pytest.mark.full),
        pytest.param(Kind.TRACES, resourceful_spans, 61, 40, marks=pytest.mark.full),
    ],
)
def test_what_came_together_is_loaded_however_much_its_rows_repeat(
    log: SegmentLog,
    loader: Loader,
    store: Store,
    tmp_path: Path,
    kind: Kind,
    request_of: Callable[[int, int], bytes],
    count: int,
    size: int,
) -> None:
    """Each row has its resource's attributes: a few megabytes of requests are gigabytes of rows."""

    async def send() -> None:
        intake = Intake(log.append, lambda *_: None)
        await asyncio.gather(*(intake.take(kind, record) for record in every))

    every = [request_of(number, size) for number in range(count)]
    asyncio.run(send())
    log.stop()
    until(lambda: bool(log.metrics.last_error) or not len(log.backlog), within_s=240)
    assert not log.metrics.last_error
    assert rows(store, f"otel_{kind}") == count * EACH
    assert not list((tmp_path / "quarantine").iterdir())


@pytest.mark.full
@pytest.mark.timeout(600)
def test_a_segment_that_ends_in_several_blocks_counts_once_too(log: SegmentLog, store: Store) -> None:
    """Spans as small as they get: more of them fit into a segment than the engine puts into one block."""
    store.command("SYSTEM STOP MERGES")
    segment = sealed(log, Kind.TRACES, [bare_spans(n, 5000) for n in range(240)])
    store.insert("traces", segment.read(), segment.name)
    parts = "system.parts WHERE active AND database = currentDatabase() AND table = 'otel_traces'"
    assert rows(store, parts) > 1, "it was one block: the test shows nothing"
    store.insert("traces", segment.read(), segment.name)
    assert rows(store, "otel_traces") == 240 * 5000
    assert not differences(store)


def bare_spans(seed: int, number: int) -> bytes:
    """A request of spans that have nothing but an id and a time."""
    chance, request = random.Random(seed), ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for _ in range(number):
        spans.add(span_id=chance.randbytes(8), start_time_unix_nano=time.time_ns())
    return request.SerializeToString()
