"""What can't be taken is refused in words, and taken again when it can be."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.kinds import Kind, Overloaded
from collectors.segments import Limits, SegmentLog

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
