"""The store and its tables, as the settings want them."""

import re
from collections.abc import Iterator, Set
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from queries import rebuild, schema
from queries.cluster import Cluster
from queries.store import Limits, Store
from triage.configuration import SettingsError
from triage.kpi.keeping import Whole
from triage.settings import Settings
from triage.window import parse_duration

GRACE_S = 30
COUNTERPART = re.compile(r"([^=@\s]+)=([^=@\s]+?)(?:@(\S+))?", re.ASCII)


@contextmanager
def opened(settings: Settings, *, handles: int | None = None) -> Iterator[Store]:
    """The store that the settings name, closed in the end. Raises StoreError, SettingsError."""
    limits = Limits(memory_bytes=settings.max_memory, time_s=settings.query_time_limit.total_seconds())
    if settings.cluster and not settings.clickhouse:
        raise SettingsError("cluster: the embedded engine is part of none; name a server of it: --clickhouse DSN")
    if not settings.clickhouse:
        _make(settings.data)
    store = Store.open(
        settings.store_dsn,
        database=settings.database,
        handles=handles or settings.handles,
        limits=limits,
        clustered=bool(settings.cluster),
    )
    with closing(store):
        yield store


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"data: {directory} cannot be used: {error.strerror}") from None


def apply(store: Store, settings: Settings, *, shorten: Set[str] = frozenset()) -> list[str]:
    """Brings the tables up to what this program needs, and says what is new; `shorten`: settings that may let rows go.

    Raises StoreError, SettingsError.
    """
    return schema.apply(
        store,
        retention(settings),
        meanings(settings),
        cluster(settings),
        counterparts(settings),
        shorten={f"{name}_days" for name in shorten},
    )


def broken_parts(store: Store) -> dict[str, int]:
    """What to do about each table with parts that the engine set aside when it started, and how many those are."""
    found = store.ask("doctor/broken_parts")
    return {_mend(table, parts, folder): parts for table, parts, folder in found.rows()}


def _mend(table: str, parts: int, folder: str) -> str:
    again = f"stop the service, fill it again with `triage schema rebuild {table}`, and remove {folder}broken*"
    return f"the table {table} lacks what {parts} broken part{'s' if parts > 1 else ''} held: " + (
        again if table in rebuild.rollups() else f"restore the data from a copy, or remove {folder}broken*"
    )


def cluster(settings: Settings) -> Cluster | None:
    """The cluster that the tables are made on; None for one server."""
    return Cluster(settings.cluster, settings.database) if settings.cluster else None


def retention(settings: Settings) -> schema.Retention:
    """For how long rows are kept."""
    return schema.Retention(
        retention_traces_days=settings.retention_traces // timedelta(days=1),
        retention_logs_days=settings.retention_logs // timedelta(days=1),
        retention_metrics_days=settings.retention_metrics // timedelta(days=1),
        retention_rollups_days=settings.retention_rollups // timedelta(days=1),
        retention_kpis_days=settings.retention_kpis // timedelta(days=1),
    )


def meanings(settings: Settings) -> schema.Meanings:
    """Which attributes mean what."""
    return schema.Meanings(
        customer=settings.customer_keys,
        order=settings.order_keys,
        amount=settings.amount_keys,
        currency=settings.currency_keys,
        partners=settings.partners,
    )


def counterparts(settings: Settings) -> list[schema.Counterpart]:
    """Which tables hold the same rows. Raises SettingsError."""
    return [_counterpart(text) for text in settings.row_counterparts]


def _counterpart(text: str) -> schema.Counterpart:
    match = COUNTERPART.fullmatch(text)
    sides = [part.split(".") for part in match.groups()[:2]] if match else []
    if not match or not all(all(side) for side in sides) or {len(side) for side in sides} not in ({2}, {3}):
        raise SettingsError(
            f"row_counterparts: {text!r} pairs no tables: write SCHEMA.TABLE.COLUMN=SCHEMA.TABLE.COLUMN, such as"
            " inventory.stock.on_hand=legacy.stock.on_hand, or SCHEMA.TABLE=SCHEMA.TABLE"
        )
    try:
        grace_s = int(parse_duration(match[3]).total_seconds()) if match[3] else GRACE_S
    except ValueError as error:
        raise SettingsError(f"row_counterparts: {text!r}: {error}") from None
    (left, left_column), (right, right_column) = ((".".join(side[:2]), "".join(side[2:])) for side in sides)
    return schema.Counterpart(left, left_column, right, right_column, grace_s)


def whole(settings: Settings) -> Whole:
    """For how long no telemetry has begun to go, with a day's margin."""
    day = timedelta(days=1)
    return Whole(settings.retention_metrics - day, settings.retention_traces - day, settings.retention_logs - day)
