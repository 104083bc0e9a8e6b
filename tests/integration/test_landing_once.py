"""A segment counts once in every table, however often it is sent and whatever went wrong before."""

from __future__ import annotations

import json
import threading

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    Sum,
    Summary,
    SummaryDataPoint,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.errors import StoreError
from queries.store import Store, varint
from tests.integration.otlp import SECOND, T0, attributes, logs, metrics, segment, span, token, traces
from tests.integration.tables import counts
from tests.loading import empty

pytestmark = pytest.mark.integration
OVER_HTTP = ("test_a_retry_completes_what_failed_half_way",)

DAY = 86_400 * SECOND
ONCE_IN_ALL = {"services"}  # one row per service, however many of its spans


@pytest.fixture(autouse=True)
def emptied(store: Store) -> None:
    """Each test starts with empty tables."""
    empty(store)


def shopping(number: int, start: int = T0) -> list[Span]:
    """A trace that ends in every rollup of spans: a failed request, its customer and order, and a failing call."""
    named = attributes({"customer.id": f"c-{number}", "order.id": f"o-{number}", "order.amount": 9.5})
    error = Status(code=Status.STATUS_CODE_ERROR)
    return [
        span(1, number, start=start, name="POST /checkout", kind=2, attributes=named, status=error),
        span(2, number, parent=1, start=start, name="charge", kind=3, status=error),
        span(3, number, parent=2, start=start, attributes=attributes({"customer.id": f"d-{number}"})),
    ]


def note(number: int, start: int = T0) -> LogRecord:
    """A log record inside a span, that names a customer."""
    return LogRecord(
        time_unix_nano=start,
        trace_id=number.to_bytes(16, "big"),
        span_id=(2).to_bytes(8, "big"),
        attributes=attributes({"user.id": f"u-{number}"}),
    )


def figures() -> list[Metric]:
    """One metric of each kind."""
    number = NumberDataPoint(as_int=1, time_unix_nano=T0)
    exponential = ExponentialHistogramDataPoint(count=1, time_unix_nano=T0)
    return [
        Metric(name="g", gauge=Gauge(data_points=[number])),
        Metric(name="s", sum=Sum(data_points=[number])),
        Metric(name="h", histogram=Histogram(data_points=[HistogramDataPoint(count=1, time_unix_nano=T0)])),
        Metric(name="q", summary=Summary(data_points=[SummaryDataPoint(count=1, time_unix_nano=T0)])),
        Metric(name="e", exponential_histogram=ExponentialHistogram(data_points=[exponential])),
    ]


def event(kind: str) -> bytes:
    """A line that another sender than OTLP's tells."""
    return json.dumps({"Kind": kind, "Body": {"id": f"{kind}-1", "time_ns": T0}}).encode() + b"\n"


def bodies() -> dict[str, bytes]:
    """A segment of each kind."""
    return {
        "traces": segment(*(traces(*shopping(n)) for n in range(1, 4))),
        "logs": segment(*(logs(note(n)) for n in range(1, 4))),
        "metrics": segment(metrics(*figures())),
        "events": b"".join(event(kind) for kind in ("change", "alert", "cdc", "incident")),
    }


def test_the_same_segment_thrice_counts_once_in_every_table(store: Store):
    """No table is left out: each has rows after the first time, and the same after the third."""
    first: dict[str, int] = {}
    for _ in range(3):
        for landing, body in bodies().items():
            store.insert(landing, body, f"{landing}-same")
        first = first or counts(store)
        assert counts(store) == first
    assert all(first.values()), f"nothing came to {[table for table, n in first.items() if not n]}"


def test_the_same_bytes_under_another_token_count_again(store: Store):
    """Two senders may well say the same: only the token tells a repetition."""
    for landing, body in bodies().items():
        store.insert(landing, body, token())
    once = counts(store)
    for landing, body in bodies().items():
        store.insert(landing, body, token())
    assert counts(store) == {table: n if table in ONCE_IN_ALL else 2 * n for table, n in once.items()}


def test_a_retry_completes_what_failed_half_way(store: Store):
    """A view that throws leaves some tables filled and others not: after the same segment again, all are right."""
    body = segment(*(traces(*shopping(n)) for n in range(1, 50)))
    store.insert("traces", body, "whole")
    expected = counts(store)
    empty(store)
    for name, source in (("after_facts", "span_facts"), ("after_parts", "trace_parts"), ("after_all", "otel_traces")):
        store.command(
            f"CREATE MATERIALIZED VIEW {name} ENGINE = MergeTree ORDER BY n AS "
            f"SELECT throwIf(1, 'broken on purpose') AS n FROM {source}"
        )
        with pytest.raises(StoreError):
            store.insert("traces", body, "retried")
        store.command(f"DROP TABLE {name} SYNC")
        assert counts(store) != expected
    store.insert("traces", body, "retried")
    assert counts(store) == expected


def test_one_segment_may_span_any_number_of_days(store: Store):
    """Late data and wrong clocks: a dozen days in one segment, each in its partition, and still once."""
    starts = [T0 - n * DAY for n in range(12)]
    body = segment(*(traces(*shopping(n, start)) for n, start in enumerate(starts, 1)))
    for _ in range(2):
        store.insert("traces", body, "days")
    assert counts(store)["otel_traces"] == 36
    days = store.select("SELECT uniqExact(Day) AS base FROM otel_traces")["base"][0]
    assert days == 12
    for table in ("failures", "trace_parts", "mentions", "orders", "red"):
        partitions = store.select(f"SELECT uniqExact(_partition_id) AS n FROM {table}")
        assert partitions["n"][0] == 12, table


def copies(times: int, spans: list[Span]) -> bytes:
    """A segment of `times` equal requests: cheap to make, and as long as one likes."""
    record = traces(*spans).SerializeToString()
    return (varint(len(record)) + record) * times


def test_a_segment_of_several_blocks_counts_once(store: Store):
    """84,000 spans are more than the engine's usual block."""
    body = copies(70, [each for n in range(1, 401) for each in shopping(n)])
    store.insert("traces", body, "long")
    once = counts(store)
    assert (once["otel_traces"], once["trace_parts"], once["red"]) == (84_000, 84_000, 84_000)
    store.insert("traces", body, "long")
    assert counts(store) == once


@pytest.mark.full
@pytest.mark.timeout(600)
def test_a_segment_of_a_million_spans_counts_once(store: Store):
    """More rows than one insert block has, in the base table and in the rollups, and broken off on the way."""
    body = copies(1100, [span(1, n, name="x", status=Status(code=2)) for n in range(1, 1001)])  # type: ignore[arg-type]
    store.insert("traces", body, "whole")
    expected = counts(store)
    assert expected["otel_traces"] == expected["red"] == 1_100_000
    empty(store)
    store.command(
        "CREATE MATERIALIZED VIEW broken ENGINE = MergeTree ORDER BY n AS "
        "SELECT throwIf(count() > 0, 'broken on purpose') AS n FROM trace_parts"
    )
    with pytest.raises(StoreError):
        store.insert("traces", body, "huge")
    store.command("DROP TABLE broken SYNC")
    for _ in range(2):
        store.insert("traces", body, "huge")
        assert counts(store) == expected


def test_handles_load_side_by_side(store: Store):
    """Two threads send the same segments at the same moment."""
    every = {f"parallel-{n}": segment(traces(*shopping(n)), traces(*shopping(n + 100))) for n in range(1, 5)}
    failed: list[BaseException] = []

    def load() -> None:
        try:
            for name, body in every.items():
                store.insert("traces", body, name)
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    found = counts(store)
    assert (found["otel_traces"], found["trace_parts"], found["failures"], found["orders"]) == (24, 24, 16, 8)
