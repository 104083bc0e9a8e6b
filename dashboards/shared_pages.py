"""Pages for all who look at the same time: made once, handed out for a moment, and never older than what was done here.

A page that is at hand is answered on the event loop, before any thread or query. One that begins to age is handed out
while a new one is made, or has to wait for its turn; one that is too old, or older than what somebody wrote, is waited
for. A page about what is long over says so itself (`long_over`), and may be older.
"""

import asyncio
import gzip
import html
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.access import Access

PAGES = ("/incidents", "/affected", "/customers", "/traces", "/search", "/changes", "/runbook")
FRESH_S, AGEING_S, BUSY_AGEING_S = 2.0, 3.0, 20.0
"""For how long a page is as good as new; for how much longer it may be handed out while a new one is made; and the same
while as many pages are being made as may: who had to wait for a turn would wait for seconds."""
TIMES_ITS_MAKING, FRESH_AT_MOST_S = 10.0, 10.0
"""A page that takes long to make is as good as new for ten times as long: no page is being made all the time."""
LONG_OVER_S = 57.0
"""The same for a page that says that it is about what is long over: with its ageing about a minute; its bar tells."""
LONG_OVER = b"triage-long-over"
"""The header by which it says so; readers are not sent it."""
MOST_PAGES, MOST_BYTES = 500, 64_000_000
AT_ONCE, RENEWED_AT_ONCE = 4, 2
"""Pages that are made at a time: as many as the store has handles; and how many of them while nobody waits for them."""
WORTH_PACKING = 1000
PACKED_WELL, PACKED_FAST = 6, 1
AUTHOR = "triage_author"
"""The cookie with the name that a reader gave."""
AUTHOR_GAP = f"author-{secrets.token_hex(16)}"
"""What a page has where its reader's name belongs: a page that many read knows nobody's."""

OURS = {b"content-length", b"vary", LONG_OVER}
"""Headers that are written anew for each reader, or not at all."""

Key = tuple[str, str, bytes, bool]


@dataclass(frozen=True)
class Page:
    """An answer as all may have it; `began` and `ended` are when its making did, by the monotonic clock."""

    began: float
    ended: float
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    packed: bytes | None

    @property
    def fresh_s(self) -> float:
        """For how many seconds it is as good as new."""
        if any(name == LONG_OVER for name, _ in self.headers):
            return LONG_OVER_S
        return min(max(FRESH_S, TIMES_ITS_MAKING * (self.ended - self.began)), FRESH_AT_MOST_S)

    @property
    def size(self) -> int:
        """Bytes that it keeps."""
        return len(self.body) + len(self.packed or b"")

    def for_reader(self, request: Request) -> Response:
        """The answer, with the reader's name in its gaps, compressed where that is taken."""
        body, packed = self.body, self.packed
        takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
        if packed is None and AUTHOR_GAP.encode() in body:
            name = html.escape(_kept_name(request))
            body = body.replace(AUTHOR_GAP.encode(), name.encode("utf-8", "replace"))
            packed = gzip.compress(body, PACKED_FAST, mtime=0) if takes_gzip else None
        answer = Response(packed if packed and takes_gzip else body, self.status)
        own = [(name, value) for name, value in self.headers if name.lower() not in OURS]
        length = (b"content-length", str(len(answer.body)).encode())
        answer.raw_headers = [*own, length, (b"vary", b"Accept-Encoding, Cookie")]
        if packed and takes_gzip:
            answer.raw_headers.append((b"content-encoding", b"gzip"))
        return answer


@dataclass
class _Making:
    """A page that is being made; nothing of it is older than `began`, which is yet to come while it waits its turn."""

    task: asyncio.Task[Page] = field(init=False)
    began: float = math.inf


class SharedPages:
    """ASGI middleware, behind the gate. It lives on one event loop.

    `written` is the moment, by the monotonic clock, when anybody last wrote here: nothing older is handed out.
    `passed` is when readers that follow were last told that figures may be new: they get nothing older.
    """

    def __init__(self, app: ASGIApp, access: Access, written: Callable[[], float], passed: Callable[[], float]) -> None:
        self._app, self._access, self._written, self._passed = app, access, written, passed
        self._kept: OrderedDict[Key, Page] = OrderedDict()
        self._bytes = 0
        self._making: dict[Key, _Making] = {}
        self._renewing: set[asyncio.Task[Page]] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_page(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        key = (request.headers.get("host", ""), scope["path"], scope["query_string"], self._access.logged_in(request))
        follows = "no-cache" in request.headers.get("cache-control", "")
        page = await self._page(key, scope, follows)
        await page.for_reader(request)(scope, receive, send)

    async def _page(self, key: Key, scope: Scope, follows: bool) -> Page:
        since = max(self._written(), self._passed()) if follows else self._written()
        kept = self._kept.get(key)
        if kept and kept.began > since:
            self._kept.move_to_end(key)
            age = time.monotonic() - kept.began
            ageing_s = BUSY_AGEING_S if self._turns.locked() else AGEING_S
            is_fresh, is_ageing = age <= kept.fresh_s, age <= kept.fresh_s + ageing_s and not follows
            if is_ageing and not is_fresh:
                self._renew(key, scope, since)
            if is_fresh or is_ageing:
                return kept
        return await asyncio.shield(self._make(key, scope, since))

    def _renew(self, key: Key, scope: Scope, since: float) -> None:
        """Makes it anew where there is room: who waits for a page comes before what is only ageing."""
        if key in self._making or self._turns.locked() or len(self._renewing) >= RENEWED_AT_ONCE:
            return
        renewing = self._make(key, scope, since)
        self._renewing.add(renewing)
        renewing.add_done_callback(self._renewing.discard)

    def _make(self, key: Key, scope: Scope, since: float) -> asyncio.Task[Page]:
        """What makes it, as one may be under way that knows all that was written by then."""
        under_way = self._making.get(key)
        if under_way and under_way.began > since:
            return under_way.task
        making = _Making()
        making.task = asyncio.get_running_loop().create_task(self._made(key, scope, making))
        making.task.add_done_callback(lambda task: self._over(key, making, task))
        self._making[key] = making
        return making.task

    async def _made(self, key: Key, scope: Scope, making: _Making) -> Page:
        async with self._turns:
            making.began = time.monotonic()
            page = await _answered(self._app, scope, making.began)
        if page.status == HTTPStatus.OK and self._making.get(key) is making:
            self._keep(key, page)
        return page

    def _over(self, key: Key, making: _Making, task: asyncio.Task[Page]) -> None:
        if self._making.get(key) is making:
            del self._making[key]
        if not task.cancelled():
            task.exception()  # whoever waits is told of it; where nobody does, the next one who asks will be

    def _keep(self, key: Key, page: Page) -> None:
        before = self._kept.pop(key, None)
        self._kept[key] = page
        self._bytes += page.size - (before.size if before else 0)
        while self._kept and (len(self._kept) > MOST_PAGES or self._bytes > MOST_BYTES):
            self._bytes -= self._kept.popitem(last=False)[1].size


def author_for(request: Request) -> str:
    """What a page has where its reader's name belongs: the gap if many may read it, else the name, or "" for none."""
    return AUTHOR_GAP if _is_page(request.scope) else _kept_name(request)


def _kept_name(request: Request) -> str:
    """The name that the reader's browser keeps."""
    return unquote(request.cookies.get(AUTHOR, ""))[:200]


def long_over(answer: Response) -> None:
    """Says of a page that it is about what is long over, so that it need not be made anew every few seconds."""
    answer.raw_headers.append((LONG_OVER, b"1"))


def _is_page(scope: Scope) -> bool:
    """Whether it is asked for as a page that nothing but its address decides."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    path, accept = scope["path"], Headers(scope=scope).get("accept", "*/*")
    is_ours = path == "/" or any(path == page or path.startswith(f"{page}/") for page in PAGES)
    return is_ours and ("text/html" in accept or "*/*" in accept)


async def _answered(app: ASGIApp, scope: Scope, began: float) -> Page:
    """What the app answers, whole. Raises what it raises."""
    started: list[Message] = []
    parts: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.append(message)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(dict(scope), receive, send)
    body = b"".join(parts)
    is_packed = len(body) >= WORTH_PACKING and AUTHOR_GAP.encode() not in body
    packed = await asyncio.to_thread(gzip.compress, body, PACKED_WELL, mtime=0) if is_packed else None
    return Page(began, time.monotonic(), started[0]["status"], list(started[0]["headers"]), body, packed)
