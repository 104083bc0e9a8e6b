"""Gzip from strangers."""

import gzip
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.compression import MOST_MEMBERS, PIECE_BYTES, gunzip
from collectors.kinds import BadRecord, TooLarge


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_every_member_is_read(members: list[bytes]) -> None:
    """The content of a body is that of its members, one after the other; exactly the limit is within it."""
    content = b"".join(members)
    assert gunzip(b"".join(map(gzip.compress, members)), len(content)) == content


@given(st.binary(min_size=1, max_size=300), st.data())
def test_what_is_cut_short_is_refused(content: bytes, data: st.DataObject) -> None:
    """No body without its last bytes is taken for whole."""
    body = gzip.compress(content)
    cut = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(BadRecord, match="cut short"):
        gunzip(body[:cut], 1000)


@given(st.binary(min_size=1, max_size=300))
def test_what_exceeds_the_limit_is_refused(content: bytes) -> None:
    """One byte over the limit is too much."""
    with pytest.raises(TooLarge):
        gunzip(gzip.compress(content), len(content) - 1)


def test_bodies_larger_than_a_piece_are_read() -> None:
    """A member may end anywhere within the pieces that it is read in."""
    noise = b"".join(bytes((n * n % 251,)) for n in range(3000)) * 1000
    for level in (0, 1):
        member = gzip.compress(noise, level)
        assert gunzip(member * 2, 2 * len(noise)) == noise * 2
    assert len(gzip.compress(noise, 0)) > 2 * PIECE_BYTES


def test_a_bomb_costs_no_more_than_the_limit() -> None:
    """A gigabyte in a megabyte is refused after the limit, in no time."""
    bomb = gzip.compress(bytes(64 << 20)) * 16
    start = time.process_time()
    with pytest.raises(TooLarge):
        gunzip(bomb, 1 << 20)
    assert time.process_time() - start < 0.5


def test_millions_of_members_cost_nothing() -> None:
    """A body of very many empty members is refused after the first thousand."""
    body = gzip.compress(b"") * 1_000_000
    start = time.process_time()
    with pytest.raises(BadRecord, match=str(MOST_MEMBERS)):
        gunzip(body, 1 << 20)
    assert time.process_time() - start < 2
