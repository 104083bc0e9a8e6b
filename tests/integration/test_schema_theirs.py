"""A shop that already runs the OpenTelemetry Collector into ClickHouse: our program works on its tables as they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from queries import schema
from queries.store import Store
from tests.integration.conftest import LIMITS
from tests.integration.otlp import T0
from tests.integration.tables import counts
from tests.integration.test_landing_once import bodies
from tests.integration.test_schema import EXPORTER, LOG, SPAN
from tests.integration.test_store_questions import NAMES, ask

pytestmark = pytest.mark.integration

TIMES = {"otel_traces": "Timestamp", "otel_logs": "Timestamp"}
TRACE_IDS = """
    CREATE MATERIALIZED VIEW otel_traces_trace_id_ts_mv TO otel_traces_trace_id_ts AS
    SELECT TraceId, min(toDateTime(Timestamp)) AS Start, max(toDateTime(Timestamp)) AS End
    FROM otel_traces WHERE TraceId != '' GROUP BY TraceId
"""


def theirs(table: str) -> str:
    """The exporter's own statement for a table: its columns, by day."""
    columns = {name: kind for name, kind in EXPORTER[table].items() if name != "EventName"}  # an older version
    time = TIMES.get(table, "Start" if "Start" in columns else "TimeUnix")
    listed = ", ".join(f"`{name}` {kind}" for name, kind in columns.items())
    return f"CREATE TABLE {table} ({listed}) ENGINE = MergeTree PARTITION BY toDate({time}) ORDER BY {time}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A database as the exporter leaves it, with a span and a log record in it; then our schema applied."""
    store = Store.open(f"chdb://{tmp_path_factory.mktemp('theirs')}/clickhouse", limits=LIMITS)
    for table in EXPORTER:
        store.command(theirs(table))
    store.command(TRACE_IDS)
    store.command(SPAN, t=T0)
    store.command(LOG, t=T0)
    schema.apply(store)
    yield store
    store.close()


def test_what_they_had_is_still_there(store: Store):
    """Not a row is touched, and what is ours in them has its default."""
    found = store.select("SELECT count() AS n, max(Day) AS day, sum(DroppedLinksCount) AS dropped FROM otel_traces")
    assert found.row(0)[0] >= 2
    assert str(found["day"][0]) == "2026-09-21"


def test_what_we_take_in_and_what_they_write_feeds_every_rollup_once(store: Store):
    """Our landing tables, with a retried segment, and the exporter's own inserts."""
    before = counts(store)
    for _ in range(2):
        for landing, body in bodies().items():
            store.insert(landing, body, f"{landing}-theirs")
    once = {table: n - before[table] for table, n in counts(store).items()}
    assert once["otel_traces"] == 9
    assert {table for table, n in once.items() if not n} == set()
    store.command(SPAN, t=T0 + 1)
    store.command(LOG, t=T0 + 1)
    fed = {table for table, n in counts(store).items() if n > before[table] + once[table]}
    assert {"otel_traces", "failures", "trace_parts", "mentions", "orders", "red", "log_customers"} <= fed


@pytest.mark.parametrize("name", NAMES)
def test_every_question_can_be_asked_of_them(store: Store, name: str):
    """All of ours is there that questions read."""
    ask(store, name)
