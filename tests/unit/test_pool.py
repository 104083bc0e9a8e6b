"""Handles are lent in the order in which they were asked for."""

import threading
import time
from typing import cast
from unittest.mock import Mock

import pytest
from clickhouse_connect.driver.client import Client

from queries.errors import StoreBusy
from queries.pool import Pool


def a_pool(wait_s: float = 10.0) -> Pool:
    return Pool(lambda: cast(Client, Mock()), 1, wait_s)


def wait_until(pool: Pool, waiting: int) -> None:
    end = time.monotonic() + 10
    while len(pool._waiting) < waiting:
        assert time.monotonic() < end
        time.sleep(0.001)


def test_who_asks_one_question_after_another_does_not_keep_others_waiting() -> None:
    """The one who gives a handle back and asks again at once comes after all who wait."""
    pool, served = a_pool(), list[str]()

    def ask(name: str) -> None:
        with pool.handle():
            served.append(name)

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("first", "second")]
    with pool.handle():
        for number, thread in enumerate(threads, start=1):
            thread.start()
            wait_until(pool, number)
    ask("greedy")
    for thread in threads:
        thread.join()
    assert served == ["first", "second", "greedy"]


def test_who_gave_up_waiting_is_handed_nothing() -> None:
    pool = a_pool(wait_s=0.01)
    with pool.handle() as held, pytest.raises(StoreBusy, match="all 1 handles were busy"), pool.handle():
        pass
    with pool.handle() as again:
        assert again is held
