"""The tables: the exporter's names and types, applied once, and readable by the next program that comes along."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from queries import schema
from queries.errors import SchemaMismatch
from queries.store import Store
from tests.integration.otlp import T0
from tests.integration.tables import TOLD, counts, kept
from tests.loading import empty

pytestmark = pytest.mark.integration
OVER_HTTP = ("test_applying_again_changes_nothing",)

MAP = "Map(LowCardinality(String), String)"
TIME = "DateTime64(9)"
WORD = "LowCardinality(String)"

COMMON = {
    "ResourceAttributes": MAP,
    "ResourceSchemaUrl": "String",
    "ScopeName": "String",
    "ScopeVersion": "String",
    "ScopeAttributes": MAP,
    "ScopeDroppedAttrCount": "UInt32",
    "ScopeSchemaUrl": "String",
    "ServiceName": WORD,
    "MetricName": "String",
    "MetricDescription": "String",
    "MetricUnit": "String",
    "Attributes": MAP,
    "StartTimeUnix": TIME,
    "TimeUnix": TIME,
    "Flags": "UInt32",
}
EXEMPLARS = {
    "Exemplars.FilteredAttributes": f"Array({MAP})",
    "Exemplars.TimeUnix": f"Array({TIME})",
    "Exemplars.Value": "Array(Float64)",
    "Exemplars.SpanId": "Array(String)",
    "Exemplars.TraceId": "Array(String)",
}
TEMPORALITY = {"AggregationTemporality": "Int32"}
EXTREMES = {"Count": "UInt64", "Sum": "Float64", "Min": "Float64", "Max": "Float64"}

EXPORTER = {  # opentelemetry-collector-contrib, exporter/clickhouseexporter/internal/sqltemplates
    "otel_traces": {
        "Timestamp": TIME,
        "TraceId": "String",
        "SpanId": "String",
        "ParentSpanId": "String",
        "TraceState": "String",
        "SpanName": WORD,
        "SpanKind": WORD,
        "ServiceName": WORD,
        "ResourceAttributes": MAP,
        "ScopeName": "String",
        "ScopeVersion": "String",
        "SpanAttributes": MAP,
        "Duration": "UInt64",
        "StatusCode": WORD,
        "StatusMessage": "String",
        "Events.Timestamp": f"Array({TIME})",
        "Events.Name": f"Array({WORD})",
        "Events.Attributes": f"Array({MAP})",
        "Links.TraceId": "Array(String)",
        "Links.SpanId": "Array(String)",
        "Links.TraceState": "Array(String)",
        "Links.Attributes": f"Array({MAP})",
    },
    "otel_traces_trace_id_ts": {"TraceId": "String", "Start": "DateTime", "End": "DateTime"},
    "otel_logs": {
        "Timestamp": TIME,
        "TimestampTime": "DateTime",
        "TraceId": "String",
        "SpanId": "String",
        "TraceFlags": "UInt8",
        "SeverityText": WORD,
        "SeverityNumber": "UInt8",
        "ServiceName": WORD,
        "Body": "String",
        "ResourceSchemaUrl": WORD,
        "ResourceAttributes": MAP,
        "ScopeSchemaUrl": WORD,
        "ScopeName": "String",
        "ScopeVersion": WORD,
        "ScopeAttributes": MAP,
        "LogAttributes": MAP,
        "EventName": "String",
    },
    "otel_metrics_gauge": COMMON | EXEMPLARS | {"Value": "Float64"},
    "otel_metrics_sum": COMMON | EXEMPLARS | TEMPORALITY | {"Value": "Float64", "IsMonotonic": "Bool"},
    "otel_metrics_histogram": COMMON
    | EXEMPLARS
    | TEMPORALITY
    | EXTREMES
    | {"BucketCounts": "Array(UInt64)", "ExplicitBounds": "Array(Float64)"},
    "otel_metrics_exponential_histogram": COMMON
    | EXEMPLARS
    | TEMPORALITY
    | EXTREMES
    | {
        "Scale": "Int32",
        "ZeroCount": "UInt64",
        "PositiveOffset": "Int32",
        "PositiveBucketCounts": "Array(UInt64)",
        "NegativeOffset": "Int32",
        "NegativeBucketCounts": "Array(UInt64)",
    },
    "otel_metrics_summary": COMMON
    | {
        "Count": "UInt64",
        "Sum": "Float64",
        "ValueAtQuantiles.Quantile": "Array(Float64)",
        "ValueAtQuantiles.Value": "Array(Float64)",
    },
}


@pytest.mark.parametrize("table", EXPORTER)
def test_the_base_tables_have_the_exporters_columns(store: Store, table: str):
    """Same names and types; what is ours besides has a default, so that others may write and read as ever."""
    found = store.select(
        "SELECT name, replaceAll(replaceAll(type, ', \\'UTC\\'', ''), '(\\'UTC\\')', '') AS type, default_kind "
        "FROM system.columns WHERE database = currentDatabase() AND table = {t:String}",
        t=table,
    )
    columns = {name: kind for name, kind, _ in found.rows()}
    assert {name: columns.get(name) for name in EXPORTER[table]} == EXPORTER[table]
    ours = {name: default for name, _, default in found.rows() if name not in EXPORTER[table]}
    nullable = {name for name, kind in columns.items() if kind.startswith("Nullable")}
    assert {name for name, default in ours.items() if not default} <= nullable


SPAN = """
    INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, TraceState, SpanName, SpanKind, ServiceName,
        ResourceAttributes, ScopeName, ScopeVersion, SpanAttributes, Duration, StatusCode, StatusMessage,
        Events.Timestamp, Events.Name, Events.Attributes,
        Links.TraceId, Links.SpanId, Links.TraceState, Links.Attributes)
    VALUES (fromUnixTimestamp64Nano({t:Int64}, 'UTC'), 'aa', 'bb', '', '', 'POST /checkout', 'Server', 'shop',
        map('service.name', 'shop'), '', '', map('customer.id', 'c-1', 'order.id', 'o-1', 'http.status_code', '503'),
        1000, 'Error', 'broke', [], [], [], [], [], [], []),
        (fromUnixTimestamp64Nano({t:Int64}, 'UTC'), 'aa', 'cc', 'bb', '', 'charge', 'Internal', 'shop',
        map('service.name', 'shop'), '', '', map('customer.id', 'c-2'), 1000, 'Unset', '', [], [], [], [], [], [], [])
"""
LOG = """
    INSERT INTO otel_logs (Timestamp, TraceId, SpanId, TraceFlags, SeverityText, SeverityNumber, ServiceName, Body,
        ResourceSchemaUrl, ResourceAttributes, ScopeSchemaUrl, ScopeName, ScopeVersion, ScopeAttributes, LogAttributes)
    VALUES (fromUnixTimestamp64Nano({t:Int64}, 'UTC'), 'aa', 'bb', 1, 'INFO', 9, 'shop', 'paid', '', map(), '', '', '',
        map(), map('user.id', 'u-1'))
"""


def test_rollups_hang_on_the_base_tables_whoever_writes_them(store: Store):
    """The collector's exporter inserts by its own list of columns: every rollup of ours is fed by that."""
    store.command(SPAN, t=T0)
    store.command(LOG, t=T0)
    found = counts(store)
    fed = {table for table in kept(store) if not table.startswith("otel_metrics")} - TOLD
    assert {table for table in fed if not found[table]} == set()
    named = store.select("SELECT DISTINCT arrayJoin(Names) AS name FROM trace_parts WHERE TraceId = 'aa' ORDER BY name")
    assert named["name"].to_list() == ["c-1", "c-2", "u-1"]
    empty(store)


def test_every_table_recognises_a_repeated_segment(store: Store):
    """A table without a window of tokens would count a retried segment twice."""
    found = store.select("SELECT name, create_table_query AS ddl FROM system.tables WHERE database = currentDatabase()")
    ddl = dict(found.rows())
    without = [table for table in kept(store) if "non_replicated_deduplication_window = 10000" not in ddl[table]]
    assert without == []


def test_what_telemetry_ends_in_is_forgotten_after_a_while(store: Store):
    """Every table has a TTL, but the list of services that ever reported, and what happened to incidents."""
    found = store.select("SELECT name, create_table_query AS ddl FROM system.tables WHERE database = currentDatabase()")
    ddl = dict(found.rows())
    assert [table for table in kept(store) if not re.search(r"\bTTL\b", ddl[table])] == ["incident_events", "services"]


def test_applying_again_changes_nothing(store: Store):
    """It says what is new: nothing; and what the tables hold stays."""
    store.command(SPAN, t=T0)
    before = counts(store)
    assert schema.apply(store) == []
    assert counts(store) == before
    empty(store)


def test_what_was_applied_half_way_is_completed(store: Store):
    """A program that dies in the middle has not written down that file: every statement can be run again."""
    store.command(SPAN, t=T0)
    before = counts(store)
    store.command("TRUNCATE TABLE schema_applied")
    assert schema.apply(store) == [path.stem for path in schema.files()]
    assert counts(store) == before
    empty(store)


@pytest.mark.parametrize(
    ("made_by", "sentence"),
    [
        ("0999_from_the_future", r"0999_from_the_future.*newer program"),
        ("0006_rollups", r"another version.*\(0006_rollups has changed since\).*empty"),
        ("0006_rollups@0123456789ab", r"another version.*\(0006_rollups has changed since\).*empty"),
    ],
)
def test_tables_that_another_program_made_are_left_alone(store: Store, made_by: str, sentence: str):
    """They lack what questions ask for: better told in a sentence than by an answer that fails at night."""
    store.command("TRUNCATE TABLE schema_applied")
    store.command("INSERT INTO schema_applied (Name) VALUES ({name:String})", name=made_by)
    try:
        with pytest.raises(SchemaMismatch, match=sentence):
            schema.apply(store)
    finally:
        store.command("TRUNCATE TABLE schema_applied")
        schema.apply(store)
    assert schema.apply(store) == []


def test_tables_of_a_file_that_was_worded_otherwise_for_a_while_are_taken(store: Store):
    """What it did besides, a later file does again."""
    known = {schema._written_as(path): path.stem for path in schema.files()}
    counted = {counts_as: name for name, counts_as in schema.ALIKE.items()}
    assert counted.keys() <= known.keys()
    store.command("TRUNCATE TABLE schema_applied")
    for name in known:
        store.command("INSERT INTO schema_applied (Name) VALUES ({name:String})", name=counted.get(name, name))
    assert schema.apply(store) == []


def test_what_attributes_mean_is_written_anew_each_time(store: Store):
    """The keys that name a customer are a setting: the views read them at each insert."""
    schema.apply(store, meanings=schema.Meanings(customer=("buyer", "customer.id"), partners=("psp", "wms")))
    keys = store.select("SELECT Key FROM attribute_meanings WHERE Code < 20 ORDER BY Code")
    assert keys["Key"].to_list() == ["buyer", "customer.id"]
    assert store.select("SELECT Name FROM partners ORDER BY Name")["Name"].to_list() == ["psp", "wms"]
    schema.apply(store)
    assert store.select("SELECT count() AS n FROM partners")["n"][0] == 0
    assert store.select("SELECT count() AS n FROM attribute_meanings WHERE Code < 20")["n"][0] == 4


UNFINISHED = """
    SELECT count() AS n FROM system.mutations
    WHERE database = currentDatabase() AND table = 'otel_traces' AND NOT is_done
"""
KEPT_DAYS = """
    SELECT dateDiff('day', (SELECT max(Received) FROM otel_traces), toDate(max(delete_ttl_info_max))) AS days
    FROM system.parts
    WHERE database = currentDatabase() AND table = 'otel_traces' AND active AND rows > 0
"""


EVERY = schema.Retention.__dataclass_fields__.keys()


def ttls(store: Store) -> dict[str, str]:
    """The TTL of each table that has one."""
    found = store.select(
        "SELECT name, extract(engine_full, ' TTL (.+?)(?: SETTINGS |$)') AS ttl FROM system.tables "
        "WHERE database = currentDatabase() AND ttl != ''"
    )
    return dict(found.rows())


@pytest.fixture
def afterwards(store: Store) -> Iterator[None]:
    """The tables are empty and have their usual retention, whatever a test has done."""
    yield
    schema.apply(store, shorten=EVERY)
    empty(store)


@pytest.mark.usefixtures("afterwards")
@pytest.mark.parametrize("days", [3, 30])
def test_a_changed_retention_holds_for_rows_that_came_before_it(store: Store, days: int):
    """Shortened or prolonged, it is told once, and what the rows' parts say of their end is what the setting says."""
    store.command(SPAN, t=T0)
    retention = schema.Retention(retention_traces_days=days)
    if days < 14:
        still = "retention of otel_traces: still 14d (`triage schema apply --retention-traces 3d` shortens it)"
        others = EVERY - {"retention_traces_days"}
        assert schema.apply(store, retention, shorten=others) == [still], "rows would be gone for good"
        assert ttls(store)["otel_traces"] == "Received + toIntervalDay(14)"
    assert schema.apply(store, retention, shorten={"retention_traces_days"}) == [
        f"retention of otel_traces: {days}d (was 14d)"
    ]
    assert ttls(store)["otel_traces"] == f"Received + toIntervalDay({days})"
    late = time.monotonic() + 30
    while store.select(UNFINISHED)["n"][0] and time.monotonic() < late:
        time.sleep(0.02)
    assert store.select(KEPT_DAYS)["days"][0] == days
    assert schema.apply(store, retention) == []


@pytest.mark.usefixtures("afterwards")
def test_every_retention_can_be_changed(store: Store):
    """Afterwards the tables have the TTLs that `show` prints, and all that have one were told."""
    retention = schema.Retention(21, 22, 23, 24, 25)
    told = schema.apply(store, retention, shorten=EVERY)
    shown = re.findall(r"^TTL (.+)$", schema.show(retention), re.MULTILINE)
    assert sorted(ttls(store).values()) == sorted(shown)
    assert [re.split("[ :]", line)[2] for line in told] == sorted(ttls(store))


@pytest.mark.usefixtures("afterwards")
def test_a_ttl_that_is_not_ours_stays(store: Store):
    """A table that the collector's exporter made, or that somebody moves to other disks, is kept as they said."""
    theirs = "toDateTime(Timestamp) + toIntervalDay(7)"
    store.command(f"ALTER TABLE otel_traces MODIFY TTL {theirs}")
    try:
        assert schema.apply(store, schema.Retention(retention_traces_days=3), shorten=EVERY) == []
        assert ttls(store)["otel_traces"] == theirs
    finally:
        store.command("ALTER TABLE otel_traces MODIFY TTL Received + toIntervalDay(14)")


def test_show_prints_statements_with_the_retention_filled_in():
    """What is printed can be run as it stands."""
    text = schema.show(schema.Retention(retention_traces_days=3))
    assert "TTL Received + toIntervalDay(3)" in text
    assert re.findall(r"\{retention\w*\}", text) == []


def test_more_keys_than_there_are_codes_is_an_error():
    """Nineteen attributes may mean the same; the message counts what was given."""
    with pytest.raises(ValueError, match=r"at most 19 .* 20 were given"):
        list(schema.Meanings(customer=tuple(f"k{n}" for n in range(20))).codes())
