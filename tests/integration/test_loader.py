"""The loader: every accepted record is in the store once, whatever the store says at first."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectors.frames import framed, records, varint
from collectors.kept import Kept, read_kept
from collectors.kinds import Kind
from collectors.loader import Backoff, Loader
from collectors.quarantine import Quarantine
from collectors.segment import Segment
from collectors.segments import Limits, SegmentLog
from queries.errors import QueryFailed, QueryTooExpensive, StoreUnavailable
from tests.integration.fake_store import POISON, FakeStore

pytestmark = pytest.mark.integration


class Intake:
    """A segment log and a loader on one directory, and the store they load into."""

    def __init__(self, data: Path, store: FakeStore, keep_s: float = 3600) -> None:
        self.data = data
        self.store = store
        self.log = SegmentLog(data / "segments", Limits(segment_age_s=0.02, segment_bytes=4000, disk_free_bytes=0))
        self.kept = Kept(data / "kept", self.log.disk, keep_s)
        self.loader = Loader(
            self.log,
            store,
            self.kept,
            Quarantine(data / "quarantine"),
            away=Backoff(0.005, 0.05),
            failing=Backoff(0.005, 0.05),
        )

    def append(self, *every: bytes, kind: Kind = Kind.TRACES) -> None:
        async def main() -> None:
            await asyncio.gather(*(self.log.append(kind, record) for record in every))

        asyncio.run(main())

    def close(self, within_s: float = 20) -> bool:
        self.log.stop()
        loaded = self.loader.stop(within_s)
        self.log.close()
        return loaded


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def intake(tmp_path: Path, store: FakeStore) -> Iterator[Intake]:
    intake = Intake(tmp_path, store)
    yield intake
    intake.close(0.1)


def until(condition: Callable[[], bool], within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.005)


def request(text: bytes) -> bytes:
    """A request that holds one thing: the address of a schema."""
    resource = b"\x1a" + varint(len(text)) + text
    return b"\x0a" + varint(len(resource)) + resource


def some(count: int) -> list[bytes]:
    return [request(b"record %d " % n + b"x" * 100) for n in range(count)]


def test_every_record_of_every_kind_is_loaded_once(intake: Intake, store: FakeStore) -> None:
    intake.append(*some(500))
    intake.append(*(b'{"n": %d}' % n for n in range(50)), kind=Kind.EVENTS)
    assert intake.close()
    assert store.holds(Kind.TRACES) == Counter(some(500))
    assert store.holds(Kind.EVENTS) == Counter(b'{"n": %d}' % n for n in range(50))
    assert not list((intake.data / "segments").glob("*-*"))


def test_a_store_that_is_away_is_tried_again_until_it_is_back(intake: Intake, store: FakeStore) -> None:
    store.fault = lambda token: StoreUnavailable("nobody there")
    intake.append(*some(200))
    until(lambda: len(store.inserts) > 30)
    assert intake.loader.unavailable == "nobody there"
    assert "triage_store_available 0.0" in intake.log.metrics.text().decode()
    store.fault = lambda token: None
    until(lambda: not intake.log.backlog_bytes)
    assert not intake.loader.unavailable
    assert store.holds(Kind.TRACES) == Counter(some(200))


def test_an_insert_whose_answer_is_lost_is_sent_again_under_the_same_token(intake: Intake, store: FakeStore) -> None:
    """The store counts a token once; the bytes under it must be the same ones (the fake store looks)."""
    seen: Counter[str] = Counter()
    insert = store.insert

    def loses_the_answer(landing: str, body: bytes, token: str) -> None:
        insert(landing, body, token)
        seen[token] += 1
        if seen[token] == 1:
            raise StoreUnavailable("the connection broke")

    store.insert = loses_the_answer  # type: ignore[method-assign]
    intake.append(*some(100))
    assert intake.close()
    assert set(seen.values()) == {2}
    assert store.holds(Kind.TRACES) == Counter(some(100))


def test_a_record_that_the_store_cannot_parse_is_set_aside_and_the_rest_loaded(
    intake: Intake, store: FakeStore
) -> None:
    bad = [request(POISON + b" one"), request(POISON + b" two")]
    intake.append(*some(30)[:20], *bad, *some(30)[20:])
    assert intake.close()
    assert store.holds(Kind.TRACES) == Counter(some(30))
    reports = [json.loads(path.read_text()) for path in (intake.data / "quarantine").glob("*.json")]
    assert sum(len(report["records"]) for report in reports) == 2
    assert {report["why"] for report in reports} == {"poison is no telemetry"}
    aside = b"".join(path.read_bytes() for path in (intake.data / "quarantine").glob("*.refused"))
    assert all(record in aside for record in bad)
    text = intake.log.metrics.text().decode()
    assert 'triage_quarantined_requests_total{kind="traces"} 2.0' in text
    assert f"triage_quarantine_segments {len(reports)}.0" in text


def test_a_segment_of_nothing_but_bad_records_leaves_the_backlog(intake: Intake, store: FakeStore) -> None:
    intake.append(*[request(POISON)] * 5)
    assert intake.close()
    assert not store.tokens


def test_a_segment_the_store_fails_on_lets_the_others_pass_and_is_set_aside_whole(
    intake: Intake, store: FakeStore
) -> None:
    intake.append(b"the first")
    until(lambda: not intake.log.backlog_bytes)
    failing: set[str] = set()

    def fault(token: str) -> Exception | None:
        if not failing:
            failing.add(token)
        return QueryFailed("a view threw") if token in failing else None

    store.fault = fault
    intake.append(b"the unlucky one")
    until(lambda: bool(failing))
    for n in range(20):
        intake.append(b"record %d" % n)
        time.sleep(0.01)
    (name,) = failing
    until(lambda: (intake.data / "quarantine" / f"{name}.sealed").exists())
    until(lambda: not intake.log.backlog_bytes)
    assert store.holds(Kind.TRACES) == Counter([b"the first", *(b"record %d" % n for n in range(20))])
    report = json.loads((intake.data / "quarantine" / f"{name}.json").read_text())
    assert (report["whole"], report["why"]) == (True, "a view threw")


def test_a_segment_that_is_always_too_much_for_the_store_is_set_aside_whole(intake: Intake, store: FakeStore) -> None:
    """Others can be loaded, and this one never: the store is not away."""
    too_much = b"x" * 3500
    fails_on(store, too_much)
    intake.append(too_much)
    until(lambda: "memory limit" in str(intake.log.metrics.last_error))
    assert not intake.loader.unavailable
    while not list((intake.data / "quarantine").glob("*.sealed")):
        intake.append(b"another")
        time.sleep(0.02)
    until(lambda: not intake.log.backlog_bytes)
    (aside,) = (intake.data / "quarantine").glob("*.sealed")
    assert too_much in aside.read_bytes()


def test_what_came_along_with_too_much_for_the_store_is_loaded(intake: Intake, store: FakeStore) -> None:
    """The largest records are set aside until the rest can be loaded, under the same name: some tables may hold it."""
    too_much = [b"x" * 1500, b"x" * 1400]
    fails_on(store, b"x" * 1400)
    intake.append(*some(4)[:2], *too_much, *some(4)[2:])
    until(lambda: "memory limit" in str(intake.log.metrics.last_error))
    (failing,) = set(store.inserts)
    while store.holds(Kind.TRACES)[some(1)[0]] == 0:
        intake.append(b"another")
        time.sleep(0.02)
    assert list(records(Kind.TRACES, store.tokens[failing])) == some(4)
    until(lambda: not intake.log.backlog_bytes)
    aside = [path.read_bytes() for path in sorted((intake.data / "quarantine").glob("*.refused"))]
    assert aside == [varint(len(one)) + one for one in reversed(too_much)]
    reports = [json.loads(path.read_text()) for path in (intake.data / "quarantine").glob("*.json")]
    assert [(report["whole"], report["why"]) for report in reports] == [(False, "memory limit exceeded")] * 2


def test_what_a_crash_left_half_set_aside_is_done_again_in_the_same_way(tmp_path: Path) -> None:
    """However far it had come: the same record goes, under the same name, and the rest keeps its own."""
    quarantine, path = Quarantine(tmp_path / "quarantine"), tmp_path / "traces-1-0a.sealed"
    body = b"".join(framed(Kind.TRACES, [*some(2), b"x" * 500, *some(2)]))
    left = []
    for _ in range(2):
        path.write_bytes(body)
        rest = quarantine.lighten(Segment("traces-1-0a", path, len(body)), "too much")
        assert rest
        assert list(records(Kind.TRACES, rest.read())) == some(2) * 2
        left.append((rest, {file.name for file in tmp_path.rglob("*.*")}))
    assert left[0] == left[1]


def fails_on(store: FakeStore, too_much: bytes) -> None:
    """An insert with these bytes in it takes too much memory."""
    insert = store.insert

    def expensive(landing: str, body: bytes, token: str) -> None:
        if too_much in body:
            store.inserts.append(token)
            raise QueryTooExpensive("memory limit exceeded")
        insert(landing, body, token)

    store.insert = expensive  # type: ignore[method-assign]


def test_a_segment_that_somebody_took_away_holds_up_nothing(intake: Intake, store: FakeStore) -> None:
    store.fault = lambda token: StoreUnavailable("nobody there")
    intake.append(*some(10))
    until(lambda: len(store.inserts) > 5)
    for path in (intake.data / "segments").glob("*.sealed"):
        path.unlink()
    until(lambda: not intake.log.backlog_bytes)
    assert "somebody took it away" in str(intake.log.metrics.last_error)


def test_when_the_quarantine_cannot_be_written_the_segment_stays(
    intake: Intake, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    (intake.data / "quarantine").rmdir()
    intake.append(request(b"good"), request(POISON))
    until(lambda: "quarantine" in str(intake.log.metrics.last_error))
    assert intake.log.backlog_bytes
    (intake.data / "quarantine").mkdir()
    until(lambda: not intake.log.backlog_bytes)
    assert store.holds(Kind.TRACES) == {request(b"good"): 1}


def test_while_the_store_fails_on_everything_nothing_is_set_aside(intake: Intake, store: FakeStore) -> None:
    """A missing table is not the data's fault: the backlog grows, senders are refused, nothing is lost."""
    store.fault = lambda token: QueryFailed("no such table")
    intake.append(*some(100))
    until(lambda: len(store.inserts) > 60)
    assert not list((intake.data / "quarantine").iterdir())
    store.fault = lambda token: None
    until(lambda: not intake.log.backlog_bytes)
    assert store.holds(Kind.TRACES) == Counter(some(100))


def test_what_a_stop_leaves_is_loaded_at_the_next_start(tmp_path: Path, store: FakeStore) -> None:
    store.fault = lambda token: StoreUnavailable("nobody there")
    first = Intake(tmp_path, store)
    first.append(*some(100))
    began = time.monotonic()
    assert not first.close(0.2)
    assert time.monotonic() - began < 5
    store.fault = lambda token: None
    assert Intake(tmp_path, store).close()
    assert store.holds(Kind.TRACES) == Counter(some(100))


def test_loaded_segments_are_kept_compressed_and_can_be_read(intake: Intake) -> None:
    intake.append(*some(100))
    until(lambda: not intake.log.backlog_bytes)
    until(lambda: not list((intake.data / "kept").glob("*.sealed")))
    bodies = [read_kept(path) for path in (intake.data / "kept").glob("*.zst")]
    assert all(record in b"".join(bodies) for record in some(100))
    assert 0 < intake.kept.bytes < 4000


def test_with_nothing_to_be_kept_loaded_segments_are_removed_at_once(tmp_path: Path, store: FakeStore) -> None:
    intake = Intake(tmp_path, store, keep_s=0)
    intake.append(*some(100))
    assert intake.close()
    assert not list((tmp_path / "kept").iterdir())
