"""Fills a rollup again from the spans and log records that it is made from.

No statement is written twice: a rollup's rows come from the very SELECTs of the views that feed it, put one upon
the other as common table expressions of the names that they read from. They go into a table beside the rollup,
whose partitions then take the place of the rollup's: nobody sees it empty, and nothing that hangs on it is fed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import cache

from queries import catalogue, schema
from queries.errors import StoreBusy
from queries.store import Store, Value

VIEW = re.compile(r"CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+) TO (\w+) AS\s+(.+)", re.DOTALL)
SOURCE = re.compile(r"^FROM (\w+)", re.MULTILINE)
PASSING = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+) .*ENGINE = Null", re.DOTALL)
FILED_BY = ("Bucket", "Filed", "Time")  # the column that says which day a rollup's row belongs to
BASES = {"otel_traces": "retention_traces_days", "otel_logs": "retention_logs_days"}
ONCE_ONLY = ("arrivals",)  # made of when spans came, which nothing else remembers
AT_A_TIME = 5_000_000  # rows of a base table
TRIES = 3

COLUMNS = "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String}"
BATCHES = """
    SELECT Received, groupArray(Day) AS days, sum(n) AS rows
    FROM (SELECT Received, Day, count() AS n FROM {base:Identifier} GROUP BY Received, Day ORDER BY Day)
    WHERE Day >= {first:String} AND NOT has({older:Array(String)}, toString(Day))
    GROUP BY Received
    ORDER BY Received
"""
OLDER = """
    SELECT DISTINCT toString(toDate({filed_by:Identifier})) AS day FROM {table:Identifier}
    WHERE Received <= today() - {kept_days:UInt32}
"""
BATCH = """
    SELECT *, Day FROM {database:Identifier}.{base:Identifier}
    WHERE Day IN {days:Array(String)} AND Received = {received:String}
        AND cityHash64(TraceId) % {pieces:UInt32} = {piece:UInt32}
"""
TOUCHED = """
    SELECT DISTINCT _partition_id AS id FROM {table:Identifier}
    WHERE toDate({filed_by:Identifier}) IN {days:Array(String)}
    UNION DISTINCT
    SELECT DISTINCT _partition_id AS id FROM {fresh:Identifier}
"""
OTHER_DAYS = """
    INSERT INTO {fresh:Identifier} SELECT * FROM {table:Identifier}
    WHERE _partition_id IN {touched:Array(String)} AND toDate({filed_by:Identifier}) NOT IN {days:Array(String)}
    SETTINGS insert_deduplicate = 0, max_execution_time = 0
"""


@dataclass(frozen=True)
class View:
    """A materialized view: what it reads from, where it writes to, and the SELECT between."""

    source: str
    target: str
    select: str


@dataclass(frozen=True)
class Batch:
    """Rows of a base table that came on one day, with the days that they are filed under."""

    base: str
    received: date
    days: tuple[date, ...]
    rows: int


def rebuild(store: Store, name: str, since: datetime | None = None, retention: schema.Retention | None = None) -> int:
    """Fills the rollup `name` again, for the days from `since` on; returns the number of rows that it made.

    Days from which base rows may have expired are left as they are. Raises ValueError for what is no rollup,
    StoreBusy where telemetry that arrives meanwhile keeps it from finishing: the rollup may lack what came last.
    """
    check(name)
    for _ in range(TRIES):
        batches = _batches(store, name, since, retention or schema.Retention())
        with _beside(store, name) as fresh:
            for way in rollups()[name]:
                for batch in batches:
                    if batch.base == way[0].source:
                        _fill(store, fresh, way, batch)
            if batches != _batches(store, name, since, retention or schema.Retention()):
                continue
            made = _take_place(store, name, fresh, {str(day) for batch in batches for day in batch.days})
        if batches == _batches(store, name, since, retention or schema.Retention()):
            return made
    raise StoreBusy(
        f"telemetry arrived while {name} was filled again, {TRIES} times: load none meanwhile, and try again"
    )


def check(name: str) -> None:
    """Raises ValueError for what is no rollup, with the names that there are."""
    if name not in rollups():
        raise ValueError(f"there is no rollup {name!r} to fill again; there are {', '.join(rollups())}")


@cache
def rollups() -> dict[str, list[tuple[View, ...]]]:
    """Each rollup that can be rebuilt, by name, with every way that leads to it from a base table."""
    views, passing = dict[str, View](), set(ONCE_ONLY)
    for path in schema.files():
        for statement in catalogue.statements(path.read_text()):
            if (view := VIEW.match(statement)) and (source := SOURCE.search(view[3])):
                views[view[1]] = View(source[1], view[2], view[3])
            elif changed := schema.CHANGED_VIEW.match(statement):
                views[changed[1]] = replace(views[changed[1]], select=changed[2])
            elif table := PASSING.match(statement):
                passing.add(table[1])
    every = {view.target: list(_ways(view.target, views.values())) for view in views.values()}
    return {name: ways for name, ways in sorted(every.items()) if ways and name not in passing}


def _ways(target: str, views: Iterable[View]) -> Iterator[tuple[View, ...]]:
    for view in views:
        if view.target == target and view.source in BASES:
            yield (view,)
        elif view.target == target:
            yield from ((*way, view) for way in _ways(view.source, views))


def _columns(store: Store, table: str) -> list[str]:
    return store.select(COLUMNS, table=table)["name"].to_list()


def _filed_by(store: Store, table: str) -> str | None:
    columns = _columns(store, table)
    return next((column for column in FILED_BY if column in columns), None)


def _batches(store: Store, name: str, since: datetime | None, retention: schema.Retention) -> list[Batch]:
    """What there is to work on: no day of which the rollup has rows older than rows of its bases become."""
    bases = sorted({way[0].source for way in rollups()[name]})
    kept_days = min(asdict(retention)[BASES[base]] for base in bases)
    first, older = str(since.astimezone(UTC).date() if since else date(1970, 1, 1)), []
    if filed_by := _filed_by(store, name):
        older = store.select(OLDER, table=name, filed_by=filed_by, kept_days=kept_days)["day"].to_list()
    return [
        Batch(base, received, tuple(days), rows)
        for base in bases
        for received, days, rows in store.select(BATCHES, base=base, first=first, older=older).rows()
    ]


@contextmanager
def _beside(store: Store, name: str) -> Iterator[str]:
    """An empty table like `name`; gone afterwards."""
    fresh = f"{name}_fresh"
    store.command(f"DROP TABLE IF EXISTS {fresh} SYNC")
    store.command(f"CREATE TABLE {fresh} AS {name}")
    try:
        yield fresh
    finally:
        store.command(f"DROP TABLE IF EXISTS {fresh} SYNC")


def _fill(store: Store, fresh: str, way: tuple[View, ...], batch: Batch) -> None:
    """One way's rows of one batch. Traces stay whole, and rows keep the day on which they came."""
    *before, last = way
    steps = "".join(f", {view.target} AS ({view.select})" for view in before)
    rows = f"WITH {batch.base} AS ({BATCH}){steps} SELECT * FROM ({last.select})"  # noqa: S608 - statements of ours
    bound: dict[str, Value] = {
        "database": store.database,
        "base": batch.base,
        "days": [str(day) for day in batch.days],
        "received": str(batch.received),
        "pieces": batch.rows // AT_A_TIME + 1,
        "piece": 0,
    }
    columns = store.select(f"DESCRIBE ({rows})", **bound)["name"].to_list()
    values = list(columns)
    if "Received" in _columns(store, fresh):
        columns.append("Received")
        values.append("toDate({received:String})")
    for piece in range(batch.rows // AT_A_TIME + 1):
        store.command(
            f"INSERT INTO {fresh} ({', '.join(columns)}) SELECT {', '.join(values)} FROM ({rows}) "  # noqa: S608 - names of ours
            "SETTINGS insert_deduplicate = 0, max_execution_time = 0",
            **bound | {"piece": piece},
        )


def _take_place(store: Store, name: str, fresh: str, days: set[str]) -> int:
    """Puts what is in `fresh` in place of the rollup's rows of these days; how many rows that were."""
    made = int(store.select("SELECT count() AS n FROM {fresh:Identifier}", fresh=fresh)["n"][0])
    filed_by = _filed_by(store, name)
    if filed_by is None:  # rows for all times, of least and greatest: those may be said again
        store.command("INSERT INTO {table:Identifier} SELECT * FROM {fresh:Identifier}", table=name, fresh=fresh)
        return made
    in_order = sorted(days)
    table: dict[str, Value] = {"table": name, "fresh": fresh, "filed_by": filed_by, "days": in_order}
    touched = store.select(TOUCHED, **table)["id"].to_list()
    store.command(OTHER_DAYS, touched=touched, **table)
    for partition in touched:
        store.command(f"ALTER TABLE {name} REPLACE PARTITION ID {{partition:String}} FROM {fresh}", partition=partition)
    return made
