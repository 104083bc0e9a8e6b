"""What every table of a store holds, so that nobody has to list them."""

from queries.store import Store

KEPT = """
    SELECT name, engine FROM system.tables
    WHERE database = currentDatabase() AND endsWith(engine, 'MergeTree')
      AND name NOT IN ('schema_applied', 'attribute_meanings', 'partners', 'kpi_definitions', 'kpi_values')
      AND name != 'row_counterparts'
    ORDER BY name
"""
TOLD = {"changes", "alerts", "cdc_events", "incident_events"}
"""Those that other senders fill: no telemetry ends there."""

SUMMED = {"trace_parts": "sum(Spans)", "red": "sum(Requests)", "arrivals": "sum(Spans)"}  # their rows merge


def kept(store: Store) -> dict[str, str]:
    """The tables that telemetry ends in, with their engines."""
    return dict(store.select(KEPT).rows())


def counts(store: Store) -> dict[str, int]:
    """How much each of them has counted: rows, or for aggregates what they sum up."""
    found = {}
    for table, engine in kept(store).items():
        what = SUMMED.get(table, "count()")
        final = "FINAL" if engine != "MergeTree" and table not in SUMMED else ""
        found[table] = int(store.select(f"SELECT {what} AS n FROM {table} {final}")["n"][0] or 0)
    return found
