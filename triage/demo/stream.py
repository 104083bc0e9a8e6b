"""All that the shop's systems send, in one stream: telemetry, row changes, webhooks."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from triage.demo.databases import Databases
from triage.demo.debezium import Feed
from triage.demo.fault import Fault
from triage.demo.model import Shop
from triage.demo.post import PROTOBUF, Post, Secrets
from triage.demo.releases import Calendar, Notices
from triage.demo.request import SECOND_NS, Request
from triage.demo.stock import LEGACY_STOCK, STOCK, RowChange
from triage.demo.webhooks import webhook
from triage.demo.write import SPANS_EACH, OtlpWriter, Signal

UNSIGNED = Secrets()


class Heard(Protocol):
    """Who is told what the model does, such as a Truth."""

    def tell(self, request: Request) -> None:
        """Takes note of a request."""

    def tell_row(self, change: RowChange) -> None:
        """Takes note of a row that changed."""


def posts(
    shop: Shop,
    start_s: float,
    end_s: float,
    *faults: Fault,
    heard: Sequence[Heard] = (),
    secrets: Secrets = UNSIGNED,
    spans_each: int = SPANS_EACH,
) -> Iterator[Post]:
    """All that a shop sends that is open from `start_s` to `end_s`, in one stream in the order of shop time.

    Those who are `heard` know of everything when the stream has ended.
    """
    otlp, around = OtlpWriter(spans_each), Surroundings(shop, start_s, faults, heard, secrets)
    yield from around.opening()
    for request in shop.between(start_s, end_s, *faults):
        now_ns = request.entry.start_ns
        for one in heard:
            one.tell(request)
        yield from around.after(request)
        yield from _as_posts(otlp.add(request), now_ns)
    end_ns = int(end_s * SECOND_NS)
    yield from _as_posts(otlp.rest(), end_ns)
    yield from around.closing(end_ns)


class Surroundings:
    """What happens around the requests: rows that change, and notices of what is changed on purpose."""

    def __init__(
        self, shop: Shop, opened_s: float, faults: Sequence[Fault], heard: Sequence[Heard], secrets: Secrets
    ) -> None:
        opened_ns = int(opened_s * SECOND_NS)
        self._databases = Databases(shop.seed, opened_ns, faults)
        self._feeds = {table.connector: Feed(table.connector, shop.seed) for table in (STOCK, LEGACY_STOCK)}
        self._notices = Notices(Calendar(shop.seed, opened_ns), opened_ns, faults)
        self._heard, self._secrets = heard, secrets
        self._opened_ns, self._looked_s = opened_ns, 0

    def pace(self, every_s: int) -> None:
        """The connectors send every so many seconds of shop time from now on."""
        for feed in self._feeds.values():
            feed.every_s = every_s

    def opening(self) -> Iterator[Post]:
        """What the connectors read first."""
        for change in self._databases.snapshot():
            self._feeds[change.table.connector].add(change)
        yield from self._due(self._opened_ns)

    def after(self, request: Request) -> Iterator[Post]:
        """What there is to send, once the next request is known."""
        self._databases.take(request)
        now_ns = request.entry.start_ns
        if now_ns // SECOND_NS != self._looked_s:
            self._looked_s = now_ns // SECOND_NS
            yield from self.until(now_ns)

    def until(self, now_ns: int, *, all_of_it: bool = False) -> Iterator[Post]:
        """What there is to send by then; requests that began before must be known."""
        for change in self._databases.until(now_ns):
            for one in self._heard:
                one.tell_row(change)
            self._feeds[change.table.connector].add(change)
        yield from self._due(now_ns, all_of_it=all_of_it)

    def closing(self, end_ns: int) -> Iterator[Post]:
        """What is still on its way when nobody comes any more, of half a minute."""
        yield from self.until(end_ns + 30 * SECOND_NS, all_of_it=True)

    def _due(self, now_ns: int, *, all_of_it: bool = False) -> Iterator[Post]:
        for notice in self._notices.until(now_ns):
            yield webhook(notice, self._secrets)
        for feed in self._feeds.values():
            yield from feed.due(now_ns, all_of_it=all_of_it)


def _as_posts(records: Iterable[tuple[Signal, bytes]], now_ns: int) -> Iterator[Post]:
    for signal, body in records:
        yield Post(now_ns, f"/v1/{signal}", PROTOBUF, body)
