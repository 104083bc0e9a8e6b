"""The segment log: what is accepted is on disk, whatever happens next."""

import asyncio
import errno
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectors.frames import commit, records
from collectors.kinds import Kind, Overloaded, ShuttingDown
from collectors.lock import DirectoryLocked
from collectors.quarantine import Quarantine
from collectors.segments import Limits, SegmentLog
from collectors.sift import RefusedRecord

pytestmark = pytest.mark.integration

Open = Callable[..., SegmentLog]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens logs in one directory, and closes them."""
    logs: list[SegmentLog] = []

    def open_log(**limits: float) -> SegmentLog:
        logs.append(SegmentLog(tmp_path, Limits(**({"disk_free_bytes": 0} | limits))))  # type: ignore[arg-type]
        return logs[-1]

    yield open_log
    for log in logs:
        log.close()


def held(log: SegmentLog, kind: Kind = Kind.TRACES) -> Counter[bytes]:
    """Every record in the backlog."""
    return Counter(record for one in log.backlog.waiting() if one.kind is kind for record in records(kind, one.read()))


def append_all(log: SegmentLog, every: list[bytes], kind: Kind = Kind.TRACES) -> list[BaseException | None]:
    async def main() -> list[BaseException | None]:
        return await asyncio.gather(*(log.append(kind, record) for record in every), return_exceptions=True)

    return asyncio.run(main())


def test_what_is_accepted_is_in_a_file_before_the_answer(opened: Open, tmp_path: Path) -> None:
    log = opened(segment_age_s=60)
    append_all(log, [b"one"])
    (path,) = tmp_path.glob("traces-*.open")
    assert list(records(Kind.TRACES, path.read_bytes())) == [b"one"]


def test_nothing_is_acknowledged_before_the_fsync(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    log, synced, go_on = opened(), threading.Event(), threading.Event()
    fdatasync = os.fdatasync

    def slow(fd: int) -> None:
        synced.set()
        assert go_on.wait(10)
        fdatasync(fd)

    monkeypatch.setattr(os, "fdatasync", slow)

    async def main() -> None:
        answer = asyncio.ensure_future(log.append(Kind.LOGS, b"one"))
        await asyncio.to_thread(synced.wait, 10)
        await asyncio.sleep(0.05)
        assert not answer.done()
        go_on.set()
        await asyncio.wait_for(answer, 10)

    asyncio.run(main())


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The files and directories that an fsync was called for, by their inodes."""
    inodes: set[int] = set()
    fsync = os.fsync

    def noted(fd: int) -> None:
        inodes.add(os.fstat(fd).st_ino)
        fsync(fd)

    monkeypatch.setattr(os, "fsync", noted)
    return inodes


def test_the_name_of_a_new_segment_survives_a_power_loss(opened: Open, tmp_path: Path, synced: set[int]) -> None:
    """Its data would be lost with it."""
    log = opened(segment_age_s=60)
    synced.clear()
    append_all(log, [b"one"])
    assert tmp_path.stat().st_ino in synced


def test_what_was_cut_off_stays_cut_off_after_a_power_loss(opened: Open, tmp_path: Path, synced: set[int]) -> None:
    """Before the segment counts as whole."""
    torn = tmp_path / "traces-1-0a.open"
    torn.write_bytes(b"".join(commit(Kind.TRACES, [b"one"])) + b"\x32half a rec")
    assert held(opened()) == {b"one": 1}
    assert {tmp_path.stat().st_ino, torn.with_suffix(".sealed").stat().st_ino} <= synced


def test_what_is_set_aside_survives_a_power_loss(tmp_path: Path, synced: set[int]) -> None:
    """The records, the report of why, and the names of both: the segment is removed next."""
    Quarantine(tmp_path / "quarantine").set_aside("traces-1-0a", b"\x03one", [RefusedRecord(0, 3, "why")])
    kept = [tmp_path / "quarantine", *(tmp_path / "quarantine").iterdir()]
    assert len(kept) == 3
    assert {path.stat().st_ino for path in kept} <= synced


def test_segments_are_in_order_though_the_clock_is_set_back(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent first is loaded first."""
    log = opened(segment_bytes=1, segment_age_s=60)
    for now_ns in (2_000, 1_000):
        monkeypatch.setattr(time, "time_ns", lambda now_ns=now_ns: now_ns)
        append_all(log, [b"sent at %d" % now_ns])
    log.stop()
    found = [list(records(Kind.TRACES, one.read())) for one in log.backlog.waiting()]
    assert found == [[b"sent at 2000"], [b"sent at 1000"]]


def test_a_file_that_has_become_shorter_is_not_read(opened: Open) -> None:
    """Its records would be lost in silence."""
    log = opened()
    append_all(log, [b'{"a": 1}'], Kind.EVENTS)
    log.stop()
    (one,) = log.backlog.waiting()
    os.truncate(one.path, one.size - 1)
    with pytest.raises(OSError, match=f"has {one.size - 1} bytes where {one.size} were written"):
        one.read()


def test_what_arrives_during_a_commit_shares_the_next_one(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    log, syncs = opened(), Counter[int]()
    fdatasync = os.fdatasync

    def counted(fd: int) -> None:
        syncs[fd] += 1
        fdatasync(fd)

    monkeypatch.setattr(os, "fdatasync", counted)
    append_all(log, [b"%d" % n for n in range(1000)])
    assert syncs.total() < 50
    log.stop()
    assert held(log) == Counter(b"%d" % n for n in range(1000))


def test_event_loops_in_several_threads_are_all_answered(opened: Open) -> None:
    log = opened()
    every = [[b"%d/%d" % (thread, n) for n in range(100)] for thread in range(4)]
    threads = [threading.Thread(target=append_all, args=(log, some)) for some in every]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    log.stop()
    assert held(log) == Counter(record for some in every for record in some)


def test_a_segment_is_sealed_when_it_is_old(opened: Open) -> None:
    log = opened(segment_age_s=0.05)
    append_all(log, [b"one"])
    sealed = log.backlog.take(5)
    assert sealed
    assert sealed.path.suffix == ".sealed"
    assert list(records(Kind.TRACES, sealed.read())) == [b"one"]


def test_a_segment_is_sealed_before_it_is_too_large(opened: Open) -> None:
    log = opened(segment_bytes=10_000, segment_age_s=60)
    every = [bytes([n]) * 3000 for n in range(20)] + [b"x" * 50_000]
    append_all(log, every)
    log.stop()
    *sizes, largest = sorted(one.size for one in log.backlog.waiting())
    assert largest > 50_000  # a record larger than that has a segment of its own
    assert all(size <= 10_000 for size in sizes)
    assert held(log) == Counter(every)


def test_a_segment_is_sealed_before_its_rows_are_too_large(opened: Open) -> None:
    """However few bytes they come in: of those that came together, and of those that came before."""
    log = opened(segment_unfolded=1000, segment_age_s=60)

    async def main() -> None:
        for _ in range(3):
            await asyncio.gather(*(log.append(Kind.TRACES, b"400 bytes", 400) for _ in range(3)))
        await log.append(Kind.TRACES, b"5000 bytes", 5000)

    asyncio.run(main())
    log.stop()
    found = [list(records(Kind.TRACES, one.read())) for one in log.backlog.waiting()]
    assert all(len(each) <= 2 for each in found)
    assert found[-1] == [b"5000 bytes"]
    assert held(log) == {b"400 bytes": 9, b"5000 bytes": 1}


def test_kinds_have_segments_of_their_own_and_names_are_unique(opened: Open) -> None:
    log = opened(segment_bytes=100)
    for kind, record in ((Kind.TRACES, b"span" * 20), (Kind.LOGS, b"log" * 30), (Kind.EVENTS, b'{"event": 1}')):
        append_all(log, [record] * 10, kind)
    log.stop()
    names = [one.name for one in log.backlog.waiting()]
    assert len(names) == len(set(names))
    assert held(log, Kind.TRACES) == {b"span" * 20: 10}
    assert held(log, Kind.LOGS) == {b"log" * 30: 10}
    assert held(log, Kind.EVENTS) == {b'{"event": 1}': 10}


def test_an_empty_request_is_a_success_and_leaves_nothing(opened: Open, tmp_path: Path) -> None:
    log = opened()
    assert append_all(log, [b""]) == [None]
    assert not list(tmp_path.glob("traces-*"))


def test_a_sender_that_goes_away_disturbs_nobody(opened: Open) -> None:
    log = opened()

    async def main() -> None:
        gone = asyncio.ensure_future(log.append(Kind.TRACES, b"gone"))
        stays = asyncio.ensure_future(log.append(Kind.TRACES, b"stays"))
        await asyncio.sleep(0)
        gone.cancel()
        await stays

    asyncio.run(main())
    log.stop()
    assert held(log)[b"stays"] == 1


def test_stopping_answers_those_under_way_and_refuses_the_rest(opened: Open, tmp_path: Path) -> None:
    log = opened(segment_age_s=60)

    async def main() -> None:
        under_way = [asyncio.ensure_future(log.append(Kind.TRACES, b"%d" % n)) for n in range(100)]
        await asyncio.sleep(0)
        await asyncio.to_thread(log.stop)
        await asyncio.gather(*under_way)
        with pytest.raises(ShuttingDown):
            await log.append(Kind.TRACES, b"late")

    asyncio.run(main())
    assert held(log) == Counter(b"%d" % n for n in range(100))
    assert not list(tmp_path.glob("*.open"))


def test_a_new_process_finds_what_was_accepted_and_cuts_off_the_rest(opened: Open, tmp_path: Path) -> None:
    log = opened(segment_age_s=60)
    append_all(log, [b"one", b"two"])
    append_all(log, [b'{"a": 1}'], Kind.EVENTS)
    left = {path.name: path.read_bytes() for path in tmp_path.glob("*.open")}
    log.close()
    for path in tmp_path.glob("*.sealed"):
        path.unlink()
    for name, body in left.items():  # as after kill -9: torn within a record that nobody was told is kept
        (tmp_path / name).write_bytes(body + b"\x32half a rec")
    again = opened()
    assert held(again, Kind.TRACES) == {b"one": 1, b"two": 1}
    assert held(again, Kind.EVENTS) == {b'{"a": 1}': 1}
    assert "triage_cut_bytes_total 22.0" in again.metrics.text().decode()
    assert {one.name for one in again.backlog.waiting()} == {Path(name).stem for name in left}


def test_a_segment_whose_rest_is_there_is_not_loaded_again(opened: Open, tmp_path: Path) -> None:
    log = opened(segment_age_s=60)
    append_all(log, [b"good", b"bad"])
    log.close()
    (old,) = tmp_path.glob("*.sealed")
    old.with_name(f"{old.stem}-rest.sealed").write_bytes(b"\x04good")
    old.with_name(f"{old.stem}-rest.tmp").write_bytes(b"\x04go")
    again = opened()
    assert held(again) == {b"good": 1}
    assert not list(tmp_path.glob("*.tmp"))


def test_a_file_that_is_no_segment_is_left_alone(opened: Open, tmp_path: Path) -> None:
    strange = [tmp_path / "notes.sealed", tmp_path / "traces-1-x.open", tmp_path / "spans-1-ab.sealed"]
    for path in strange:
        path.write_bytes(b"\x03abc")
    assert not opened().backlog.waiting()
    assert all(path.read_bytes() == b"\x03abc" for path in strange)


def test_two_processes_cannot_hold_one_directory(opened: Open, tmp_path: Path) -> None:
    opened()
    with pytest.raises(DirectoryLocked, match=f"{tmp_path} is held by the process {os.getpid()}: stop it"):
        SegmentLog(tmp_path)


def test_a_closed_directory_can_be_opened_again(opened: Open) -> None:
    opened().close()
    opened()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("call", ["writev", "fdatasync"])
def test_a_failed_write_is_refused_and_nothing_of_it_is_kept(
    opened: Open, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    """What was acknowledged before stays, and records are taken again once the disk is well."""
    log = opened(segment_age_s=60)
    append_all(log, [b"before"])
    real = getattr(os, call)

    def fails(fd: int, *pieces: list[bytes]) -> int:
        if call == "writev":
            os.write(fd, b"".join(pieces[0])[:5])
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, fails)
    (refused,) = append_all(log, [b"during"])
    assert isinstance(refused, Overloaded)
    assert refused.retry_after_s == 1
    (refused,) = append_all(log, [b"during"])  # at once, without a look at the disk
    assert isinstance(refused, Overloaded)
    monkeypatch.setattr(os, call, real)
    log._paused_until = 0.0
    assert append_all(log, [b"after"]) == [None]
    log.stop()
    assert held(log) == {b"before": 1, b"after": 1}
    assert log.metrics.last_error


def test_a_tail_that_cannot_be_cut_off_does_not_count(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that has failed even truncating may fail: neither this process nor the next reads the tail."""
    log = opened(segment_age_s=60)
    append_all(log, [b"before"])

    def fails(*_: object) -> None:
        raise OSError(errno.EIO, "I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", fails)
        broken.setattr(os, "ftruncate", fails)
        assert isinstance(append_all(log, [b"during"])[0], Overloaded)
    assert held(log) == {b"before": 1}
    (one,) = log.backlog.waiting()
    assert one.path.suffix == ".open"
    assert one.path.stat().st_size > one.size
