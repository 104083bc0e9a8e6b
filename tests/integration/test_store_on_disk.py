"""What an insert has loaded is on the disk when it ends."""

import ctypes
import errno
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collectors.kinds import Kind
from queries import connection, schema
from queries.errors import StoreUnavailable
from queries.store import Store, varint
from tests.integration.conftest import LIMITS
from tests.integration.crash_sender import MAKERS

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(connection.SYNC_FILE_SYSTEM is None, reason="this system syncs all its disks or none"),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(f"chdb://{tmp_path}/clickhouse", handles=2, limits=LIMITS)) as store:
        schema.apply(store)
        yield store


def test_the_file_system_of_the_tables_is_synced_once_the_rows_are_written(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a segment is never let go before its rows would survive a power loss."""
    seen: list[tuple[Path, int]] = []

    def sync(directory: int) -> int:
        seen.append((Path(f"/proc/self/fd/{directory}").readlink(), rows(store)))
        return 0

    monkeypatch.setattr(connection, "SYNC_FILE_SYSTEM", sync)
    store.insert("traces", segment(), "one")
    assert seen == [(tmp_path / "clickhouse", rows(store))]
    assert rows(store) > 0


def test_a_disk_that_fails_is_a_store_that_is_away(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The segment stays, and is loaded again under its token: once."""

    def fails(directory: int) -> int:
        ctypes.set_errno(errno.EIO)
        return -1

    with monkeypatch.context() as patched:
        patched.setattr(connection, "SYNC_FILE_SYSTEM", fails)
        with pytest.raises(StoreUnavailable, match="Input/output error"):
            store.insert("traces", segment(), "one")
    before = rows(store)
    store.insert("traces", segment(), "one")
    assert rows(store) == before


def segment() -> bytes:
    body = MAKERS[Kind.TRACES](random.Random(7), "twenty", 20)
    return varint(len(body)) + body


def rows(store: Store) -> int:
    return int(store.select("SELECT count() AS n FROM otel_traces")["n"][0])
