"""A million affected customers: a page of them, and all as CSV, within the memory that a query may use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from queries import schema
from queries.store import Store
from tests.bench.engine import wait_for_merges
from tests.bench.figures import Figure, Target
from tests.bench.scale import Scale
from triage.affected.answer import affected
from triage.affected.csv_file import everyone_csv
from triage.affected.sheet import Sheet
from triage.model import Question

FILL = (Path(__file__).parent / "million.sql").read_text()
AT_A_TIME = 200_000
FAST = Target(50_000, at_most=False)


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """Fills a store that has the usual limits, and asks it."""
    with closing(Store.open(f"chdb://{scratch / 'million'}", handles=2)) as store:
        schema.apply(store)
        for first in range(0, scale.customers, AT_A_TIME):
            store.command(FILL, first=first, many=min(AT_A_TIME, scale.customers - first))
        wait_for_merges(store)
        now = datetime.now(UTC)
        question = Question(from_=now - timedelta(hours=1), to=now, as_of=now)
        answer = affected(store, question)
        if answer.customers != scale.customers:
            raise AssertionError(f"{answer.customers:,} of {scale.customers:,} customers were found")
        yield Figure("million", f"a page of {answer.customers:,} customers", answer.took_ms / 1000, "s")
        yield from _csv(store, question, now)


def _csv(store: Store, question: Question, now: datetime) -> Iterator[Figure]:
    started = time.perf_counter()
    pieces = everyone_csv(store, question, Sheet.of(question, now))
    next(pieces)
    answered = time.perf_counter()
    lines = sum(piece.count("\r\n") for piece in pieces)
    written = time.perf_counter()
    yield Figure("million", "CSV: until its first line", answered - started, "s")
    yield Figure("million", "CSV: then", lines / (written - answered), "customers/s", target=FAST)
    yield Figure("million", "CSV: with the answer", lines / (written - started), "customers/s")
