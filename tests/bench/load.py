"""Loading: OTLP segments become rows of every table, against the same rows sent already decoded.

Both go into the same tables with the same views on them, with merges stopped, in turns, each with as many handles as
serve it best.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median

from clickhouse_connect.driver.client import Client

from queries.connection import connect
from queries.store import LOADING, SETTINGS, Store
from tests.bench.engine import LIMITS, empty, opened, stop_merges, tokens, wait_for_merges
from tests.bench.figures import Figure, Target, middle
from tests.bench.scale import Scale
from tests.bench.shop import Telemetry, busy_shop
from tests.bench.usage import Usage, in_threads, measured

COSTS = Target(2.5)
RATE = Target(0.35, at_most=False)
METRICS = tuple(f"otel_metrics_{kind}" for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary"))
TABLES = {"traces": ("otel_traces",), "logs": ("otel_logs",), "metrics": METRICS}
ROWS = {"traces": "spans", "logs": "log records", "metrics": "data points"}

Job = Callable[[], None]


@dataclass(frozen=True)
class Decoded:
    """The rows of one segment as ClickHouse's Native format, by table."""

    rows: int
    native: dict[str, bytes]


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """Spans with their targets; log records and metric points for comparison."""
    telemetry = busy_shop(scale.segment_spans * scale.segments, time.time() - 3600)
    for signal in TABLES:
        with opened(scratch / f"load-{signal}", handles=max(scale.handles)) as store:
            yield from _signal(store, signal, _segments(telemetry, signal, scale), scale)


def loading_rate(scratch: Path, telemetry: Telemetry, scale: Scale) -> list[float]:
    """Spans a second by the clock, merges stopped, with the number of handles that serves it best; of each round."""
    segments = telemetry.segments("traces")
    with opened(scratch, handles=max(scale.handles)) as store:
        rates = {handles: list[float]() for handles in scale.handles}
        for _ in range(scale.rounds):
            for handles in scale.handles:
                used = _with_merges_stopped(store, telemetry.spans, handles, _loads(store, "traces", segments))
                rates[handles].append(used.rows_per_s)
    return max(rates.values(), key=median)


def _segments(telemetry: Telemetry, signal: str, scale: Scale) -> list[bytes]:
    """There are fewer log records and metrics: these come again, and make smaller segments."""
    if signal == "traces":
        return telemetry.segments(signal)
    return telemetry.repeated(signal, scale.segments, scale.other_segment_bytes)


def _signal(store: Store, signal: str, segments: list[bytes], scale: Scale) -> Iterator[Figure]:
    decoded = [_decode(store, signal, segment) for segment in segments]
    rows = sum(each.rows for each in decoded)
    used: dict[tuple[str, int], list[Usage]] = {}
    with _clients(store, len(decoded)) as clients:
        ways = {"OTLP": _loads(store, signal, segments), "decoded": _inserts(clients, decoded)}
        for jobs in ways.values():
            _with_merges_stopped(store, rows, max(scale.handles), jobs)  # warms up
        for handles, _ in product(scale.handles, range(scale.rounds)):
            for way, jobs in ways.items():
                used.setdefault((way, handles), []).append(_with_merges_stopped(store, rows, handles, jobs))
    for (way, handles), usages in used.items():
        name = f"load {signal}, {way}, {handles} handle{'s' if handles > 1 else ''}"
        yield middle("load", name, [usage.cpu_s_per_million for usage in usages], f"CPU s/million {ROWS[signal]}")
        yield middle("load", name, [usage.rows_per_s for usage in usages], f"{ROWS[signal]}/s")
    yield from _ratios(signal, used)
    yield _merging(store, signal, rows, ways["OTLP"], used, scale)


def _ratios(signal: str, used: dict[tuple[str, int], list[Usage]]) -> Iterator[Figure]:
    """OTLP against decoded, each with the number of handles that serves it best."""
    cheapest = {way: _best(used, way, lambda usage: -usage.cpu_s_per_million) for way in ("OTLP", "decoded")}
    fastest = {way: _best(used, way, lambda usage: usage.rows_per_s) for way in ("OTLP", "decoded")}
    judged = signal == "traces"
    pairs = zip(used["OTLP", cheapest["OTLP"]], used["decoded", cheapest["decoded"]], strict=True)
    yield middle(
        "load",
        f"load {signal}: CPU, OTLP against decoded",
        [otlp.cpu_s_per_million / decoded.cpu_s_per_million for otlp, decoded in pairs],
        "times",
        COSTS if judged else None,
        f"{cheapest['OTLP']} and {cheapest['decoded']} handles",
    )
    pairs = zip(used["OTLP", fastest["OTLP"]], used["decoded", fastest["decoded"]], strict=True)
    yield middle(
        "load",
        f"load {signal}: rate, OTLP against decoded",
        [otlp.rows_per_s / decoded.rows_per_s for otlp, decoded in pairs],
        "times",
        RATE if judged else None,
        f"{fastest['OTLP']} and {fastest['decoded']} handles",
    )


def _best(used: dict[tuple[str, int], list[Usage]], way: str, good: Callable[[Usage], float]) -> int:
    """The number of handles whose median is best."""
    medians = {handles: median(map(good, usages)) for (of, handles), usages in used.items() if of == way}
    return max(medians, key=lambda handles: medians[handles])


def _merging(
    store: Store, signal: str, rows: int, jobs: list[Job], used: dict[tuple[str, int], list[Usage]], scale: Scale
) -> Figure:
    """What merges cost on top: with them running until they are done, less what loading takes without."""
    handles = _best(used, "OTLP", lambda usage: -usage.cpu_s_per_million)
    without = median(usage.cpu_s_per_million for usage in used["OTLP", handles])
    costs = []
    for _ in range(scale.rounds):
        empty(store)

        def load_and_merge() -> None:
            in_threads(handles, jobs)
            wait_for_merges(store)

        costs.append(measured(rows, load_and_merge).cpu_s_per_million - without)
    return middle("load", f"load {signal}: merges, on top", costs, f"CPU s/million {ROWS[signal]}")


def _with_merges_stopped(store: Store, rows: int, handles: int, jobs: list[Job]) -> Usage:
    empty(store)
    stop_merges(store)
    used = measured(rows, lambda: in_threads(handles, jobs))
    empty(store)
    return used


def _loads(store: Store, signal: str, segments: list[bytes]) -> list[Job]:
    return [partial(_load, store, signal, segment) for segment in segments]


def _load(store: Store, signal: str, segment: bytes) -> None:
    store.insert(signal, segment, next(tokens))


def _decode(store: Store, signal: str, segment: bytes) -> Decoded:
    """The rows that a segment becomes."""
    empty(store)
    _load(store, signal, segment)
    with _clients(store, 1) as (client,):
        counts = {table: int(str(client.command(f"SELECT count() FROM {table}"))) for table in TABLES[signal]}
        native = {
            table: client.raw_query(f"SELECT * FROM {table} SETTINGS max_threads = 1", fmt="Native")
            for table, rows in counts.items()
            if rows
        }
    return Decoded(sum(counts.values()), native)


def _inserts(clients: list[Client], decoded: list[Decoded]) -> list[Job]:
    """The same work with rows already decoded."""

    def insert(number: int) -> None:
        for table, native in decoded[number].native.items():
            token = {"insert_deduplication_token": next(tokens)}
            clients[number].raw_insert(table, insert_block=native, fmt="Native", settings=LOADING | token)

    return [partial(insert, number) for number in range(len(decoded))]


@contextmanager
def _clients(store: Store, number: int) -> Iterator[list[Client]]:
    """Handles as the store's own are."""
    settings = {**SETTINGS, "max_threads": LIMITS.threads, "max_memory_usage": LIMITS.memory_bytes}
    with ExitStack() as stack:
        yield [
            stack.enter_context(closing(connect(store.dsn, store.database, settings, answer_within_s=LIMITS.time_s)))
            for _ in range(number)
        ]
