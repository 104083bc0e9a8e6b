"""What a store does under pressure: limits, a busy pool, a bad segment, an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from queries.errors import (
    DataRefused,
    QueryFailed,
    QueryTooExpensive,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    from_code,
)
from queries.store import Limits, Store
from tests.integration.otlp import segment, span, token, traces
from tests.integration.tables import counts
from tests.loading import empty

pytestmark = pytest.mark.integration

SLEEP = "SELECT sleepEachRow({seconds:Float64}) AS slept FROM numbers(1)"
Open = Callable[..., Store]


@pytest.fixture
def another(store: Store) -> Iterator[Open]:
    """Opens another store on the same database, with a pool and limits of its own."""
    opened: list[Store] = []

    def open_another(handles: int = 1, **limits: float) -> Store:
        every = {"memory_bytes": 500_000_000, "time_s": 60, "wait_s": 30.0, **limits}
        made = Limits(memory_bytes=int(every["memory_bytes"]), time_s=every["time_s"], wait_s=every["wait_s"])
        opened.append(Store.open(store.dsn, database=store.database, handles=handles, limits=made))
        return opened[-1]

    yield open_another
    for each in opened:
        each.close()


def test_a_query_over_its_time_is_stopped(another: Open):
    """It is final: asking again would take as long. The store goes on."""
    store = another(time_s=0.5)
    started = time.monotonic()
    with pytest.raises(QueryTooExpensive) as error:
        store.select("SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))")
    assert time.monotonic() - started < 20
    assert not error.value.retryable
    assert store.select("SELECT 1 AS n")["n"][0] == 1


def test_a_query_over_its_memory_is_stopped(another: Open):
    """Likewise: the process keeps its memory for the others."""
    store = another(memory_bytes=50_000_000)
    with pytest.raises(QueryTooExpensive, match="memory limit") as error:
        store.select("SELECT groupArray(toString(number)) AS all FROM numbers(100000000)")
    assert not error.value.retryable
    assert store.select("SELECT 1 AS n")["n"][0] == 1


def test_an_insert_over_its_memory_may_be_tried_again(store: Store, another: Open):
    """Under the same token; the store is no busier than it was, so others need not wait."""
    body = segment(*(traces(*(span(n, n) for n in range(1, 2000))) for _ in range(10)))
    with pytest.raises(QueryTooExpensive) as error:
        another(memory_bytes=2_000_000).insert("traces", body, "tight")
    assert not error.value.retryable
    store.insert("traces", body, "tight")
    assert counts(store)["otel_traces"] == 19_990
    empty(store)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Query memory limit exceeded: would use 2.00 GiB: while executing 'f(total)'", QueryTooExpensive),
        ("Memory limit (for query) exceeded: would use 2.00 GiB", QueryTooExpensive),
        ("User memory limit exceeded: would use 96.06 MiB, maximum: 95.37 MiB", StoreBusy),
        ("(total) memory limit exceeded: would use 16.00 GiB", StoreBusy),
        ("Memory limit (total) exceeded: would use 16.00 GiB", StoreBusy),
    ],
)
def test_whose_memory_is_short_says_whether_an_insert_is_tried_again(message: str, kind: type[StoreError]):
    """What all queries use together is a reason to wait."""
    assert type(from_code(241, f"Code: 241. DB::Exception: {message}", inserting=True)) is kind


def test_several_answers_are_worked_out_side_by_side(another: Open):
    """As many as there are handles."""
    store = another(handles=4)
    started = time.monotonic()
    threads = [threading.Thread(target=store.select, args=(SLEEP,), kwargs={"seconds": 1.0}) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert time.monotonic() - started < 3.5


def test_who_waits_too_long_for_a_handle_is_told(another: Open):
    """In a sentence, and that it may be tried again; the one who has the handle gets its answer."""
    store = another(handles=1, wait_s=0.2)
    answers: list[int] = []
    slow = threading.Thread(target=lambda: answers.append(store.select(SLEEP, seconds=1.2).height))
    slow.start()
    time.sleep(0.5)
    with pytest.raises(StoreBusy, match=r"all 1 handles were busy for 0\.2 s") as error:
        store.select("SELECT 1 AS n")
    assert error.value.retryable
    slow.join(60)
    assert answers == [1]


def test_closing_waits_for_what_runs_and_then_nothing_is_answered(another: Open):
    """Nor is anyone left waiting for a handle that will not come."""
    store = another(handles=1)
    answers: list[int] = []
    errors: list[StoreError] = []

    def ask(seconds: float) -> None:
        try:
            answers.append(store.select(SLEEP, seconds=seconds).height)
        except StoreError as error:
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(0.8,)), threading.Thread(target=ask, args=(0.01,))]
    for thread in threads:
        thread.start()
        time.sleep(0.3)
    store.close()
    for thread in threads:
        thread.join(20)
    assert len(answers) + len(errors) == 2
    assert answers
    assert all(isinstance(error, StoreUnavailable) and "closed" in str(error) for error in errors)
    store.close()
    with pytest.raises(StoreUnavailable, match="the store is closed"):
        store.ask("now/service_names")


def test_nothing_of_a_failed_answer_is_in_the_next(another: Open):
    """The embedded engine keeps what a handle had answered before it failed: such a handle is not used again."""
    store = another(memory_bytes=100_000_000)
    for _ in range(5):
        with pytest.raises(QueryTooExpensive):
            store.select("SELECT groupArray(toString(number)) AS secret FROM numbers(100000000)")
        assert store.select("SELECT 1 AS n").to_dict(as_series=False) == {"n": [1]}
        with pytest.raises(QueryFailed):
            store.select("SELECT number AS secret, throwIf(number = 200000) AS t FROM numbers(1000000)")
        assert store.select("SELECT 2 AS n").to_dict(as_series=False) == {"n": [2]}


def test_what_the_engine_refuses_is_final(store: Store):
    """Its own words are in the error, with its code."""
    with pytest.raises(QueryFailed, match="UNKNOWN_TABLE") as error:
        store.select("SELECT * FROM no_such_table")
    assert not error.value.retryable
    with pytest.raises(QueryFailed, match="SYNTAX_ERROR"):
        store.command("SELEC 1")


GOOD = segment(traces(span(1)))
BAD = {
    "no protobuf": b"\x05\xff\xff\xff\xff\xff",
    "a wrong wire type": b"\x03\x0a\x01\x08",
    "a field that ends too late": b"\x04\x0a\x7f\x0a\x00",
    "a length that ends too late": b"\x7f\x0a",
    "a length that does not end": b"\xff\xff",
    "a group": b"\x02\x0b\x0b",
}


def test_a_segment_that_cannot_be_read_leaves_nothing_behind(store: Store):
    """It is refused as data, by insert and by parse, wherever the bad record stands; and no table has any of it."""
    before = counts(store)
    for bad in BAD.values():
        for body in (bad, bad + GOOD, GOOD * 3 + bad):
            for refuse in (store.parse, partial(store.insert, token=token())):
                with pytest.raises(DataRefused) as error:
                    refuse("traces", body)
                assert not error.value.retryable
    assert counts(store) == before


def test_parsing_counts_the_records_and_keeps_nothing(store: Store):
    """The pass that finds a bad record in a refused segment."""
    before = counts(store)
    assert store.parse("traces", GOOD * 7) == 7
    assert store.parse("traces", b"") == 0
    assert store.parse("events", b'{"Kind": "alert", "Body": "{}"}\n' * 3) == 3
    with pytest.raises(DataRefused):
        store.parse("events", b'{"Kind": "alert", "Body": "{}"}\n{"Kind": 1')
    assert counts(store) == before
