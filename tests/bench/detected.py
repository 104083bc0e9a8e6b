"""What is found of a fault: the passes of a watch over a shop's story, judged by the truth."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from queries import schema
from queries.store import Limits, Store
from tests.bench.figures import percentile
from tests.bench.staged import insert_all
from tests.bench.story import Happened, Story, copied
from triage.demo.post import Post
from triage.incident.book import MemoryBook
from triage.incident.impact import customers_on_rows, hit_by
from triage.incident.model import Incident
from triage.runbook.live import LiveRunbook
from triage.watch import Watch, moments

CALM, HISTORY = "calm", "history"
LEAST_HISTORY = timedelta(minutes=5)
BEFORE = timedelta(minutes=1)
PASS, SPARING_PASS = timedelta(seconds=10), timedelta(seconds=30)
CLOSELY = timedelta(minutes=3)
"""How long passes follow each other as in the service, once a fault has begun; then fewer are enough."""
APART_S = 240
"""How long the first of two faults is on when the second begins."""
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
"""The runbook row and the cause that each fault must be given."""
PAIRS = ("contract-drift + erp-slow", "token-expired + inventory-duplicates")
"""Two faults at a time, in services that have nothing to do with each other."""


@dataclass(frozen=True)
class Found:
    """What became of a story's faults: `delays_s` of those found, and in `false` the titles of other incidents."""

    scenario: str
    seed: int
    faults: int
    delays_s: tuple[float, ...]
    right_rows: int
    right_causes: int
    customers_right: int
    missing: int
    extra: int
    false: tuple[str, ...]
    pass_ms: float
    slow_pass_ms: float


def kept(path: Path) -> list[Found]:
    """What was found before, by this run or another."""
    if not path.exists():
        return []
    return [_read(json.loads(line)) for line in path.read_text().splitlines()]


def history_loaded(history: Sequence[Post], engine: Path, seed: int, watched: bool, kept_in: Path) -> None:
    """Loads what the shop sent before its fault; if `watched`, passes look at it, too."""
    with _opened(engine) as store:
        insert_all(store, history, "history-")
        if not watched:
            return
        opens, ends = (datetime.fromtimestamp(post.at_ns // 10**9, UTC) for post in (history[0], history[-1]))
        incidents, took, _ = _passes(store, moments(opens + LEAST_HISTORY, ends, SPARING_PASS))
        _keep(kept_in, _judged(CALM, seed, incidents, [], [], took))


def replayed(
    story: Story, scenario: str, seed: int, begins_s: float, fault_s: float, engine: Path, kept_in: Path
) -> None:
    """Lets a shop break that has a history, and looks at it."""
    directory, scenarios = engine.with_name(scenario.replace(" + ", "-")), scenario.split(" + ")
    copied(engine, directory)
    try:
        with _opened(directory) as store:
            begin_s = [begins_s + number * APART_S for number in range(len(scenarios))]
            insert_all(store, story.breaks(scenarios, begin_s))
            *begins, ends = (datetime.fromtimestamp(each, UTC) for each in (*begin_s, begins_s + fault_s))
            incidents, took, watch = _passes(store, _moments(begins, ends))
            truths = story.truths()[: len(scenarios)]
            named = [_customers(store, watch, incident, ends + PASS) for incident in incidents]
            _keep(kept_in, _judged(scenario, seed, incidents, truths, named, took))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _opened(directory: Path) -> Iterator[Store]:
    limits = Limits(memory_bytes=2_000_000_000, time_s=300)
    with closing(Store.open(f"chdb://{directory}", handles=1, limits=limits)) as store:
        schema.apply(store)
        yield store


def _moments(begins: Sequence[datetime], ends: datetime) -> Iterator[datetime]:
    """Close to each other around the beginnings of faults, and sparing in between."""
    for moment in moments(begins[0] - BEFORE, ends, PASS):
        is_close = any(-BEFORE <= moment - begun <= CLOSELY for begun in begins)
        if is_close or not moment.timestamp() % SPARING_PASS.total_seconds():
            yield moment


def _passes(store: Store, at: Iterable[datetime]) -> tuple[list[Incident], list[float], Watch]:
    """The incidents, the first opened first, and how long each pass took in ms."""
    book, took = MemoryBook(), []
    watch = Watch(store, book, LiveRunbook(), customers_of=customers_on_rows(store), past=True)
    watch._learned = lambda incident, now: iter(())  # type: ignore[method-assign]  # asked once, in the end
    for now in at:
        started = time.perf_counter()
        watch.look(now)
        took.append((time.perf_counter() - started) * 1000)
    return sorted(book.incidents(), key=lambda each: each.opened_at), took, watch


def _customers(store: Store, watch: Watch, incident: Incident, now: datetime) -> set[str]:
    return {each.customer for each in hit_by(store, incident, now, watch.customers_of, past=True).customers}


def _judged(
    scenario: str,
    seed: int,
    incidents: Sequence[Incident],
    truths: Sequence[Happened],
    named: Sequence[set[str]],
    took: Sequence[float],
) -> Found:
    """Each fault takes the incident of its row and cause, else any that is left; what is left then is false."""
    left, pairs = list(range(len(incidents))), []
    for name, truth in zip(scenario.split(" + "), truths, strict=False):
        row, cause = RIGHT[name]
        told = [(incidents[place].answer.row, incidents[place].answer.cause) for place in left]
        fitting = sorted(zip(left, told, strict=True), key=lambda each: (each[1] != (row, cause), each[1][0] != row))
        if fitting and incidents[fitting[0][0]].opened_at >= truth.first:
            left.remove(fitting[0][0])
            pairs.append((row, cause, truth, incidents[fitting[0][0]], named[fitting[0][0]]))
    return Found(
        scenario,
        seed,
        len(truths),
        tuple((one.opened_at - truth.first).total_seconds() for _, _, truth, one, _ in pairs),
        sum(one.answer.row == row for row, _, _, one, _ in pairs),
        sum(one.answer.cause == cause for _, cause, _, one, _ in pairs),
        sum(truth.customers == customers for _, _, truth, _, customers in pairs),
        sum(len(truth.customers - customers) for _, _, truth, _, customers in pairs),
        sum(len(customers - truth.customers) for _, _, truth, _, customers in pairs),
        tuple(f"{incidents[place].opened_at:%a %H:%M:%S} {incidents[place].title}" for place in left),
        round(median(took), 1),
        round(percentile(took, 99), 1),
    )


def _keep(path: Path, found: Found) -> None:
    with path.open("a") as file:
        file.write(json.dumps(asdict(found)) + "\n")


def _read(told: dict[str, object]) -> Found:
    lists = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
    return Found(**(told | lists))  # type: ignore[arg-type]  # what was written by _keep
