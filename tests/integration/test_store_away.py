"""A server that is killed and stays away: what was accepted waits, and is there once when it is back."""

import asyncio
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.kept import Kept
from collectors.kinds import Kind
from collectors.loader import Backoff, Loader
from collectors.quarantine import Quarantine
from collectors.segments import Limits, SegmentLog
from queries import schema
from queries.store import Store
from tests.integration.conftest import HttpEngine
from tests.integration.crash_sender import MAKERS
from tests.integration.exactly_once import differences

pytestmark = pytest.mark.integration

TABLES = {Kind.TRACES: "otel_traces", Kind.LOGS: "otel_logs", Kind.METRICS: "otel_metrics_gauge"}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[HttpEngine]:
    """A server of the test's own, to be killed."""
    engine = HttpEngine(tmp_path / "clickhouse")
    yield engine
    engine.kill()


@pytest.fixture
def store(engine: HttpEngine) -> Iterator[Store]:
    store = Store.open(engine.dsn)
    schema.apply(store)
    yield store
    store.close()


async def send(log: SegmentLog, seed: int, until: float) -> dict[Kind, int]:
    """Appends requests until then; how many records of each kind were accepted."""
    chance, accepted = random.Random(seed), dict.fromkeys(TABLES, 0)
    while time.monotonic() < until:
        kind, number = chance.choice(list(TABLES)), chance.choice([1, 20, 200])
        await log.append(kind, MAKERS[kind](chance, f"{seed}/{number}", number))
        accepted[kind] += number
        await asyncio.sleep(0.01)
    return accepted


@pytest.mark.timeout(600)
@pytest.mark.parametrize("away_s", [4, pytest.param(60, marks=pytest.mark.full)])
def test_a_server_that_is_killed_while_it_loads_and_stays_away_loses_and_doubles_nothing(
    tmp_path: Path, engine: HttpEngine, store: Store, away_s: float
) -> None:
    """Senders notice nothing of it; the metrics do."""
    log = SegmentLog(tmp_path / "segments", Limits(segment_age_s=0.1))
    quarantine = Quarantine(tmp_path / "quarantine")
    loader = Loader(log, store, Kept(tmp_path / "kept", log.disk), quarantine, away=Backoff(0.05, 1.0))
    accepted = asyncio.run(send(log, 1, time.monotonic() + 3))
    engine.kill()
    more = asyncio.run(send(log, 2, time.monotonic() + away_s))
    assert loader.unavailable
    assert "triage_store_available 0.0" in log.metrics.text().decode()
    assert log.lag_s() > 1
    engine.start()
    log.stop()
    deadline = time.monotonic() + 400
    while len(log.backlog) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert loader.stop(10), log.metrics.last_error
    log.close()
    assert not quarantine.count()
    there = {kind: store.select(f"SELECT count() AS n FROM {table}")["n"][0] for kind, table in TABLES.items()}
    assert there == {kind: accepted[kind] + more[kind] for kind in TABLES}
    assert not differences(store)
