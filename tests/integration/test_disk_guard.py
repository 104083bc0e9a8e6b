"""On a disk that is about to be full the embedded engine holds still, and what was broken there is told."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from collectors import disk as disks
from collectors.disk import LOOK_AGAIN_S, Disk
from collectors.disk_guard import DiskGuard
from queries import schema
from queries.errors import QueryFailed, StoreUnavailable
from queries.store import Store
from tests.integration.command import up
from tests.integration.conftest import LIMITS
from tests.integration.otlp import segment, span, traces

pytestmark = pytest.mark.integration


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(f"chdb://{tmp_path}/clickhouse", handles=2, limits=LIMITS)) as store:
        schema.apply(store)
        yield store


def filled(disk: Disk, *, full: bool) -> None:
    """Has it seem so: more is to be left free than there is, or nothing."""
    left_free(disk, 0.1 if full else 1e9)


def left_free(disk: Disk, part: float) -> None:
    """Has this part of what is to be left free seem to be so."""
    disk._keep_free_bytes, disk._keep_free_ratio = int(Disk(disk._directory, 0, 0.0).room / part), 1e9
    disk.look_again()


def in_time(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def merges(store: Store) -> bool:
    """Whether the engine merges parts."""
    try:
        store.command("OPTIMIZE TABLE otel_traces FINAL")
    except QueryFailed:  # "Cancelled merging parts"
        return False
    return True


def test_on_a_full_disk_nothing_is_merged_or_loaded_until_there_is_room(store: Store, tmp_path: Path) -> None:
    """A part that is merged there may end without its content, in place of those that had it."""
    disk = Disk(tmp_path, 0, 0.0)
    body = segment(traces(span()))
    with closing(DiskGuard(store, disk)) as guard:
        guard.insert("traces", body, "one")
        guard.insert("traces", body, "two")
        filled(disk, full=True)
        assert in_time(lambda: not merges(store))
        with pytest.raises(StoreUnavailable, match="the disk is nearly full") as error:
            guard.insert("traces", body, "three")
        assert error.value.retryable
        filled(disk, full=False)
        assert in_time(lambda: merges(store))
        guard.insert("traces", body, "three")
        assert store.select("SELECT count() AS n FROM otel_traces")["n"][0] == 3


def test_while_only_senders_wait_the_engine_goes_on(tmp_path: Path) -> None:
    """It is merging that drops what is too old: without it, a disk that is full of telemetry would stay so."""
    free = Disk(tmp_path, 0, 0.0).room
    disk = Disk(tmp_path, int(free * 1.2), 1e9)
    assert disk.room < 0
    assert not disk.full
    disk = Disk(tmp_path, int(free * 3), 1e9)
    assert disk.room < 0
    assert disk.full


def test_a_merge_that_fills_the_disk_does_not_begin_again_at_once(store: Store, tmp_path: Path) -> None:
    """Stopped, it gives back what it took: there is room once all is free that is to be, where senders go on, too."""
    disk = Disk(tmp_path, 0, 0.0)
    body = segment(traces(span()))
    with closing(DiskGuard(store, disk)) as guard:
        for token in ("one", "two"):
            guard.insert("traces", body, token)
        left_free(disk, 0.6)
        assert not disk.full, "it was never less than half"
        left_free(disk, 0.4)
        assert in_time(lambda: not merges(store))
        left_free(disk, 0.6)
        time.sleep(3 * LOOK_AGAIN_S)
        assert not merges(store)
        with pytest.raises(StoreUnavailable):
            guard.insert("traces", body, "three")
        left_free(disk, 1.1)
        assert in_time(lambda: merges(store))
        left_free(disk, 0.6)
        guard.insert("traces", body, "three")


def test_what_is_too_old_is_dropped_in_the_end_on_a_disk_that_a_merge_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is merging that drops it: after a while it is tried again, though senders still wait."""
    monkeypatch.setattr(disks, "CALM_S", 0.5)
    disk = Disk(tmp_path, 0, 0.0)
    left_free(disk, 0.4)
    assert disk.full
    left_free(disk, 0.6)
    assert disk.full
    assert in_time(lambda: not disk.full)
    assert disk.room < 0


def test_parts_that_are_broken_at_the_start_are_told(tmp_path: Path) -> None:
    """By table, with what to do; the service is ready all the same."""
    with closing(Store.open(f"chdb://{tmp_path}/triage-data/clickhouse", handles=2, limits=LIMITS)) as store:
        schema.apply(store)
        store.insert("traces", segment(traces(span())), "one")
        parts = store.select("SELECT path FROM system.parts WHERE active AND table IN ('red', 'otel_traces')")
    for path in parts["path"]:
        for file in Path(path).iterdir():
            file.write_bytes(b"")
    with up(cwd=tmp_path) as running:
        assert httpx.get(f"{running.url}/readyz", trust_env=False).status_code == 200
        assert "triage_broken_parts 2.0" in httpx.get(f"{running.url}/metrics", trust_env=False).text
        said = [line for line in (tmp_path / "up.log").read_text().splitlines() if " ERROR " in line]
    spans, red = (next(line for line in said if f"the table {table} lacks" in line) for table in ("otel_traces", "red"))
    assert "restore the data from a copy" in spans
    assert "`triage schema rebuild red`" in red
    folder = Path(red.split()[-1])
    assert list(folder.parent.glob(folder.name))
