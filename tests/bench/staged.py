"""A shop's hours written straight into a store: what detectors are measured on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from collectors.sources import debezium
from collectors.sources.events import line
from collectors.sources.source import Columns, Delivery
from queries.store import Store, varint
from triage.demo.fault import Fault
from triage.demo.model import Shop
from triage.demo.post import CDC_PATH, Post
from triage.demo.stream import Heard, posts

SIGNALS = {"/v1/traces": "traces", "/v1/logs": "logs", "/v1/metrics": "metrics"}
SEGMENT_BYTES = 30_000_000
SPANS_EACH = 4000


def write(
    store: Store, shop: Shop, opens_s: float, ends_s: float, faults: Sequence[Fault], heard: Sequence[Heard] = ()
) -> None:
    """Inserts all that the shop sends, a segment at a time."""
    insert_all(store, posts(shop, opens_s, ends_s, *faults, heard=heard, spans_each=SPANS_EACH))


def insert_all(store: Store, sent: Iterable[Post], part: str = "") -> None:
    """Inserts posts, a segment at a time; `part` tells the segments from those inserted before."""
    loading = {name: _Segment(store.insert, name, part) for name in (*SIGNALS.values(), "events")}
    for post in sent:
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

    def __init__(self, insert: Callable[[str, bytes, str], None], landing: str, part: str) -> None:
        self._insert, self._landing, self._part = insert, landing, part
        self._parts: list[bytes] = []
        self._size = self._number = 0

    def add(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)
        if self._size > SEGMENT_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._parts:
            self._insert(self._landing, b"".join(self._parts), f"{self._landing}-{self._part}{self._number}")
        self._number, self._parts, self._size = self._number + 1, [], 0
