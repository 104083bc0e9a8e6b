"""Calm: a week in which nothing is wrong, with quiet nights and a sale; whoever is woken is woken for nothing.

What is compressed: passes look each minute, not each ten seconds; and when data arrived is taken from when spans began.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from queries import schema
from queries.store import Limits, Store
from tests.bench.figures import Figure, Target, middle
from tests.bench.scale import Scale
from tests.bench.staged import insert_all
from triage.demo.model import Shop
from triage.demo.post import Post
from triage.demo.rhythm import week_with_sale
from triage.demo.stream import posts
from triage.incident.book import MemoryBook
from triage.incident.impact import customers_on_rows
from triage.runbook.live import LiveRunbook
from triage.watch import Watch, moments

OPENS_S = 1_789_984_800  # a Monday, 10:00
DAY_S, RATE = 86_400, 2.0
SPANS_EACH = 300
LATE = timedelta(minutes=15)
"""What began so long before the end of a day has been loaded with it."""
NONE = Target(0)
ARRIVALS = """
    INSERT INTO arrivals (Minute, ServiceName, Spans)
    SELECT toStartOfMinute(Time), ServiceName, sum(Requests) FROM red GROUP BY 1, 2
"""


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """Each seed's week."""
    for seed in scale.calm_seeds:
        yield from _week(seed, scale, scratch / f"calm-{seed}")


def _week(seed: int, scale: Scale, directory: Path) -> Iterator[Figure]:
    limits = Limits(memory_bytes=2_000_000_000, time_s=300)
    with closing(Store.open(f"chdb://{directory}", handles=1, limits=limits)) as store:
        schema.apply(store)
        book, took = MemoryBook(), list[float]()
        watch = Watch(store, book, LiveRunbook(), customers_of=customers_on_rows(store), past=True)
        looked = _moment(OPENS_S) + LATE
        for day in _days(seed, scale.calm_days):
            insert_all(store, day, f"{day[0].at_ns}-")
            store.command("TRUNCATE TABLE arrivals")
            store.command(ARRIVALS)
            until = _moment(day[-1].at_ns / 1e9) - LATE
            for now in moments(looked, until, scale.calm_every):
                started = time.perf_counter()
                watch.look(now)
                took.append((time.perf_counter() - started) * 1000)
            looked = until
            told = "; ".join(f"{one.opened_at:%a %H:%M:%S} {one.title}" for one in book.incidents())
            what = f"seed {seed}: incidents until {until:%a %H:%M}"
            yield Figure("calm", what, len(book.incidents()), "", target=NONE, note=told)
        yield middle("calm", f"seed {seed}: a pass", took, "ms")


def _days(seed: int, days: int) -> Iterator[list[Post]]:
    """What a shop sends, day by day; the last of what it sends on a day may come with the next."""
    shop = Shop("calm", seed, RATE, week_with_sale(seed))
    sent: list[Post] = []
    ends_ns = (OPENS_S + DAY_S) * 10**9
    for post in posts(shop, OPENS_S, OPENS_S + days * DAY_S, shop.fault(), spans_each=SPANS_EACH):
        sent.append(post)
        if post.at_ns >= ends_ns:
            yield sent
            sent, ends_ns = [], ends_ns + DAY_S * 10**9
    if sent:
        yield sent


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
