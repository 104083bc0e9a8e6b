"""What is sealed and not loaded yet, and what is wrong with some of it."""

import time
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from collectors.backlog import Backlog
from collectors.frames import records
from collectors.kinds import Kind
from collectors.segment import Segment, kind_of, new_name
from collectors.sift import refused_records, sift
from queries.errors import DataRefused


def segment(began_ns: int, kind: Kind = Kind.TRACES, size: int = 10) -> Segment:
    return Segment(new_name(kind, began_ns), Path("nowhere"), size)


def test_the_oldest_segment_is_taken_first_whatever_its_kind() -> None:
    late, early = segment(2, Kind.LOGS), segment(1, Kind.TRACES)
    backlog = Backlog([late, early])
    assert [backlog.take(0), backlog.take(0), backlog.take(0)] == [early, late, None]


def test_a_segment_counts_until_it_is_done() -> None:
    one = segment(1)
    backlog = Backlog([one])
    assert backlog.take(0) is one
    assert (len(backlog), backlog.bytes, backlog.waiting()) == (1, 10, [one])
    backlog.done(one)
    assert (len(backlog), backlog.bytes, backlog.waiting()) == (0, 0, [])


def test_a_deferred_segment_lets_others_pass_and_comes_back_in_its_place() -> None:
    first, second, third = segment(1), segment(2), segment(3)
    backlog = Backlog([first, second])
    assert backlog.take(0) is first
    backlog.defer(first, 0.02)
    assert backlog.take(0) is second
    assert backlog.take(0) is None
    backlog.add(third)
    time.sleep(0.03)
    assert backlog.take(0) is first


def test_a_segment_that_is_put_off_does_not_count_among_those_that_wait_for_their_turn() -> None:
    one = segment(1)
    backlog = Backlog([one])
    assert (backlog.count(Kind.TRACES), backlog.count(Kind.LOGS)) == (1, 0)
    backlog.take(0)
    assert backlog.count(Kind.TRACES) == 1
    backlog.defer(one, 0.01)
    assert (backlog.count(Kind.TRACES), len(backlog)) == (0, 1)
    assert backlog.take(5) is one
    assert backlog.count(Kind.TRACES) == 1
    backlog.done(one)
    assert backlog.count(Kind.TRACES) == 0


def test_waiting_for_a_deferred_segment_takes_no_longer_than_it_must() -> None:
    one = segment(1)
    backlog = Backlog([one])
    backlog.take(0)
    backlog.defer(one, 0.02)
    began = time.monotonic()
    assert backlog.take(10) is one
    assert 0.015 < time.monotonic() - began < 5


def test_a_name_tells_kind_and_time_and_is_never_given_twice() -> None:
    names = {new_name(Kind.METRICS, 5) for _ in range(1000)}
    assert len(names) == 1000
    assert {kind_of(name) for name in names} == {Kind.METRICS}
    assert Segment(names.pop(), Path("nowhere"), 1).began_ns == 5


def refuses(bad: Sequence[bytes], kind: Kind) -> tuple[list[int], object]:
    """A parser that refuses some records, and the sizes of what it was asked to parse."""
    asked: list[int] = []

    def parse(landing: str, body: bytes) -> int:
        assert landing == kind.value
        found = list(records(kind, body))
        asked.append(len(found))
        if set(found) & set(bad):
            raise DataRefused("no such thing")
        return len(found)

    return asked, parse


@given(st.sets(st.integers(0, 40)), st.integers(1, 41))
def test_every_record_that_is_refused_is_found_and_no_other(bad: set[int], count: int) -> None:
    every = [f"record {n}".encode() for n in range(count)]
    _, parse = refuses([record for n, record in enumerate(every) if n in bad], Kind.LOGS)
    found = refused_records(Kind.LOGS, dict(enumerate(every)), parse)  # type: ignore[arg-type]
    assert sorted(one.index for one in found) == sorted(n for n in bad if n < count)
    assert all(one.why == "no such thing" and one.size == len(every[one.index]) for one in found)


def test_one_bad_record_among_thousands_is_found_by_halving() -> None:
    every = [f"record {n}".encode() for n in range(4096)]
    asked, parse = refuses([every[1234]], Kind.TRACES)
    assert len(refused_records(Kind.TRACES, dict(enumerate(every)), parse)) == 1  # type: ignore[arg-type]
    assert len(asked) == 1 + 2 * 12


def test_a_record_that_can_be_read_once_it_is_written_anew_is_not_refused() -> None:
    """A field that no schema knows says nothing to us; the engine refuses it at the top of a request."""
    good, odd, bad, nothing = b"\x0a\x00", b"\x0a\x00\xf2\x01\x03abc", b"\x0a\x05abc", b"\xf2\x01\x03abc"

    def parse(landing: str, body: bytes) -> int:
        if set(records(Kind.TRACES, body)) != {good}:
            raise DataRefused("no such thing")
        return 1

    assert sift(Kind.TRACES, [good, good], parse) is None
    sifted = sift(Kind.TRACES, [good, odd, nothing, bad, good], parse)
    assert sifted
    assert sifted.rest == [good, good, good]
    assert [(one.index, one.size) for one in sifted.refused] == [(3, 5)]
