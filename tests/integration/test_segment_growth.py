"""Each load has a price of its own: while segments wait, the next one grows."""

import time
from pathlib import Path

import pytest

from collectors.backlog import Backlog
from collectors.kinds import Kind
from collectors.segment_writer import LONGEST_GROWTH, MOST_WAITING, PATIENCE, SegmentWriter

pytestmark = pytest.mark.integration
AGE_S = 0.02


def write(writer: SegmentWriter, kind: Kind, times: int) -> None:
    """Lets a segment come of age so many times, with one more record each time."""
    for _ in range(times):
        writer.commit(kind, [b"record"], 1)
        time.sleep(AGE_S * PATIENCE.get(kind, 1) + 0.005)
        writer.seal_old()


def test_one_segment_waits_however_slow_the_store(tmp_path: Path) -> None:
    """The next one is not sealed by its age but grows, until the one before it is loaded."""
    backlog = Backlog()
    writer = SegmentWriter(tmp_path, backlog, 1_000_000, AGE_S, segment_unfolded=1_000_000)
    write(writer, Kind.TRACES, 6)
    assert backlog.count(Kind.TRACES) == MOST_WAITING
    backlog.done(backlog.waiting()[0])
    write(writer, Kind.TRACES, 1)
    assert backlog.count(Kind.TRACES) == MOST_WAITING
    writer.seal_all()


def test_one_kind_does_not_hold_up_another(tmp_path: Path) -> None:
    """Logs are sealed while traces wait."""
    backlog = Backlog()
    writer = SegmentWriter(tmp_path, backlog, 1_000_000, AGE_S, segment_unfolded=1_000_000)
    write(writer, Kind.TRACES, MOST_WAITING + 1)
    write(writer, Kind.LOGS, 1)
    assert backlog.count(Kind.LOGS) == 1
    writer.seal_all()


def test_a_segment_does_not_grow_for_ever(tmp_path: Path) -> None:
    """Where those that wait can't be loaded, the others must not wait for them."""
    backlog = Backlog()
    writer = SegmentWriter(tmp_path, backlog, 1_000_000, AGE_S, segment_unfolded=1_000_000)
    write(writer, Kind.TRACES, MOST_WAITING + LONGEST_GROWTH + 2)
    assert backlog.count(Kind.TRACES) > MOST_WAITING
    writer.seal_all()
