"""A page that many ask for at the same time is made once, and nobody sees one from before what was written here."""

import asyncio
import gzip
from types import SimpleNamespace

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dashboards import shared_pages
from dashboards.access import Access
from dashboards.shared_pages import AT_ONCE, AUTHOR_GAP, RENEWED_AT_ONCE, SharedPages, author_for, long_over

FOREVER_AGO = float("-inf")


class World:
    """An app that counts what it makes, behind shared pages, and a clock that is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.made, self.written, self.passed = 100.0, 0, FOREVER_AGO, FOREVER_AGO
        self.status, self.slow, self.text = 200, asyncio.Event(), ""
        self.takes = 0.0
        self.is_long_over, self.sent_headers = False, list[bytes]()
        self.slow.set()
        monkeypatch.setattr(shared_pages, "time", SimpleNamespace(monotonic=lambda: self.now))
        access = Access.of(token="", listen_host="127.0.0.1", base_url="")
        self.pages = SharedPages(self.app, access, lambda: self.written, lambda: self.passed)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.made += 1
        body = f"{self.text}{self.made}".encode()
        await self.slow.wait()
        self.now += self.takes
        answer = Response(body, self.status, media_type="text/html")
        if self.is_long_over:
            long_over(answer)
        await answer(scope, receive, send)

    async def get(self, path: str = "/affected", **headers: str) -> bytes:
        answered: list[bytes] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.disconnect"}

        async def send(message: object) -> None:
            assert isinstance(message, dict)
            answered.append(message.get("body", b""))
            self.sent_headers += [name for name, _ in message.get("headers", [])]

        named = [(b"host", b"127.0.0.1"), *((n.replace("_", "-").encode(), t.encode()) for n, t in headers.items())]
        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": named}
        await self.pages(scope, receive, send)
        return b"".join(answered)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_twenty_readers_at_once_have_it_made_once(world: World) -> None:
    async def look() -> None:
        assert set(await asyncio.gather(*(world.get() for _ in range(20)))) == {b"1"}
        assert await world.get("/search") == b"2"
        assert await world.get() == b"1"

    asyncio.run(look())


def test_an_ageing_page_is_handed_out_while_a_new_one_is_made_and_an_old_one_never(world: World) -> None:
    async def look() -> None:
        assert await world.get() == b"1"
        world.now += 3
        assert await world.get() == b"1"
        await asyncio.sleep(0.05)
        assert await world.get() == b"2"
        world.now += 6
        assert await world.get() == b"3"

    asyncio.run(look())


def test_a_page_that_takes_long_to_make_is_made_less_often(world: World) -> None:
    """A making of 0.3 s is good for 3 s, one of two seconds for 10 s, however long it took."""

    async def look(made_in: float, good_for: float) -> None:
        world.made, path = 0, f"/customers/{made_in}"
        world.takes = made_in
        assert await world.get(path) == b"1"
        world.now += good_for - made_in - 0.01
        assert await world.get(path) == b"1"
        await asyncio.sleep(0.01)
        assert world.made == 1
        world.now += 0.1
        assert await world.get(path) == b"1"
        await asyncio.sleep(0.05)
        assert world.made == 2

    asyncio.run(look(0.3, 3))
    asyncio.run(look(2.0, 10))


def test_what_is_only_ageing_leaves_turns_to_those_who_wait(world: World) -> None:
    async def look() -> None:
        paths = [f"/traces/{number}" for number in range(4)]
        for path in paths:
            await world.get(path)
        world.now += 3
        world.slow.clear()
        for path in paths:
            await world.get(path)
        await asyncio.sleep(0.01)
        assert world.made == 4 + RENEWED_AT_ONCE
        waiting = [asyncio.create_task(world.get(f"/customers/{number}")) for number in range(2)]
        await asyncio.sleep(0.01)
        assert world.made == 4 + AT_ONCE
        world.slow.set()
        await asyncio.gather(*waiting)

    asyncio.run(look())


@pytest.mark.parametrize(("after_s", "at_once"), [(21, True), (23, False)])
def test_where_all_turns_are_taken_an_older_page_is_handed_out(world: World, after_s: float, at_once: bool) -> None:
    """But none that is older still; and none to who follows."""

    async def look() -> None:
        await world.get()
        world.slow.clear()
        taken = [asyncio.create_task(world.get(f"/traces/{number}")) for number in range(AT_ONCE)]
        await asyncio.sleep(0.01)
        world.now += after_s
        asked = asyncio.create_task(world.get())
        following = asyncio.create_task(world.get(cache_control="no-cache"))
        await asyncio.sleep(0.01)
        assert (asked.done(), following.done()) == (at_once, False)
        world.slow.set()
        await asyncio.gather(*taken, asked, following)
        assert (asked.result() == b"1", following.result() == b"1") == (at_once, False)

    asyncio.run(look())


def test_a_page_about_what_is_long_over_is_handed_out_for_a_minute(world: World) -> None:
    """Unless somebody wrote something since; and readers are not sent the header by which it said so."""

    async def look() -> None:
        world.is_long_over = True
        assert await world.get() == b"1"
        world.now += 59
        assert await world.get() == b"1"
        assert not any(name.startswith(b"triage") for name in world.sent_headers)
        world.written = world.now
        world.now += 1
        assert await world.get() == b"2"
        world.now += 64
        assert await world.get() == b"3"

    asyncio.run(look())


def test_who_asks_after_something_was_written_gets_a_page_that_began_after_it(world: World) -> None:
    """Also when one is being made that began before."""

    async def look() -> None:
        assert await world.get() == b"1"
        world.now += 0.1
        world.written = world.now
        world.now += 0.1
        assert await world.get() == b"2"
        world.now += 6
        world.slow.clear()
        early = asyncio.create_task(world.get())
        await asyncio.sleep(0.01)
        world.written = world.now + 0.1
        world.now += 0.2
        late = asyncio.create_task(world.get())
        await asyncio.sleep(0.01)
        world.slow.set()
        assert (await early, await late) == (b"3", b"4")
        assert await world.get() == b"4"

    asyncio.run(look())


def test_a_page_that_follows_gets_nothing_older_than_the_pass_it_was_told_of(world: World) -> None:
    """Others may still have it for a moment."""

    async def look() -> None:
        assert await world.get() == b"1"
        world.now += 0.1
        world.passed = world.now
        world.now += 0.1
        assert await world.get() == b"1"
        assert await world.get(cache_control="no-cache") == b"2"

    asyncio.run(look())


def test_a_problem_is_not_kept_and_a_program_asks_for_itself(world: World) -> None:
    async def look() -> None:
        world.status = 503
        assert await world.get() == b"1"
        assert await world.get() == b"2"
        world.status = 200
        assert await world.get(accept="application/json") == b"3"
        assert await world.get("/api/v1/affected") == b"4"
        assert await world.get("/api/v1/affected") == b"5"

    asyncio.run(look())


def test_each_reader_finds_their_own_name_in_it_and_no_markup(world: World) -> None:
    async def look() -> None:
        world.text = f'<input value="{AUTHOR_GAP}">'
        assert await world.get(cookie="triage_author=Ada") == b'<input value="Ada">1'
        hostile = await world.get(cookie="triage_author=%22%3E%3Cscript%3E")
        assert hostile == b'<input value="&quot;&gt;&lt;script&gt;">1'
        assert await world.get() == b'<input value="">1'
        packed = await world.get(cookie="triage_author=Eve", accept_encoding="gzip")
        assert gzip.decompress(packed) == b'<input value="Eve">1'

    asyncio.run(look())


def test_a_long_page_is_sent_compressed_where_that_is_taken(world: World) -> None:
    async def look() -> None:
        world.text = "word " * 1000
        plain, packed = await world.get(), await world.get(accept_encoding="gzip, br")
        assert len(packed) < len(plain) / 10
        assert gzip.decompress(packed) == plain

    asyncio.run(look())


@pytest.mark.parametrize(
    ("method", "accept", "is_shared"),
    [("GET", "text/html", True), ("GET", "*/*", True), ("GET", "text/csv", False), ("POST", "text/html", False)],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/changes", "/incidents/INC-1"])
def test_only_a_page_that_is_shared_has_a_gap_for_the_name(
    path: str, method: str, accept: str, *, is_shared: bool
) -> None:
    """Nobody fills it in any other, and a form would send it back as a name."""
    headers = [(b"accept", accept.encode()), (b"cookie", b"triage_author=Ada")]
    assert author_for(Request({"type": "http", "method": method, "path": path, "headers": headers})) == (
        AUTHOR_GAP if is_shared else "Ada"
    )
