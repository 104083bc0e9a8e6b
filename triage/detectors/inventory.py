"""Rows that can't be right: written over later ones, applied twice, below nothing, or missing; and whom they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import polars as pl

from triage.detectors.rates import LEAST_FAILURES, RECENT_S, SURE, Excess, Rates
from triage.detectors.wording import clock, name, windowed
from triage.symptom import Ask, Cause, Severity, Symptom
from triage.window import Window

LOOKBACK = timedelta(hours=2)


@dataclass(frozen=True)
class Wrong:
    """A way in which changes are wrong: its name in rows_concerned.sql, and what it says."""

    kind: str
    cause: Cause
    says: str


KINDS = {
    "stale_changes": Wrong("stale", Cause.EVENT_ORDER, "write over a later change of the same row"),
    "repeated_changes": Wrong(
        "again", Cause.NO_IDEMPOTENCY, "apply what was applied already (the same idempotency key)"
    ),
    "changes_below_zero": Wrong("below", Cause.OVERSOLD, "leave less than nothing in stock"),
    "missing_changes": Wrong("missing", Cause.LOST_EVENTS, "follow on a change that never came (a number is left out)"),
}
"""By their column in row_changes.sql, the one that explains most first: what is out of order leaves gaps, too."""


def inventory(window: Window, ask: Ask) -> Iterator[Symptom]:
    """One symptom for each connector whose row changes contradict each other."""
    rows = ask("detect/row_changes", least=LEAST_FAILURES, **{"from": window.from_}, to=window.to)
    for row in rows.iter_rows(named=True):
        counts = {column: int(row[column]) for column in KINDS}
        column = _leading(counts)
        rates = _rates(row, column, window)
        excess = rates.excess
        if excess.failures < LEAST_FAILURES or excess.surprise < SURE:
            continue
        yield from _symptom(window, ask, row, KINDS[column], rates, excess)


def rows_concerned(ask: Ask, symptom: Symptom, as_of: datetime) -> pl.DataFrame:
    """The rows that a symptom of `inventory` is about, a row each with the `customer` named (or ''); see the query."""
    return ask(
        "incidents/rows_concerned",
        before=symptom.from_ - LOOKBACK,
        **{"from": symptom.from_},
        to=symptom.to or as_of,
        as_of=as_of,
        connector=symptom.subject["connector"],
        kind=symptom.labels["kind"],
    )


def _leading(counts: Mapping[str, int]) -> str:
    """What is wrong with most; stock below zero and gaps only where nothing else explains them."""
    first = max(("stale_changes", "repeated_changes"), key=lambda column: counts[column])
    if counts[first]:
        return first
    return "changes_below_zero" if counts["changes_below_zero"] else "missing_changes"


def _rates(row: Mapping[str, object], column: str, window: Window) -> Rates:
    errors = {"changes_below_zero": "below", "missing_changes": "gaps"}.get(column, "errors")
    return Rates.of({**row, "errors": row[errors]}, window.to)


def _symptom(
    window: Window, ask: Ask, row: Mapping[str, object], wrong: Wrong, rates: Rates, excess: Excess
) -> Iterator[Symptom]:
    connector = str(row["connector"])
    since = window.to - timedelta(seconds=RECENT_S)
    found = Symptom(
        detector="inventory",
        subject={"connector": connector},
        from_=window.from_,
        to=window.to,
        severity=Severity.CRITICAL,
        sentence="",
        value=excess.ratio,
        usual=excess.usual,
        unit="ratio",
        cause=wrong.cause,
        suspect=connector,
        services=frozenset({connector}),
        labels={"table": str(row["worst_table"]), "kind": wrong.kind},
    )
    frame = rows_concerned(ask, found, window.to)
    times = [_utc(time) for time in frame["time"]] if frame.height else []
    if not times or times[-1] < since - timedelta(seconds=RECENT_S):
        return
    first = _first(times)
    yield replace(
        found,
        from_=first,
        to=None if rates.is_ongoing else times[-1] + timedelta(microseconds=1),
        sentence=(
            f"Counts of {name(connector)} can't be right: in {windowed(excess.window_s)} {excess.failures} of "
            f"{excess.requests} row changes {wrong.says}, since {clock(first)}"
        ),
        because=_because(frame.filter(pl.col("time") >= frame["time"][times.index(first)]), wrong),
    )


def _first(times: list[datetime]) -> datetime:
    """When the run that reaches to the end began: before it, nothing was wrong for ten minutes."""
    place = len(times) - 1
    while place and times[place] - times[place - 1] < timedelta(minutes=10):
        place -= 1
    return times[place]


def _because(frame: pl.DataFrame, wrong: Wrong) -> str:
    tables = ", ".join(name(table) for table in sorted(set(frame["changed_table"]))[:3])
    return f"{frame.height} changes of {frame['key'].n_unique()} rows in {tables} {wrong.says}"


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
