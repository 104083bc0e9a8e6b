"""What can't be taken is refused in words, and taken again when it can be."""

import asyncio
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors import disk
from collectors.kept import Kept
from collectors.kinds import Kind, Overloaded
from collectors.loader import Backoff, Loader
from collectors.quarantine import Quarantine
from collectors.segments import Limits, SegmentLog
from queries.errors import StoreUnavailable
from tests.integration.fake_store import FakeStore

pytestmark = pytest.mark.integration


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SegmentLog]:
    """A log that holds little."""
    log = SegmentLog(tmp_path, Limits(segment_age_s=0.02, backlog_bytes=10_000, disk_free_bytes=0))
    yield log
    log.close()


def append(log: SegmentLog, *every: bytes) -> list[BaseException | None]:
    async def main() -> list[BaseException | None]:
        return await asyncio.gather(*(log.append(Kind.TRACES, record) for record in every), return_exceptions=True)

    return asyncio.run(main())


def test_a_backlog_that_is_too_large_refuses_until_it_is_loaded(log: SegmentLog) -> None:
    assert append(log, b"x" * 12_000) == [None]
    (refused,) = append(log, b"y")
    assert isinstance(refused, Overloaded)
    assert refused.retry_after_s > 0
    assert "too much waits to be loaded" in str(refused)
    assert 'triage_refused_requests_total{kind="traces",reason="backlog"} 1.0' in log.metrics.text().decode()
    one = log.backlog.take(5)
    assert one
    log.backlog.done(one)
    assert append(log, b"y") == [None]


def test_a_disk_that_is_nearly_full_refuses_until_there_is_room(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, Limits(disk_free_bytes=1 << 60, disk_free_ratio=1.0))
    (refused,) = append(log, b"x")
    assert isinstance(refused, Overloaded)
    assert "nearly full" in str(refused)
    assert isinstance(log.refusal(), Overloaded)
    log.disk._keep_free_bytes = 0
    time.sleep(0.3)
    assert append(log, b"x") == [None]
    log.close()


def test_what_is_in_memory_is_bounded_too(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, Limits(queue_bytes=100_000, disk_free_bytes=0))
    answers = append(log, *(b"x" * 10_000 for _ in range(100)))
    refused = [answer for answer in answers if answer is not None]
    assert 0 < len(refused) < 100
    assert all(isinstance(answer, Overloaded) for answer in refused)
    assert append(log, b"y") == [None]
    log.close()


def test_lag_and_backlog_are_told(log: SegmentLog) -> None:
    assert log.lag_s() == 0
    append(log, b"x" * 100)
    time.sleep(0.05)
    assert 0.04 < log.lag_s() < 10
    assert 100 < log.backlog_bytes < 200
    text = log.metrics.text().decode()
    assert "triage_backlog_segments 1.0" in text
    assert "triage_lag_seconds 0." in text
    assert 'triage_accepted_requests_total{kind="traces"} 1.0' in text


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    if os.geteuid() != 0 and os.environ.get("CI") != "true":
        pytest.skip("only root can mount a small disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(tmp_path)], check=True)
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def loader_for(log: SegmentLog, store: FakeStore, data: Path) -> Loader:
    kept = Kept(data / "kept", log.disk, keep_s=0)
    return Loader(log, store, kept, Quarantine(data / "quarantine"), away=Backoff(0.01, 0.05))


def test_on_a_full_disk_all_that_was_accepted_stays_and_it_goes_on_when_there_is_room(small_disk: Path) -> None:
    """The disk really is full: the write fails within a record, and none of it is acknowledged."""
    log = SegmentLog(small_disk / "segments", Limits(segment_age_s=0.05, disk_free_bytes=0))
    store = FakeStore()
    store.fault = lambda token: StoreUnavailable("nobody there")
    loader = loader_for(log, store, small_disk)
    every = [b"record %d " % n + b"x" * 300_000 for n in range(40)]
    answers = [answer for start in range(0, 40, 4) for answer in append(log, *every[start : start + 4])]
    accepted = [record for record, answer in zip(every, answers, strict=True) if answer is None]
    assert 10 < len(accepted) < 40
    assert all(isinstance(answer, Overloaded) for answer in answers if answer is not None)
    assert isinstance(append(log, b"x" * 9_000_000)[0], Overloaded)
    store.fault = lambda token: None
    deadline = time.monotonic() + 20
    while append(log, b"after") != [None]:
        assert time.monotonic() < deadline, "it does not go on by itself"
        time.sleep(0.05)
    log.stop()
    assert loader.stop(10)
    log.close()
    assert store.holds(Kind.TRACES) == Counter([*accepted, b"after"])


def test_some_of_a_small_disk_is_left_free(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default a twentieth of the disk, or 1 GB if that is less: the engine needs room to merge."""
    monkeypatch.setattr(disk, "LOOK_AGAIN_S", 0.0)
    log = SegmentLog(small_disk / "segments", Limits(segment_age_s=0.05))
    refused: list[BaseException | None] = [None]
    while refused == [None]:
        refused = append(log, b"x" * 100_000)
    assert "the disk is nearly full" in str(refused[0])
    free = os.statvfs(small_disk)
    assert 0 < free.f_bavail * free.f_frsize < 8_000_000 * 0.12
    while append(log, b"x") != [None]:
        if one := log.backlog.take(0.1):
            one.path.unlink()
            log.backlog.done(one)
    log.close()
