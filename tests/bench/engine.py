"""A store of a benchmark's own: with its merges stopped or running, and emptied between measurements."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

from queries import schema
from queries.store import Limits, Store

LIMITS = Limits(memory_bytes=4_000_000_000, time_s=3600)
KEPT = ("schema_applied", "attribute_meanings", "partners")
QUIET_S = 2.0

tokens = (f"bench-{number}" for number in count())


@contextmanager
def opened(directory: Path, *, handles: int, database: str = "otel") -> Iterator[Store]:
    """A store with our tables in it. One directory at a time: a process has one embedded engine."""
    with closing(Store.open(f"chdb://{directory}", database=database, handles=handles, limits=LIMITS)) as store:
        schema.apply(store)
        yield store


def stop_merges(store: Store) -> None:
    """From now on, parts stay as they were written."""
    store.command("SYSTEM STOP MERGES")


def empty(store: Store) -> None:
    """Starts merges, and forgets all telemetry; the tables stay."""
    store.command("SYSTEM START MERGES")
    tables = store.select(
        "SELECT name FROM system.tables WHERE database = {database:String} AND endsWith(engine, 'MergeTree')"
        " AND name NOT IN {kept:Array(String)}",
        database=store.database,
        kept=KEPT,
    )
    for name in tables["name"]:
        store.command(f"TRUNCATE TABLE {name} SYNC")


def wait_for_merges(store: Store, at_most_s: float = 600) -> None:
    """Returns once nothing was merged for a while."""
    quiet_since, end = time.monotonic(), time.monotonic() + at_most_s
    while time.monotonic() < end and time.monotonic() - quiet_since < QUIET_S:
        if store.select("SELECT count() AS merges FROM system.merges")["merges"][0]:
            quiet_since = time.monotonic()
        time.sleep(0.1)
