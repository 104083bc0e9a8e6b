"""The tables of a ClickHouse cluster, made from the statements that make those of one server.

    NAME        what everything else speaks to, alike on each node: the landing tables and their views, and in front of
                each table that holds rows a Distributed one of its name
    NAME_local  the rows of each shard, replicated by ClickHouse, with the rollups that hang on them

Whatever is known of a trace lies on the shard that its id names, so a rollup is made where its rows are. What settings
change stands whole on every node, since the views read it there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

MADE = re.compile(r"CREATE (?:TABLE|VIEW|MATERIALIZED VIEW) IF NOT EXISTS (\w+)|CREATE OR REPLACE (?:TABLE|VIEW) (\w+)")
FUNCTION = re.compile(r"(CREATE OR REPLACE FUNCTION \w+)")
CHANGED = re.compile(r"(?:CREATE TABLE IF NOT EXISTS|ALTER TABLE) (\w+)\b(?! MODIFY QUERY)")
HOLDS_ROWS = re.compile(r"ALTER TABLE|[^;]*^\)?\s*ENGINE = \w*MergeTree", re.MULTILINE)
NAMING = r"\b(FROM|JOIN|TO|ALTER TABLE|REPLACE TABLE|REPLACE VIEW|IF NOT EXISTS) ({names})\b"
LIKE = re.compile(r"( AS )(\w+)( ENGINE = Null)")
TARGET = re.compile(r"((?:IF NOT EXISTS|REPLACE TABLE|REPLACE VIEW|ALTER TABLE) `\w+`\.\w+)")
ENGINE = re.compile(r"(ENGINE = )(\w*MergeTree)")
WINDOW = re.compile(r"non_replicated_deduplication_window = (\d+)")
REPLICATED_WINDOW = r"replicated_deduplication_window = \1, replicated_deduplication_window_seconds = 2592000"
"""One server remembers so many tokens, however old; replicas forget them in an hour unless told otherwise: 30 days."""
SYSTEM = re.compile(r"\bFROM (system\.\w+)")

IN_FRONT = re.compile(r"landing_|reading_|spans$")
"""What stands in the database that is spoken to: where inserts go, the views from there, and what reads all shards."""
ON_EVERY_NODE = frozenset({"attribute_meanings", "partners", "row_counterparts"})
SHARDED_BY = {
    "otel_traces": "if(empty(TraceId), cityHash64(SpanId), cityHash64(TraceId))",
    "otel_logs": "if(empty(TraceId), cityHash64(ServiceName, Timestamp), cityHash64(TraceId))",
    "otel_metrics_gauge": "cityHash64(ServiceName, MetricName)",
    "otel_metrics_sum": "cityHash64(ServiceName, MetricName)",
    "otel_metrics_histogram": "cityHash64(ServiceName, MetricName)",
    "otel_metrics_exponential_histogram": "cityHash64(ServiceName, MetricName)",
    "otel_metrics_summary": "cityHash64(ServiceName, MetricName)",
    "changes": "cityHash64(Id)",
    "alerts": "cityHash64(Id)",
    "cdc_events": "cityHash64(Id)",
    "incident_events": "cityHash64(Incident)",
    "kpi_definitions": "cityHash64(Definitions)",
    "kpi_values": "cityHash64(Kpi)",
    "schema_applied": "cityHash64(Name)",
}
"""To which shard a row goes that is written to the table itself; a row sent again goes to the same one."""


@dataclass(frozen=True)
class Cluster:
    """A cluster, by the name that its servers' configuration gives it, and the database that is spoken to."""

    name: str
    database: str

    @property
    def local(self) -> str:
        """The database of each shard's own rows."""
        return f"{self.database}_local"

    def databases(self) -> list[str]:
        """What makes the databases."""
        return [f"CREATE DATABASE IF NOT EXISTS `{name}`{self._on}" for name in (self.database, self.local)]

    def statements(self, of_one_server: Sequence[str], names: Set[str]) -> Iterator[str]:
        """What makes the same on every node, in order; `names` are those of all tables and views."""
        front = [each for each in of_one_server if IN_FRONT.match(made(each))]
        behind = [each for each in of_one_server if each not in front]
        for statement in behind:
            yield self.placed(statement, self.local, names)
        changed = {match[1] for each in behind if (match := CHANGED.match(each)) and HOLDS_ROWS.match(each)}
        for table in sorted(changed):
            yield self._in_front_of(table)
        for statement in front:
            yield self.placed(statement, self.database, names)

    def placed(self, statement: str, database: str, names: Set[str]) -> str:
        """The statement for every node, with its names in a database, and its table replicated within the shard."""
        if FUNCTION.match(statement):
            return FUNCTION.sub(rf"\1{self._on}", statement, count=1)
        naming = NAMING.replace("{names}", "|".join(sorted(names)))
        statement = re.sub(naming, rf"\1 `{database}`.\2", statement)
        statement = TARGET.sub(rf"\1{self._on}", LIKE.sub(rf"\1`{database}`.\2\3", statement), count=1)
        if any(f".{each} " in statement.partition("(")[0] for each in ON_EVERY_NODE):
            return statement
        statement = WINDOW.sub(REPLICATED_WINDOW, statement)
        return ENGINE.sub(r"\1Replicated\2", statement)

    def of_every_node(self, question: str) -> str:
        """A question about system tables, put to all nodes."""
        return SYSTEM.sub(rf"FROM clusterAllReplicas('{self.name}', \1)", question)

    def _in_front_of(self, table: str) -> str:
        place, behind = f"`{self.database}`.{table}{self._on}", f"`{self.local}`.{table}"
        if table in ON_EVERY_NODE:
            return f"CREATE OR REPLACE VIEW {place} AS\nSELECT * FROM {behind}"
        key = f", {SHARDED_BY[table]}" if table in SHARDED_BY else ""
        engine = f"Distributed('{self.name}', '{self.local}', '{table}'{key})"
        return f"CREATE OR REPLACE TABLE {place} AS {behind}\nENGINE = {engine}"

    @property
    def _on(self) -> str:
        return f" ON CLUSTER '{self.name}'"


def made(statement: str) -> str:
    """The name of the table or view that a statement makes; '' for any other."""
    match = MADE.match(statement)
    return match[match.lastindex or 1] if match else ""
