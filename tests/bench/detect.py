"""Detection: each fault of the simulated shop replayed, from the first request that fails to the incident."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure, Target, middle
from tests.bench.scale import Scale
from tests.bench.staged import Staged, staged
from triage.demo.scenarios import SCENARIOS
from triage.incident.book import MemoryBook
from triage.incident.impact import customers_on_rows, hit_by
from triage.incident.model import Incident
from triage.runbook.live import LiveRunbook
from triage.watch import Watch

OPENS_S = 1_790_074_800  # a Tuesday, 11:00
HISTORY_S, FAULT_S, RATE = 7200, 1200, 20.0
CALM_BEFORE = timedelta(minutes=10)
PASS = timedelta(seconds=10)
RIGHT = {
    "gateway-5xx": ("gateway-5xx", "provider-failing"),
    "bad-deploy": ("gateway-5xx", "bad-deploy"),
    "inventory-out-of-order": ("inventory-counts", "event-order"),
    "inventory-duplicates": ("inventory-counts", "no-idempotency"),
    "erp-slow": ("checkout-slow", "erp-sync"),
    "cache-storm": ("checkout-slow", "cache-misses"),
    "token-expired": ("partner-failing", "token-expired"),
    "contract-drift": ("partner-failing", "contract-drift"),
    "kpi-drop": ("kpi-moved", "no-technical-error"),
}
SOON, WORST, KPI_SOON = Target(30), Target(90), Target(900)
ALL, NONE, NEARLY_ALL = Target(1, at_most=False), Target(0), Target(0.95, at_most=False)


@dataclass(frozen=True)
class Found:
    """What became of one fault: None for what was never told."""

    scenario: str
    seed: int
    delay_s: float | None
    row: str
    cause: str
    missing: int
    extra: int
    incidents: int
    pass_ms: tuple[float, ...]

    @property
    def others(self) -> int:
        """Incidents that nothing stands behind."""
        return self.incidents - (self.delay_s is not None)


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """Every scenario with every seed."""
    for scenario in SCENARIOS:
        found = [_found(scenario.name, seed, scratch / "detect") for seed in range(1, scale.detect_seeds + 1)]
        yield from _figures(scenario.name, found)


def _found(scenario: str, seed: int, directory: Path) -> Found:
    try:
        with staged(
            scenario, seed, directory, opens_s=OPENS_S, history_s=HISTORY_S, fault_s=FAULT_S, rate=RATE
        ) as stage:
            return _replayed(scenario, seed, stage)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _replayed(scenario: str, seed: int, stage: Staged) -> Found:
    book, took = MemoryBook(), []
    watch = Watch(stage.store, book, LiveRunbook(), customers_of=customers_on_rows(stage.store), past=True)
    watch._learned = lambda incident, now: iter(())  # type: ignore[method-assign]  # asked once, in the end
    now = stage.begins - CALM_BEFORE
    while now <= stage.ends:
        started = time.perf_counter()
        watch.look(now)
        took.append((time.perf_counter() - started) * 1000)
        now += PASS
    incidents = sorted(book.incidents(), key=lambda each: each.opened_at)
    return _judged(scenario, seed, stage, watch, incidents, took)


def _judged(
    scenario: str, seed: int, stage: Staged, watch: Watch, incidents: Sequence[Incident], took: Sequence[float]
) -> Found:
    ours = [each for each in incidents if each.opened_at >= stage.begins and scenario in RIGHT]
    one = ours[0] if ours else None
    named = _customers(stage, watch, one, stage.ends + PASS) if one else set()
    true = stage.customers if scenario in RIGHT else set()
    return Found(
        scenario,
        seed,
        (one.opened_at - stage.first).total_seconds() if one else None,
        one.answer.row if one else "",
        str(one.answer.cause) if one else "",
        len(true - named),
        len(named - true),
        len(incidents),
        tuple(took),
    )


def _customers(stage: Staged, watch: Watch, incident: Incident, now: datetime) -> set[str]:
    hit = hit_by(stage.store, incident, now, watch.customers_of, past=True)
    return {each.customer for each in hit.customers}


def _figures(scenario: str, found: Sequence[Found]) -> Iterator[Figure]:
    passes = [ms for each in found for ms in each.pass_ms]
    if scenario in RIGHT:
        row, cause = RIGHT[scenario]
        delays = [each.delay_s for each in found if each.delay_s is not None]
        late = scenario == "kpi-drop"
        yield _share(scenario, "detected", [each.delay_s is not None for each in found], ALL)
        if delays:
            limit = KPI_SOON if late else SOON
            yield Figure("detect", f"{scenario}: time to detect", median(delays), "s", tuple(delays), limit)
            yield Figure("detect", f"{scenario}: worst", max(delays), "s", target=KPI_SOON if late else WORST)
        yield _share(scenario, "right row", [each.row == row for each in found], ALL)
        yield _share(scenario, "right cause", [each.cause == cause for each in found], NEARLY_ALL)
        wrong = "; ".join(
            f"seed {each.seed}: {each.missing} missing, {each.extra} more"
            for each in found
            if each.missing or each.extra
        )
        yield _share(
            scenario, "customers as in truth", [not (each.missing or each.extra) for each in found], ALL, wrong
        )
    false = Figure("detect", f"{scenario}: false incidents", sum(each.others for each in found), "", target=NONE)
    yield false
    yield middle("detect", f"{scenario}: a pass", passes, "ms")


def _share(scenario: str, what: str, right: Sequence[bool], target: Target, note: str = "") -> Figure:
    return Figure("detect", f"{scenario}: {what}", sum(right) / len(right), "share", target=target, note=note)
