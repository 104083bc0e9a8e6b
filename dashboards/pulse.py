"""What changed, for pages that follow: seen by asking the store, whoever wrote it, and told to all who listen.

One question every other second serves all of them, and nobody's connection holds a handle. When nobody listens, nothing
is asked.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from queries.errors import StoreError
from queries.store import Store
from triage.window import format_time

QUESTION = "incidents/news"
ASK_EVERY_S = 2.0
PASS_EVERY_S = 10.0
HEARTBEAT_S = 15.0
OVERLAP = timedelta(seconds=10)
"""Two writers may be received out of order by as much."""
KEPT = 500
"""Pieces of news that a client which reconnects can still be told."""
MOST_LISTENERS = 200
WAITING = 100
"""Pieces of news that may wait for a slow client before it is let go, to come again."""
MOST_NEW = 1000
"""What was written of late and is asked for at a time; where there is more, all who listen are told `reset`."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class News:
    """One thing that changed; `id` is where it stands in what this process has told."""

    id: str
    event: str
    data: str

    def encode(self) -> bytes:
        """As server-sent events are written (WHATWG HTML, section 9.2)."""
        return f"id: {self.id}\nevent: {self.event}\ndata: {self.data}\n\n".encode()


class TooManyListeners(Exception):
    """As many clients follow as may."""


class Pulse:
    """Lives on one event loop. `passed` says when the last pass of detectors in this process ended, None of none."""

    def __init__(self, store: Store, passed: Callable[[], float | None] = lambda: None) -> None:
        self._store, self._passed = store, passed
        self._run = secrets.token_hex(3)
        self._told: deque[News] = deque(maxlen=KEPT)
        self._count = 0
        self._listeners: set[asyncio.Queue[News | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._seen: dict[str, int] = {}  # event ids, with when they were received
        self._last_pass: float | None = None
        self.told_change = self.told_pass = float("-inf")
        """When it was last told that something changed, and that a pass ended, by the monotonic clock."""
        self._told_pass = 0.0

    @property
    def is_full(self) -> bool:
        """Whether one more client is one too many."""
        return len(self._listeners) >= MOST_LISTENERS

    async def follow(self, last_id: str = "") -> AsyncIterator[bytes]:
        """News as they come, after what was missed since `last_id`, with heartbeats; it ends with the service."""
        if self.is_full:
            raise TooManyListeners
        mine: asyncio.Queue[News | None] = asyncio.Queue(WAITING)
        self._listeners.add(mine)
        self._wake()
        try:
            yield b"retry: 3000\n\n"
            for missed in self._missed(last_id):
                yield missed.encode()
            while (news := await _next(mine)) is not None:
                yield news if isinstance(news, bytes) else news.encode()
        finally:
            self._listeners.discard(mine)
            if not self._listeners and self._task:
                self._task.cancel()
                self._task = None

    def stop(self) -> None:
        """Lets everybody go, from any thread: the process is to end."""
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._let_go)

    def _let_go(self) -> None:
        for each in list(self._listeners):
            _push(each, None)

    def _wake(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._task is None or self._task.done():
            self._told.clear()  # nobody looked meanwhile: what came after it is not known
            self._task = self._loop.create_task(self._watch())

    def _missed(self, last_id: str) -> Iterator[News]:
        """What came after that piece of news; `reset` where that is not known any more."""
        if not last_id:
            return
        ids = [news.id for news in self._told]
        if last_id in ids:
            yield from list(self._told)[ids.index(last_id) + 1 :]
        else:
            yield self._news("reset", {})

    async def _watch(self) -> None:
        since = await self._look(datetime.now(UTC) - OVERLAP)
        while True:
            await asyncio.sleep(ASK_EVERY_S)
            since = await self._look(since)
            self._tell_pass()

    async def _look(self, since: datetime) -> datetime:
        """Asks what is new and tells it; since when to ask the next time, the same where there was no answer."""
        started = datetime.now(UTC)
        try:
            frame = await asyncio.to_thread(self._store.ask, QUESTION, since=since, at_most=MOST_NEW)
        except StoreError as error:
            log.debug("what changed is not known at this moment: %s", error)
            return since
        is_cut = frame.height == MOST_NEW
        if is_cut:
            self._tell("reset", {})
        for received_ms, incident, id_, kind in frame.iter_rows():
            if id_ not in self._seen and not is_cut:
                self._tell("change" if kind == "change" else "incident", {"incident": incident, "kind": kind})
            self._seen[id_] = received_ms
        horizon = (since - OVERLAP).timestamp() * 1000
        self._seen = {id_: received for id_, received in self._seen.items() if received >= horizon}
        return started - OVERLAP

    def _tell_pass(self) -> None:
        """A pass of this process has ended; where others watch, figures are looked at anew as often."""
        passed, now = self._passed(), asyncio.get_running_loop().time()
        due = now - self._told_pass >= PASS_EVERY_S if passed is None else passed != self._last_pass
        if due:
            self._last_pass, self._told_pass = passed, now
            self._tell("pass", {"time": format_time(datetime.now(UTC).replace(microsecond=0))})

    def _tell(self, event: str, what: dict[str, str]) -> None:
        if event == "pass":
            self.told_pass = time.monotonic()
        else:
            self.told_change = time.monotonic()
        news = self._news(event, what)
        self._told.append(news)
        for each in list(self._listeners):
            if not _push(each, news):
                self._listeners.discard(each)

    def _news(self, event: str, what: dict[str, str]) -> News:
        self._count += 1
        return News(f"{self._run}-{self._count}", event, json.dumps(what))


def _push(queue: asyncio.Queue[News | None], news: News | None) -> bool:
    """Whether there was room; a client that is too slow is let go, and is told what waited when it comes again."""
    if not queue.full():
        queue.put_nowait(news)
        return True
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(None)
    return False


async def _next(queue: asyncio.Queue[News | None]) -> News | bytes | None:
    try:
        return await asyncio.wait_for(queue.get(), HEARTBEAT_S)
    except TimeoutError:
        return b": still here\n\n"
