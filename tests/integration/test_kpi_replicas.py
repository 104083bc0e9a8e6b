"""Replicas that report a counter under one name are told apart by when they began, and all that they count counts."""

from datetime import UTC, datetime, timedelta

import pytest

from queries.store import Store, varint
from tests.counters import CUMULATIVE, DELTA, Counter, Point
from tests.integration.otlp import token
from triage.kpi.figures import Kind, Kpi, Signal, Source
from triage.kpi.values import measured
from triage.window import Window

pytestmark = pytest.mark.integration

T0 = int(datetime.now(UTC).timestamp()) // 3600 * 3600 - 6 * 3600
DAYS = 2 * 86400


def grown(store: Store, name: str, temporality: int, *points: Point) -> list[float]:
    """What a counter grew by in each of the first ten minutes."""
    body = Counter(name, temporality, points).request(T0).SerializeToString()
    store.insert("metrics", varint(len(body)) + body, token())
    opens = datetime.fromtimestamp(T0, UTC)
    kpi = Kpi(name, Kind.SUM, Source(Signal.METRIC, name), "1")
    found = measured(store.ask, kpi, Window(opens, opens + timedelta(minutes=10)))
    return [part for part, _ in found.values()]


def process(start: int, times: range, value: float) -> list[Point]:
    """A process whose counter grows by five every ten seconds, nothing of it told apart from another's."""
    return [Point("web", start, time, value + 5 * place) for place, time in enumerate(times)]


def test_a_second_replica_adds_what_it_counts(own_store: Store) -> None:
    """Its small counter beside the large one of the first is no fall, and the large one no growth."""
    first = process(-DAYS, range(-60, 600, 10), 1_700_000)
    second = process(300, range(305, 600, 10), 5)
    assert grown(own_store, "replicas", CUMULATIVE, *first, *second) == [30] * 5 + [60] * 5


def test_replicas_that_report_at_one_moment_both_count(own_store: Store) -> None:
    """Be they cumulative or not: only what was received twice counts once."""
    first, second = (process(start, range(-60, 600, 10), 1000) for start in (-DAYS, -DAYS + 1))
    assert grown(own_store, "moment", CUMULATIVE, *first, *second, *second) == [60] * 10
    deltas = [Point("web", time - ago, time, 5) for time in range(0, 600, 10) for ago in (10, 9, 9)]
    assert grown(own_store, "deltas", DELTA, *deltas) == [60] * 10


def test_a_process_that_began_anew_counts_from_its_start(own_store: Store) -> None:
    """Also while the old one still reports, as in a rolling deploy, and where the new one soon has counted more."""
    old = process(-DAYS, range(-60, 240, 10), 20)
    new = process(200, range(205, 600, 10), 5)
    assert sum(grown(own_store, "anew", CUMULATIVE, *old, *new)) == 5 * 24 + 5 * 40


def test_a_counter_that_was_reported_as_deltas_goes_on_from_nothing(own_store: Store) -> None:
    """Where nobody knows when it began, its first value is no growth; what it grew by after that is."""
    deltas = [Point("web", time - 10, time, 5) for time in range(0, 300, 10)]
    assert grown(own_store, "switched", DELTA, *deltas) == [30] * 5
    found = grown(own_store, "switched", CUMULATIVE, *process(300, range(300, 600, 10), 1_000_000))
    assert found == [30] * 5 + [25] + [30] * 4
