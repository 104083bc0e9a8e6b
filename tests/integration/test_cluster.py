"""The tables of a cluster, on the one node that can be had here: it has a shard, but nobody to replicate with."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from queries import schema
from queries.cluster import IN_FRONT, ON_EVERY_NODE, SHARDED_BY, Cluster
from queries.store import Store, varint
from tests.integration import small_shop
from tests.integration.conftest import LIMITS, HttpEngine
from triage.affected.answer import affected
from triage.demo.model import Shop
from triage.demo.write import otlp_requests
from triage.model import Question

pytestmark = pytest.mark.integration

NODE = """<clickhouse>
    <tcp_port>9000</tcp_port>
    <remote_servers><shop><shard><replica><host>127.0.0.1</host><port>9000</port></replica></shard></shop></remote_servers>
</clickhouse>
"""
SHOP = Cluster("shop", "otel")
REMEMBERED = "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000"


class OneNode(Cluster):
    """The same statements, as a node takes them that has no one to replicate with."""

    @property
    def _on(self) -> str:
        return ""

    def placed(self, statement: str, database: str, names: frozenset[str]) -> str:  # type: ignore[override]
        placed = super().placed(statement, database, names)
        return placed.replace("Replicated", "").replace(REMEMBERED, "non_replicated_deduplication_window = 10000")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that speaks to a node of a cluster of one, with its tables."""
    directory = tmp_path_factory.mktemp("cluster")
    config = directory / "config.xml"
    config.write_text(NODE)
    engine = HttpEngine(directory / "clickhouse", config=str(config))
    with closing(Store.open(engine.dsn, handles=1, limits=LIMITS, clustered=True)) as store:
        schema.apply(store, cluster=OneNode("shop", "otel"))
        small_shop.fill(store)
        yield store
    engine.kill()


def test_rows_lie_in_the_shards_and_are_read_through_the_tables_in_front_of_them(node: Store) -> None:
    """What goes through the landing tables is in the shard's database, with its rollups, and counted once in front."""
    for table in ("otel_traces", "failures", "mentions", "otel_logs"):
        behind, in_front = (
            node.select(f"SELECT count() AS n FROM {database}.{table}")["n"][0] for database in ("otel_local", "otel")
        )
        assert behind == in_front > 0, table
    engines = node.select("SELECT DISTINCT engine FROM system.tables WHERE database = 'otel' ORDER BY engine")["engine"]
    assert list(engines) == ["Distributed", "MaterializedView", "Null", "View"]
    assert node.select("SELECT count() AS n FROM otel.otel_traces")["n"][0] == 2 * len(small_shop.CHECKOUTS)


def spans_in(body: bytes) -> int:
    """How many spans an OTLP request holds."""
    resources = ExportTraceServiceRequest.FromString(body).resource_spans
    return sum(len(scope.spans) for resource in resources for scope in resource.scope_spans)


def test_a_large_segment_counts_whole_and_once(node: Store) -> None:
    """Its blocks are told apart behind the Distributed tables, and known again when they are sent again."""
    noon = small_shop.FROM.timestamp() + 7200
    sent = [body for kind, body in otlp_requests(Shop(rate=40).between(noon, noon + 150)) if kind == "traces"]
    spans = sum(spans_in(body) for body in sent)
    whole = b"".join(varint(len(body)) + body for body in sent)
    before = node.select("SELECT count() AS n FROM otel_traces")["n"][0]
    for _ in range(2):
        node.insert("traces", whole, "a-large-one")
    assert node.select("SELECT count() AS n FROM otel_traces")["n"][0] - before == spans


def test_who_was_affected_is_answered_as_by_one_server(node: Store) -> None:
    """The question's temporary tables and the Distributed ones work together."""
    question = Question(from_=small_shop.FROM, to=small_shop.FROM + timedelta(hours=1))
    answer = affected(node, question, limit=100)
    assert (answer.customers, answer.not_recovered, answer.recovered, answer.masked) == (4, 2, 1, 1)


def test_applying_again_changes_nothing(node: Store) -> None:
    """What was applied is remembered by the cluster."""
    assert schema.apply(node, cluster=OneNode("shop", "otel")) == []


def test_a_node_that_lacks_tables_is_named() -> None:
    """Whoever adds one is told at the next start, before anything is made there that would be no replica."""
    assert schema.lacking({"a:9000": {"red", "mentions"}, "b:9000": {"mentions", "red"}}) is None
    assert schema.lacking({"a:9000": set(), "b:9000": set()}) is None, "the first start of all"
    told = schema.lacking({"a:9000": {"red", "mentions"}, "b:9000": {"red"}, "c:9000": set()})
    assert told == (
        "b:9000 lacks 1 of 2 tables that other nodes of its cluster have (mentions): "
        "give it those of its shard, as docs/clickhouse.md says"
    )


def test_a_changed_retention_reaches_the_shards(node: Store) -> None:
    """It is asked of every node and changed where the rows lie; the table in front has none."""
    shop = OneNode("shop", "otel")
    try:
        told = schema.apply(node, schema.Retention(retention_logs_days=20), cluster=shop)
        assert told == ["retention of otel_logs: 20d (was 14d)"]
        assert schema.apply(node, schema.Retention(retention_logs_days=20), cluster=shop) == []
        engine = node.select(
            "SELECT engine_full FROM system.tables WHERE database = 'otel_local' AND name = 'otel_logs'"
        )
        assert "TTL Received + toIntervalDay(20)" in engine["engine_full"][0]
    finally:
        schema.apply(node, cluster=shop, shorten={"retention_logs_days"})


def test_a_ttl_is_changed_on_every_node(node: Store) -> None:
    """The statement as a real cluster takes it: the engine reads it, and it is for all."""
    statement = (
        "ALTER TABLE otel_logs MODIFY TTL Received + toIntervalDay(20) SETTINGS materialize_ttl_after_modify = 1"
    )
    changed = SHOP.placed(statement, SHOP.local, schema.names())
    assert changed.startswith("ALTER TABLE `otel_local`.otel_logs ON CLUSTER 'shop' MODIFY TTL")
    assert node.select("SELECT formatQuery({statement:String}) AS sql", statement=changed)["sql"][0]


def test_every_statement_is_one_that_the_engine_reads(node: Store) -> None:
    """As it is written for a real cluster, with its clauses."""
    for statement in re.split(r";\n\n", schema.show(cluster=SHOP).rstrip(";")):
        assert node.select("SELECT formatQuery({statement:String}) AS sql", statement=statement)["sql"][0]


def test_a_view_that_is_changed_stays_with_the_rows() -> None:
    """On every node; nothing stands for it in front of the shards."""
    shown = schema.show(cluster=SHOP)
    assert "ALTER TABLE `otel_local`.trace_parts_to_mentions ON CLUSTER 'shop' MODIFY QUERY" in shown
    assert "`otel`.trace_parts_to_mentions" not in shown


def test_whatever_a_view_writes_from_the_landing_tables_says_to_which_shard() -> None:
    """A table of rows that is written to in front of the shards has a sharding key; all of a trace goes by its id."""
    written = set(re.findall(r"ON CLUSTER 'shop' TO `otel`\.(\w+)", schema.show(cluster=SHOP)))
    assert {name for name in written if not IN_FRONT.match(name)} <= SHARDED_BY.keys()


def test_every_table_is_made_on_every_node_and_every_row_is_replicated() -> None:
    """No statement that makes or changes something lacks the cluster's clause; settings alone are not replicated."""
    shown = schema.show(cluster=SHOP)
    made = re.findall(r"^(?:CREATE|ALTER) .*", shown, re.MULTILINE)
    assert made
    assert [line for line in made if "ON CLUSTER 'shop'" not in line] == []
    assert shown.count("deduplication_window =") == shown.count(REMEMBERED) > 0
    assert len(re.findall(r"ENGINE = \w*MergeTree", shown)) - len(re.findall(r"ENGINE = Replicated", shown)) == len(
        ON_EVERY_NODE
    )
