"""Whether every rollup has counted each span and log record once.

The base tables are copied, once and in order, into a database of their own with the same views; then every rollup here
must hold what the one there holds. For that a trace must have arrived in one request, and each request be there once.
"""

from queries import schema
from queries.store import Store
from tests.integration.tables import TOLD

CLEAN = "counted_once"
SOURCES = ("otel_traces", "otel_logs")
ONE_BLOCK = 50_000  # rows; each insert is one block, and has whole traces
ROLLUPS = f"""
    SELECT table, any(engine) AS engine, groupArray(column) AS columns
    FROM (
        SELECT t.name AS table, t.engine AS engine,
               c.type LIKE '%Array(UInt64)%' OR c.name IN ('Names', 'Mentions') AS is_set,
               concat(if(is_set, 'arraySort(`', '(`'), c.name, '`)') AS column
        FROM system.tables AS t
        JOIN system.columns AS c ON c.database = t.database AND c.table = t.name
        WHERE t.database = currentDatabase() AND endsWith(t.engine, 'MergeTree')
          AND (NOT startsWith(t.name, 'otel_') OR t.name = 'otel_traces_trace_id_ts')
          AND t.name NOT IN ('schema_applied', 'attribute_meanings', 'partners', 'kpi_definitions', 'kpi_values')
          AND t.name != 'row_counterparts' AND t.name NOT IN {tuple(sorted(TOLD))}
          AND c.name != 'Received'
          AND NOT startsWith(c.type, 'AggregateFunction')  -- the state of a sketch depends on the order
    )
    GROUP BY table
"""

WITHOUT_ARRIVAL = {
    "arrivals": "SELECT ServiceName, sum(Spans) AS spans, sum(Misdated) AS odd, max(Last) FROM arrivals GROUP BY 1"
}
"""What is compared of a rollup that says when something arrived."""


def differences(store: Store) -> dict[str, tuple[int, int]]:
    """The rollups that are not as they should be: how many rows they have, and should have (as if fully merged)."""
    clean = Store.open(store.dsn, database=CLEAN)
    try:
        schema.apply(clean)
        for table in SOURCES:
            copy(store, clean, table)
        there, should = prints(store), prints(clean)
        clean.command(f"DROP DATABASE {CLEAN}")
    finally:
        clean.close()
    assert there.keys() == should.keys()
    return {name: (there[name][0], should[name][0]) for name in there if there[name] != should[name]}


def copy(store: Store, clean: Store, table: str) -> None:
    """Each row once, the rows of a trace in one insert."""
    batches = int(store.select(f"SELECT count() AS n FROM {table}")["n"][0]) // ONE_BLOCK + 1
    for batch in range(batches):
        clean.command(
            f"INSERT INTO {table} SELECT * FROM {store.database}.{table} "
            f"WHERE cityHash64(TraceId) % {batches} = {batch} SETTINGS max_threads = 1, max_block_size = 1000000"
        )


def prints(store: Store) -> dict[str, tuple[int, int]]:
    """Rows and a hash of each rollup, in no order, as if fully merged."""
    rollups = store.select(ROLLUPS).rows()
    return {table: _print(store, rows_of(table, engine, columns)) for table, engine, columns in rollups}


def rows_of(table: str, engine: str, columns: list[str]) -> str:
    """The rows of a rollup, as if fully merged."""
    final = "" if engine == "MergeTree" else "FINAL"
    return WITHOUT_ARRIVAL.get(table, f"SELECT {', '.join(columns)} FROM {table} {final}")


def _print(store: Store, rows: str) -> tuple[int, int]:
    row = store.select(f"SELECT count() AS n, sum(cityHash64(*)) AS hash FROM ({rows})")
    return int(row["n"][0]), int(row["hash"][0])
