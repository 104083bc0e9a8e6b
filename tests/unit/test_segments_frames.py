"""The bytes of a segment."""

import random

import pytest
from google.protobuf.internal.encoder import _VarintBytes  # type: ignore[attr-defined]
from hypothesis import given
from hypothesis import strategies as st

from collectors.frames import (
    MARK_FRAME,
    MARK_TAG,
    MARK_VALUE,
    commit,
    framed,
    good_length,
    holds_nothing,
    mark,
    records,
    unmarked,
    varint,
)
from collectors.kinds import Kind

RECORDS = st.lists(st.binary(min_size=1, max_size=300).filter(lambda record: not holds_nothing(record)), max_size=8)
COMMITS = st.lists(RECORDS.filter(bool), min_size=1, max_size=5)


def body_of(commits: list[list[bytes]]) -> bytes:
    return b"".join(piece for some in commits for piece in commit(Kind.TRACES, some))


@given(st.integers(0, 2**35))
def test_a_length_is_the_varint_that_protobuf_writes(number: int) -> None:
    assert varint(number) == _VarintBytes(number)


@given(COMMITS)
def test_records_come_back_as_they_were_written_and_the_marks_do_not(commits: list[list[bytes]]) -> None:
    body = body_of(commits)
    assert list(records(Kind.TRACES, body)) == [record for some in commits for record in some]
    assert good_length(Kind.TRACES, body) == len(body)
    assert unmarked(Kind.TRACES, body) == b"".join(framed(Kind.TRACES, (record for some in commits for record in some)))


@given(COMMITS, st.data())
def test_wherever_a_write_is_torn_the_whole_commits_before_it_are_good(
    commits: list[list[bytes]], data: st.DataObject
) -> None:
    """Cut anywhere, what is good is a whole number of commits, and the largest that fits."""
    ends = [len(body_of(commits[:n])) for n in range(len(commits) + 1)]
    cut = data.draw(st.integers(0, ends[-1]))
    assert good_length(Kind.TRACES, body_of(commits)[:cut]) == max(end for end in ends if end <= cut)


@given(COMMITS, st.integers(1, 10_000))
def test_a_tail_of_zeros_is_no_data(commits: list[list[bytes]], zeros: int) -> None:
    body = body_of(commits)
    assert good_length(Kind.TRACES, body + bytes(zeros)) == len(body)


@given(st.integers(0, 2**32))
def test_a_commit_whose_pages_were_not_all_written_is_no_data(seed: int) -> None:
    """Power loss may leave the end of a commit on disk and zeros where its beginning was."""
    chance = random.Random(seed)
    first, second = body_of([[b"acknowledged"]]), bytearray(body_of([[chance.randbytes(20_000)]]))
    page = chance.randrange(4) * 4096
    second[page : page + 4096] = bytes(4096)
    assert good_length(Kind.TRACES, first + second) == len(first)


def test_a_record_that_looks_like_a_mark_cannot_hide_what_follows() -> None:
    """A mark can't be sent: it holds nothing anyone reads, so it is never written as a record."""
    forged = MARK_TAG + MARK_VALUE.pack(0, 0)
    assert holds_nothing(forged)
    assert not holds_nothing(forged + b"\x0a\x00")
    assert not holds_nothing(b"\x0a\x00" + forged)


def test_a_mark_that_does_not_fit_ends_what_is_good() -> None:
    body = body_of([[b"one"], [b"two"]])
    wrong = MARK_FRAME + MARK_VALUE.pack(4, 12345)
    assert good_length(Kind.TRACES, body + b"\x03abc" + wrong) == len(body)
    assert mark([b"\x03", b"abc"]) != wrong


def test_an_event_counts_once_its_line_is_whole() -> None:
    body = b'{"a": 1}\n{"b": "\xc3\xa9"}\n'
    assert good_length(Kind.EVENTS, body + b'{"c": 1') == len(body)
    assert good_length(Kind.EVENTS, body + b'{"c": 1}') == len(body)
    assert good_length(Kind.EVENTS, body + b'{"c": \x00\x00\x00}\n{"d": 1}\n') == len(body)
    assert good_length(Kind.EVENTS, body + bytes(4096)) == len(body)
    assert list(records(Kind.EVENTS, body)) == body.splitlines()


def test_bytes_that_end_too_early_are_no_segment() -> None:
    with pytest.raises(ValueError, match="no whole message"):
        list(records(Kind.LOGS, b"\x05abc"))
