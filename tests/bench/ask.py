"""Asking: `affected` for an hour among many more, against the raw tables, and with ten times as many spans outside.

The simulated shop's hour is loaded as OTLP; the other hours are copies of it, as other traces of mostly other
customers. Two databases of one engine hold it: `outside`, and `tenth` with a tenth of each other hour; they and the raw
tables are asked in turns.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from queries import catalogue
from queries.store import Store
from tests.bench.engine import opened, tokens, wait_for_merges
from tests.bench.figures import Figure, Target, middle
from tests.bench.scale import Scale
from tests.bench.shop import hour_of_shop
from triage.affected.answer import affected, everyone
from triage.model import Affected, Question

HERE = Path(__file__).parent
COPIES = tuple((HERE / name).read_text() for name in ("copy_hour.sql", "copy_hour_logs.sql"))
RAW = (HERE / "raw_affected.sql").read_text()
RAW_MEMORY = 16_000_000_000
"""What the raw tables' answer may take: among 100 million spans it takes more than ours ever may."""
TOOK = Target(150)
FASTER = Target(8, at_most=False)
SLOWER = Target(1.3)
HOUR = timedelta(hours=1)


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """Fills both databases, and asks."""
    hours = max(1, round(scale.spans / scale.window_spans)) - 1
    after = hours // 2
    from_ = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - (after + 2) * HOUR
    question = Question(from_=from_, to=from_ + HOUR)
    others = [offset for offset in range(after - hours, after + 1) if offset]
    with ExitStack() as stack:
        outside, tenth = (
            stack.enter_context(opened(scratch / "ask", handles=1, database=name)) for name in ("outside", "tenth")
        )
        segments = hour_of_shop(scale.window_spans, from_.timestamp())
        for store, one_in in ((outside, 1), (tenth, 10)):
            for signal in ("traces", "logs"):
                for segment in segments.segments(signal):
                    store.insert(signal, segment, next(tokens))
            _fill(store, question, others, one_in)
        yield from _figures(outside, tenth, question, scale)


def _fill(store: Store, question: Question, others: list[int], one_in: int) -> None:
    """Other hours, before and after: in each, copies of one trace in so many."""
    for hours in others:
        for copy in COPIES:
            store.command(copy, **{"from": question.from_}, to=question.to, hours=hours, one_in=one_in)
    wait_for_merges(store)


def _figures(outside: Store, tenth: Store, question: Question, scale: Scale) -> Iterator[Figure]:
    answer = _agreed(outside, question)
    took: dict[str, list[float]] = {"outside": [], "tenth": [], "raw": []}
    for turn in range(scale.questions + 1):
        times = {"outside": _ms(outside, question), "tenth": _ms(tenth, question), "raw": _raw_ms(outside, question)}
        if turn:  # the first one warms up
            for name, ms in times.items():
                took[name].append(ms)
    spans, fewer = _spans(outside), _spans(tenth)
    found = f"{answer.customers:,} customers, {answer.failures:,} failing spans in {answer.failed_requests:,} requests"
    yield middle("ask", f"`affected` for an hour among {spans:,} spans", took["outside"], "ms", TOOK, found)
    yield middle("ask", f"`affected` for the same among {fewer:,} spans", took["tenth"], "ms")
    yield middle("ask", f"the raw tables asked the same among {spans:,} spans", took["raw"], "ms")
    faster = [raw / ours for raw, ours in zip(took["raw"], took["outside"], strict=True)]
    yield middle("ask", "faster than the raw tables", faster, "times", FASTER)
    slower = [many / few for many, few in zip(took["outside"], took["tenth"], strict=True)]
    yield middle("ask", "slower with ten times as many spans outside", slower, "times", SLOWER)


def _agreed(store: Store, question: Question) -> Affected:
    """The answer, once the raw tables say the same: else they were asked something else."""
    ours = {each.customer: (each.failures, each.outcome.value) for each in everyone(store, question)}
    theirs = {row["Customer"]: (row["Failures"], row["Outcome"]) for row in _raw(store, question).iter_rows(named=True)}
    differing = [name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)]
    if differing:
        kinds = Counter((ours.get(name), theirs.get(name)) for name in differing).most_common(5)
        raise AssertionError(f"{len(differing)} of {len(ours)} customers differ, such as {kinds}")
    return affected(store, question, limit=1)


def _ms(store: Store, question: Question) -> float:
    return affected(store, question).took_ms


def _raw_ms(store: Store, question: Question) -> float:
    started = time.perf_counter()
    _raw(store, question)
    return (time.perf_counter() - started) * 1000


def _raw(store: Store, question: Question) -> pl.DataFrame:
    allowed = f"SETTINGS max_memory_usage = {RAW_MEMORY}"
    return store.select(f"{catalogue.statements(RAW)[0]} {allowed}", **{"from": question.from_}, to=question.to)


def _spans(store: Store) -> int:
    return int(store.select("SELECT count() AS spans FROM otel_traces")["spans"][0])
