"""What changed, told to all who follow, whoever wrote it: on the real engine."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from starlette.testclient import TestClient

from dashboards import pulse as pulses
from dashboards.app import create_app
from dashboards.pulse import Pulse
from queries import schema
from queries.store import Store
from tests.symptoms import Passes, gateway_errors
from triage.incident.book import StoredBook

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def own_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with closing(Store.open(f"chdb://{tmp_path_factory.mktemp('events')}/clickhouse", handles=1)) as store:
        schema.apply(store)
        yield store


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asks more often, so that nobody waits."""
    monkeypatch.setattr(pulses, "ASK_EVERY_S", 0.05)


@dataclass(frozen=True)
class Heard:
    """A piece of news as it came over the wire."""

    id: str
    event: str
    data: dict[str, str]


async def heard(following: AsyncIterator[bytes], event: str) -> Heard:
    """The next of its kind."""
    async for written in following:
        fields = dict(line.split(": ", 1) for line in written.decode().strip().splitlines() if not line.startswith(":"))
        if fields.get("event") == event:
            return Heard(fields["id"], event, json.loads(fields["data"]))
    raise AssertionError("it ended")


def opened(store: Store, service: str) -> str:
    """An incident, written as another process would."""
    passes = Passes()
    passes.look(30, gateway_errors(service))
    StoredBook(store).write(list(passes.book.events.values()))
    return passes.only.id


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
