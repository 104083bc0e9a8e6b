"""A shop's hours written straight into a store, with the truth about its faults: what detectors are measured on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, cast

from collectors.sources import debezium
from collectors.sources.events import line
from collectors.sources.source import Columns, Delivery
from queries import schema
from queries.store import Limits, Store, varint
from triage.demo.fault import Fault
from triage.demo.model import Shop
from triage.demo.post import CDC_PATH, Post
from triage.demo.stream import Heard, posts
from triage.demo.truth import Truth

SIGNALS = {"/v1/traces": "traces", "/v1/logs": "logs", "/v1/metrics": "metrics"}
SEGMENT_BYTES = 30_000_000
SPANS_EACH = 4000


class Told(TypedDict, total=False):
    """Of a customer, as the truth tells."""

    customer: str
    first: str


@dataclass(frozen=True)
class Staged:
    """A store that holds what a shop sent, when its fault was on, and what it did."""

    store: Store
    begins: datetime
    ends: datetime
    truth: dict[str, object]

    @property
    def customers(self) -> set[str]:
        """Those whom the fault hit."""
        return {each["customer"] for each in self._told}

    @property
    def first(self) -> datetime:
        """When the first request failed (or was slow), or the first row was wrong; else when the fault began."""
        times = [datetime.fromisoformat(each["first"]) for each in self._told if each.get("first")]
        return min(times, default=self.begins)

    @property
    def _told(self) -> list[Told]:
        return cast(list[Told], self.truth.get("customers") or [])


@contextmanager
def staged(
    scenario: str, seed: int, directory: Path, *, opens_s: float, history_s: float, fault_s: float, rate: float
) -> Iterator[Staged]:
    """A shop that has been open for a while when its fault begins, and closes when it ends."""
    shop = Shop(scenario, seed, rate)
    begins_s, ends_s = opens_s + history_s, opens_s + history_s + fault_s
    fault = shop.fault(begins_s, ends_s)
    truth = Truth(shop, fault)
    limits = Limits(memory_bytes=2_000_000_000, time_s=120)
    with closing(Store.open(f"chdb://{directory}", handles=1, limits=limits)) as store:
        schema.apply(store)
        write(store, shop, opens_s, ends_s, [fault], [truth])
        yield Staged(store, _moment(begins_s), _moment(ends_s), json.loads(truth.to_json()))


def write(
    store: Store, shop: Shop, opens_s: float, ends_s: float, faults: Sequence[Fault], heard: Sequence[Heard] = ()
) -> None:
    """Inserts all that the shop sends, a segment at a time."""
    loading = {name: _Segment(store.insert, name) for name in (*SIGNALS.values(), "events")}
    for post in posts(shop, opens_s, ends_s, *faults, heard=heard, spans_each=SPANS_EACH):
        if post.path in SIGNALS:
            loading[SIGNALS[post.path]].add(varint(len(post.body)) + post.body)
        elif post.path == CDC_PATH:
            loading["events"].add(b"".join(_lines(post)))
    for segment in loading.values():
        segment.flush()


def _lines(post: Post) -> Iterator[bytes]:
    """The segment's lines that the collector would make of it."""
    for event in debezium.read(Delivery({}, post.body, post.at_ns), Columns()):
        written = line(event)
        yield written if written.endswith(b"\n") else written + b"\n"


class _Segment:
    """What is to be inserted at a time."""

    def __init__(self, insert: Callable[[str, bytes, str], None], landing: str) -> None:
        self._insert, self._landing = insert, landing
        self._parts: list[bytes] = []
        self._size = self._number = 0

    def add(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)
        if self._size > SEGMENT_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._parts:
            self._insert(self._landing, b"".join(self._parts), f"{self._landing}-{self._number}")
        self._number, self._parts, self._size = self._number + 1, [], 0


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
