"""The store and its tables, as the settings want them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from queries import schema
from queries.cluster import Cluster
from queries.store import Limits, Store
from triage.configuration import SettingsError
from triage.settings import Settings


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


def apply(store: Store, settings: Settings) -> list[str]:
    """Brings the tables up to what this program needs; the names of what was newly applied. Raises StoreError."""
    return schema.apply(store, retention(settings), meanings(settings), cluster(settings))


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
