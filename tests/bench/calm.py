"""Calm: a week in which nothing is wrong, with quiet nights and a sale; whoever is woken is woken for nothing.

What is compressed: passes look each minute, not each ten seconds; when data arrived is taken from when spans began; and
the business figures' values are kept quarter by quarter of a day, each before it is looked at.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
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
from triage.kpi.keeping import Whole, keep_again
from triage.kpi.named import kpis_of
from triage.runbook.live import LiveRunbook
from triage.watch import Watch, moments

OPENS_S = 1_789_984_800  # a Monday, 10:00
QUARTERS, QUARTER_S, RATE = 4, 21_600, 2.0
SPANS_EACH = 300
LATE = timedelta(minutes=15)
"""What began so long before the end of a quarter of a day has been loaded with it."""
NONE = Target(0)
ARRIVALS = """
    INSERT INTO arrivals (Minute, ServiceName, Spans)
    SELECT toStartOfMinute(Time), ServiceName, sum(Requests) FROM red GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Looked:
    """What a quarter of a day brought: the incidents that were opened in it, and how long its passes took in ms."""

    until: str
    false: tuple[str, ...]
    took_ms: tuple[float, ...]


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """Each seed's week. Where what was found is kept, the week goes on where it was stopped."""
    for seed in scale.calm_seeds:
        name = f"calm-{seed}"
        directory = scale.kept.with_name(f"{scale.kept.name}.{name}") if scale.kept else scratch / name
        directory.mkdir(exist_ok=True)
        yield from _week(seed, scale, directory)


def _week(seed: int, scale: Scale, directory: Path) -> Iterator[Figure]:
    told, book = directory / "looked.jsonl", MemoryBook()
    week = _kept(told)
    with closing(Store.open(f"chdb://{directory}/clickhouse", handles=1, limits=Limits(time_s=300))) as store:
        schema.apply(store)
        watch = Watch(store, book, LiveRunbook(), customers_of=customers_on_rows(store), past=True)
        looked = _moment(OPENS_S) + LATE
        for place, quarter in enumerate(_quarters(seed, QUARTERS * scale.calm_days)):
            until = _moment(quarter[-1].at_ns / 1e9) - LATE
            if place == len(week):
                _load(store, quarter, looked, until)
                week.append(_look(watch, book, looked, until, scale.calm_every))
                with told.open("a") as file:
                    file.write(json.dumps(asdict(week[-1])) + "\n")
                if len(week) % QUARTERS == 0:
                    yield _false(seed, week)
            looked = until
    yield middle("calm", f"seed {seed}: a pass", [each for one in week for each in one.took_ms], "ms")


def _false(seed: int, week: list[Looked]) -> Figure:
    false = [each for one in week for each in one.false]
    what = f"seed {seed}: incidents in {len(week) / QUARTERS:g} days, until {week[-1].until}"
    return Figure("calm", what, len(false), "", target=NONE, note="; ".join(false))


def _load(store: Store, quarter: list[Post], from_: datetime, until: datetime) -> None:
    """Inserts it, be it for the second time: what was inserted before a stop does not count again."""
    insert_all(store, quarter, f"{quarter[0].at_ns}-")
    store.command("TRUNCATE TABLE arrivals")
    store.command(ARRIVALS)
    keep_again(store, kpis_of(store.ask), until, Whole(), from_.replace(minute=0, second=0))


def _look(watch: Watch, book: MemoryBook, from_: datetime, until: datetime, every: timedelta) -> Looked:
    known, took = {one.id for one in book.incidents()}, list[float]()
    for now in moments(from_, until, every):
        started = time.perf_counter()
        watch.look(now)
        took.append(round((time.perf_counter() - started) * 1000, 1))
    opened = [one for one in book.incidents() if one.id not in known]
    return Looked(f"{until:%a %H:%M}", tuple(f"{one.opened_at:%a %H:%M:%S} {one.title}" for one in opened), tuple(took))


def _kept(told: Path) -> list[Looked]:
    lines = told.read_text().splitlines() if told.exists() else []
    return [Looked(each["until"], tuple(each["false"]), tuple(each["took_ms"])) for each in map(json.loads, lines)]


def _quarters(seed: int, many: int) -> Iterator[list[Post]]:
    """What a shop sends in each quarter of a day; the last of what it sends in one may come with the next."""
    shop = Shop("calm", seed, RATE, week_with_sale(seed))
    closes_s = OPENS_S + many * QUARTER_S
    sent, ends_s = list[Post](), OPENS_S + QUARTER_S
    for post in posts(shop, OPENS_S, closes_s, shop.fault(), spans_each=SPANS_EACH):
        sent.append(post)
        if post.at_ns >= ends_s * 10**9 and ends_s < closes_s:
            yield sent
            sent, ends_s = [], ends_s + QUARTER_S
    yield sent


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
