"""Passes of all detectors: how long one takes over many services, and whether memory grows over a day of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from queries import schema
from queries.store import Limits, Store
from tests.bench.figures import Figure, Target, middle
from tests.bench.scale import Scale
from tests.bench.usage import Usage, measured
from triage.detectors import symptoms_at

NOW = datetime(2026, 9, 22, 14, 0, tzinfo=UTC)
MANY, FEW = (200, 20), (10, 6)
"""Services, and operations of each."""
LOOKS = 10
HOUR = (Path(__file__).parent / "hour_of_services.sql").read_text()
A_PASS, GROWTH = Target(2000), Target(1.05)


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """Both; memory over an hour's rollups of few services, looked at again and again."""
    with _filled(scratch / "passes-many", *MANY) as store:
        took = [_pass(store, NOW - timedelta(seconds=10 * number)) for number in range(LOOKS)]
        what = f"{MANY[0]} services with {MANY[1]} operations: a pass"
        yield middle("passes", what, [each.clock_s * 1000 for each in took], "ms", A_PASS)
        yield middle("passes", f"{what}, processor time", [each.cpu_s * 1000 for each in took], "ms")
    with _filled(scratch / "passes-few", *FEW) as store:
        warm, memory = scale.passes // 10, list[float]()
        for number in range(scale.passes):
            symptoms_at(store.ask, NOW - timedelta(seconds=10 * (number % 60)))
            if number >= warm:
                memory.append(_resident_mb())
        first, last = max(memory[:warm]), max(memory[-warm:])
        yield Figure("passes", "memory after the first tenth", first, "MB")
        yield Figure("passes", f"memory after {scale.passes} passes", last / first, "times", target=GROWTH)


def _filled(directory: Path, services: int, operations: int) -> closing[Store]:
    limits = Limits(memory_bytes=2_000_000_000, time_s=120)
    store = Store.open(f"chdb://{directory}", handles=1, limits=limits)
    schema.apply(store)
    store.command(HOUR, to=NOW, services=services, operations=operations)
    store.command("INSERT INTO services SELECT ServiceName, min(Time), max(Time) FROM red GROUP BY ServiceName")
    return closing(store)


def _pass(store: Store, now: datetime) -> Usage:
    return measured(1, lambda: _look(store, now))


def _look(store: Store, now: datetime) -> None:
    symptoms_at(store.ask, now)


def _resident_mb() -> float:
    match = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert match
    return int(match[1]) / 1000
