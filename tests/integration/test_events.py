"""What changed, told to all who follow, whoever wrote it: on the real engine."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from collectors.sources.events import Change, line
from dashboards import pulse as pulses
from dashboards.app import create_app
from dashboards.pulse import Pulse
from queries.errors import StoreUnavailable
from queries.store import Store
from tests.integration.otlp import T0, token
from tests.symptoms import Passes, gateway_errors
from triage.incident.book import StoredBook

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asks more often, so that nobody waits."""
    monkeypatch.setattr(pulses, "ASK_EVERY_S", 0.05)


@pytest.fixture(autouse=True)
def emptied(own_store: Store) -> None:
    for table in ("changes", "incident_events"):
        own_store.command(f"TRUNCATE TABLE {table}")


@dataclass(frozen=True)
class Heard:
    """A piece of news as it came over the wire."""

    id: str
    event: str
    data: dict[str, str]


async def heard(following: AsyncIterator[bytes], event: str) -> Heard:
    """The next of its kind."""
    async for news in all_heard(following):
        if news.event == event:
            return news
    raise AssertionError("it ended")


async def all_heard(following: AsyncIterator[bytes]) -> AsyncIterator[Heard]:
    """All of it, to the end."""
    async for written in following:
        lines = (each for each in written.decode().strip().splitlines() if not each.startswith(":"))
        fields = dict(each.split(": ", 1) for each in lines)
        if "event" in fields:
            yield Heard(fields["id"], fields["event"], json.loads(fields["data"]))


def opened(store: Store, service: str) -> str:
    """An incident, written as another process would."""
    passes = Passes()
    passes.look(30, gateway_errors(service))
    StoredBook(store).write(list(passes.book.events.values()))
    return passes.only.id


def changed(store: Store, times: int) -> None:
    """Changes, told at once."""
    told = (Change(id=token(), time_ns=T0, kind="deploy", source="api") for _ in range(times))
    store.insert("events", b"".join(line(each) + b"\n" for each in told), token())


def test_who_follows_is_told_and_who_comes_back_is_told_what_they_missed(own_store: Store) -> None:
    """By the id of the last piece of news that they had; nobody's connection holds the only handle."""

    async def run() -> None:
        pulse = Pulse(own_store)
        one, other = pulse.follow(), pulse.follow()
        waiting = asyncio.create_task(heard(other, "incident"))
        first = asyncio.create_task(heard(one, "incident"))
        await asyncio.sleep(0.3)
        id_ = await asyncio.to_thread(opened, own_store, "payment")
        told = await asyncio.wait_for(first, 20)
        assert told.data["incident"] == id_
        assert (await asyncio.wait_for(waiting, 20)).id == told.id
        later = await asyncio.wait_for(heard(one, "incident"), 20)
        again = await asyncio.wait_for(heard(pulse.follow(told.id), "incident"), 20)
        assert again == later
        unknown = await asyncio.wait_for(heard(pulse.follow("gone-7"), "reset"), 20)
        assert unknown.data == {}

    asyncio.run(run())


def test_the_only_one_who_follows_comes_back_and_is_told_that_news_were_missed(own_store: Store) -> None:
    """Nobody looked meanwhile."""

    async def run() -> None:
        pulse = Pulse(own_store)
        following = pulse.follow()
        last = await asyncio.wait_for(heard(following, "pass"), 20)
        await following.aclose()  # type: ignore[attr-defined]  # it is a generator
        await asyncio.to_thread(opened, own_store, "stock")
        assert (await asyncio.wait_for(heard(pulse.follow(last.id), "reset"), 20)).data == {}

    asyncio.run(run())


def test_who_comes_is_told_what_was_written_just_before(own_store: Store) -> None:
    """The page that they have may have been made earlier."""

    async def run() -> None:
        id_ = await asyncio.to_thread(opened, own_store, "search")
        told = await asyncio.wait_for(heard(Pulse(own_store).follow(), "incident"), 20)
        assert told.data["incident"] == id_

    asyncio.run(run())


def test_what_was_written_while_the_store_gave_no_answer_is_told_once_it_does(
    own_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long that was."""
    monkeypatch.setattr(pulses, "OVERLAP", timedelta(seconds=0.1))

    def refuse(*_: object, **__: object) -> None:
        raise StoreUnavailable("the store is away")

    async def run() -> None:
        following = Pulse(own_store).follow()
        await asyncio.wait_for(heard(following, "pass"), 20)
        with monkeypatch.context() as away:
            away.setattr(own_store, "ask", refuse)
            id_ = await asyncio.to_thread(opened, own_store, "mail")
            await asyncio.sleep(1)
        assert (await asyncio.wait_for(heard(following, "incident"), 20)).data["incident"] == id_

    asyncio.run(run())


def test_more_at_once_than_can_be_told_is_told_as_news_missed(own_store: Store) -> None:
    """And whoever follows is not let go for it."""

    async def run() -> None:
        following = Pulse(own_store).follow()
        await asyncio.wait_for(heard(following, "pass"), 20)
        await asyncio.to_thread(opened, own_store, "ledger")
        await asyncio.to_thread(changed, own_store, 1500)
        await asyncio.wait_for(heard(following, "reset"), 20)

    asyncio.run(run())


def test_who_reads_too_slowly_is_let_go_and_told_all_of_it_when_they_come_back(own_store: Store) -> None:
    """Nothing in the middle is left out."""

    async def run() -> None:
        pulse = Pulse(own_store)
        slow, fast = pulse.follow(), pulse.follow()
        last, _ = await asyncio.wait_for(asyncio.gather(heard(slow, "pass"), heard(fast, "pass")), 20)
        told: list[Heard] = []
        for _ in range(3):
            await asyncio.to_thread(changed, own_store, 50)
            told += [await asyncio.wait_for(heard(fast, "change"), 20) for _ in range(50)]
        known = [news async for news in all_heard(slow) if news.event == "change"]
        back = pulse.follow((known or [last])[-1].id)
        known += [await asyncio.wait_for(heard(back, "change"), 20) for _ in range(150 - len(known))]
        assert known == told

    asyncio.run(run())


def test_a_pass_is_told_and_nothing_is_asked_when_nobody_listens(own_store: Store) -> None:
    """The question ends with the last who follows."""

    async def run() -> None:
        passed = [1.0]
        pulse = Pulse(own_store, lambda: passed[0])
        following = pulse.follow()
        assert await asyncio.wait_for(heard(following, "pass"), 20)
        passed[0] = 2.0
        assert await asyncio.wait_for(heard(following, "pass"), 20)
        await following.aclose()  # type: ignore[attr-defined]  # it is a generator
        assert pulse._task is None

    asyncio.run(run())


def test_the_service_lets_everybody_go(own_store: Store) -> None:
    """When it stops, no connection holds it up."""

    async def run() -> None:
        pulse = Pulse(own_store)
        following = pulse.follow()
        asyncio.get_running_loop().call_later(0.2, pulse.stop)
        await asyncio.wait_for(_to_the_end(following), 10)

    asyncio.run(run())


async def _to_the_end(following: AsyncIterator[bytes]) -> None:
    async for _ in following:
        pass


def test_one_too_many_is_told_to_come_later(own_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the protocol's words."""
    monkeypatch.setattr(pulses, "MOST_LISTENERS", 0)
    app = create_app(own_store, metrics=str, ready=lambda: None)
    answer = TestClient(app, base_url="http://127.0.0.1").get("/api/v1/events")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
