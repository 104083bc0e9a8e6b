"""Detection: each fault of the simulated shop replayed, from the first request that fails to the incident.

The history of a seed is lived and loaded once, in a process of its own; each scenario is a fork of it.
"""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from statistics import median

from tests.bench.detected import CALM, HISTORY, PAIRS, RIGHT, Found, history_loaded, kept, replayed
from tests.bench.figures import Figure, Target, percentile
from tests.bench.scale import Scale
from tests.bench.story import Story

OPENS_S = 1_790_074_800  # a Tuesday, 11:00
HISTORY_S, FAULT_S, RATE = 7200, 1200, 20.0
AT_A_TIME = 2
SCENARIOS = (CALM, *RIGHT, *PAIRS)
SOON, WORST, KPI_SOON = Target(30), Target(90), Target(900)
ALL, NONE, NEARLY_ALL = Target(1, at_most=False), Target(0), Target(0.95, at_most=False)


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """Every scenario with every seed that is not in the file of what was found before."""
    kept_in = scale.kept or scratch / "detect.jsonl"
    for seed in scale.detect_seeds:
        done = {(each.scenario, each.seed) for each in kept(kept_in)}
        todo = [name for name in SCENARIOS if (name, seed) not in done]
        if todo:
            _joined(multiprocessing.get_context("spawn").Process(target=_seed, args=(seed, todo, scratch, kept_in)))
    found = [each for each in kept(kept_in) if each.seed in scale.detect_seeds]
    for scenario in SCENARIOS:
        if of_scenario := [each for each in found if each.scenario == scenario]:
            yield from _figures(scenario, of_scenario)


def _seed(seed: int, scenarios: Sequence[str], scratch: Path, kept_in: Path) -> None:
    """Runs in a process that has no engine, so that it may be forked."""
    directory = scratch / f"detect-{seed}"
    begins_s = OPENS_S + HISTORY_S
    story = Story(seed, OPENS_S, begins_s + FAULT_S, RATE)
    engine = directory / HISTORY
    fork = multiprocessing.get_context("fork").Process
    try:
        directory.mkdir()
        history = list(story.history(begins_s))
        _joined(fork(target=history_loaded, args=(history, engine, seed, CALM in scenarios, kept_in)))
        history.clear()
        waiting = [
            fork(target=replayed, args=(story, name, seed, begins_s, FAULT_S, engine, kept_in))
            for name in scenarios
            if name != CALM
        ]
        while waiting:
            together, waiting = waiting[:AT_A_TIME], waiting[AT_A_TIME:]
            _joined(*together)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _joined(*processes: BaseProcess) -> None:
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError("a process of the benchmark failed: see above")


def _figures(scenario: str, found: Sequence[Found]) -> Iterator[Figure]:
    """Those of a scenario: a row of the table."""

    def figure(what: str, value: float, unit: str = "", target: Target | None = None, note: str = "") -> Figure:
        return Figure("detect", f"{scenario}: {what}", value, unit, target=target, note=note)

    if scenario != CALM:
        delays = tuple(delay for each in found for delay in each.delays_s)
        faults = sum(each.faults for each in found)
        late = scenario == "kpi-drop"
        yield figure("detected", len(delays) / faults, "share", ALL)
        if delays:
            told = figure("median", median(delays), "s", KPI_SOON if late else SOON)
            yield replace(told, samples=delays)
            yield figure("worst", max(delays), "s", KPI_SOON if late else WORST)
        yield figure("right row", sum(each.right_rows for each in found) / faults, "share", ALL)
        yield figure("right cause", sum(each.right_causes for each in found) / faults, "share", NEARLY_ALL)
        wrong = "; ".join(
            f"seed {each.seed}: {each.missing} missing, {each.extra} more"
            for each in found
            if each.missing or each.extra
        )
        yield figure("customers", sum(each.customers_right for each in found) / faults, "share", ALL, wrong)
    false = "; ".join(f"seed {each.seed}: {told}" for each in found for told in each.false)
    yield figure("false", sum(len(each.false) for each in found), "", NONE, false)
    yield figure("a pass", median([each.pass_ms for each in found]), "ms")
    yield figure("p99", percentile([each.slow_pass_ms for each in found], 50), "ms")
    yield figure("seeds", len(found))
