"""Rows that can't be right: written over later ones, applied twice, below nothing, missing, or at odds with others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from triage.chance import SURE
from triage.detectors.rates import LEAST_FAILURES, RECENT_S, Excess, Rates, best_third
from triage.detectors.wording import clock, name, out_of, windowed
from triage.rows.concerned import rows_concerned, utc
from triage.rows.kinds import OPEN, with_kinds
from triage.symptom import Ask, Cause, Severity, Symptom
from triage.window import Window


@dataclass(frozen=True)
class Wrong:
    """A way in which changes are wrong: its kind, as rows_concerned.sql knows it, and what it says."""

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

AT_MOST = {
    "detect/row_changes": "detect/may_contradict",
    "detect/open_transactions": "detect/may_be_open",
    "detect/disagreements": "detect/may_disagree",
}
"""What says how much each question can find."""

APART = 0.25
"""The share of rows on which two systems that hold the same may be apart when they agree best."""

INCOMPLETE = Wrong(OPEN, Cause.LOST_EVENTS, "ended without all of the changes that the database counts in them")
DISAGREE = Wrong("disagree", Cause.SYSTEMS_DISAGREE, "no longer come to the same")
ABSENT = Wrong("absent", Cause.LOST_EVENTS, "are in one system and never came to the other")


def inventory(window: Window, ask: Ask) -> Iterator[Symptom]:
    """One symptom for each connector whose row changes contradict each other or do not come whole.

    And for each two whose rows disagree, where what one of them wrote does not explain it.
    """
    if not ask("detect/any_row_changes", **{"from": window.from_}, to=window.to)["changed"][0]:
        return
    found = [*_contradictions(window, ask)]
    concerned = {symptom.subject["connector"] for symptom in found}
    found += [each for each in _open_transactions(window, ask) if each.subject["connector"] not in concerned]
    concerned = {symptom.subject["connector"] for symptom in found}
    yield from found
    pairs: set[frozenset[str]] = set()
    for symptom in _disagreements(window, ask):
        if not symptom.services & concerned and symptom.services not in pairs:
            pairs.add(symptom.services)
            yield symptom


def _contradictions(window: Window, ask: Ask) -> Iterator[Symptom]:
    for row in _rows(ask, "detect/row_changes", window):
        columns = _together({column: int(str(row[column])) for column in KINDS})
        errors = {"changes_below_zero": "below", "missing_changes": "gaps"}.get(columns[0], "errors")
        wrongs, connector = [KINDS[column] for column in columns], str(row["connector"])
        found = _found(window, wrongs, {"connector": connector}, {"table": str(row["worst_table"])}, {connector})
        yield from _judged(window, ask, found, wrongs, {**row, "errors": row[errors]}, "row changes")


def _open_transactions(window: Window, ask: Ask) -> Iterator[Symptom]:
    for row in _rows(ask, "detect/open_transactions", window):
        connector = str(row["connector"])
        found = _found(window, [INCOMPLETE], {"connector": connector}, {"table": str(row["worst_table"])}, {connector})
        yield from _judged(window, ask, found, [INCOMPLETE], row, "transactions")


def _disagreements(window: Window, ask: Ask) -> Iterator[Symptom]:
    """Those with most rows first."""
    rows = sorted(_rows(ask, "detect/disagreements", window), key=lambda row: -int(str(row["disagreeing"])))
    for row in rows:
        if not _hold_the_same(row, window):
            continue
        left, right = str(row["connector"]), str(row["counterpart"])
        wrong = ABSENT if row["kind"] == ABSENT.kind else DISAGREE
        subject = dict(zip(("connector", "counterpart"), sorted((left, right)), strict=True))
        labels = {
            "table": str(row["changed_table"]),
            "counterpart_table": str(row["counterpart_table"]),
            "left": left,
            "right": right,
        }
        yield from _judged(window, ask, _found(window, [wrong], subject, labels, {left, right}), [wrong], row, "rows")


def _hold_the_same(row: Mapping[str, object], window: Window) -> bool:
    """Whether two tables with the same key agreed in most of the best third of what tells it, the last minutes as one.

    Two shops' orders, or two warehouses' counts of the same products, never do.
    """
    rates = Rates.of({**row, "requests": row["telling"], "errors": row["apart"]}, window.to)
    telling = np.append(rates.old_requests, rates.requests.sum())
    best, apart = best_third(telling, np.append(rates.old_failures, rates.failures.sum()))
    return apart < APART * best


def _rows(ask: Ask, question: str, window: Window) -> Iterator[Mapping[str, object]]:
    """The answer, which is not asked for where a cheaper question rules out that it has a row."""
    if ask(AT_MOST[question], **{"from": window.from_}, to=window.to)["at_most"][0] < LEAST_FAILURES:
        return iter(())
    return ask(question, least=LEAST_FAILURES, **{"from": window.from_}, to=window.to).iter_rows(named=True)


def _together(counts: Mapping[str, int]) -> Sequence[str]:
    """What is wrong, that with most first; stock below zero, then gaps, only where nothing else explains them."""
    first = sorted(("stale_changes", "repeated_changes"), key=lambda column: -counts[column])
    found = [column for column in first if counts[column]]
    return found or ["changes_below_zero" if counts["changes_below_zero"] else "missing_changes"]


def _found(
    window: Window, wrongs: Sequence[Wrong], subject: Mapping[str, str], labels: Mapping[str, str], systems: set[str]
) -> Symptom:
    """What is known of it before the rows concerned are; the first way in which they are wrong leads."""
    found = Symptom(
        detector="inventory",
        subject=subject,
        from_=window.from_,
        to=window.to,
        severity=Severity.CRITICAL,
        sentence="",
        value=0.0,
        usual=0.0,
        unit="ratio",
        cause=wrongs[0].cause,
        suspect=subject["connector"],
        services=frozenset(systems),
        labels={**labels, "kind": wrongs[0].kind},
    )
    return with_kinds(found, (wrong.kind for wrong in wrongs))


def _judged(
    window: Window, ask: Ask, found: Symptom, wrongs: Sequence[Wrong], row: Mapping[str, object], counted: str
) -> Iterator[Symptom]:
    """The symptom, where it is sure, and where its rows are of now."""
    rates = Rates.of(row, window.to)
    excess = rates.excess
    if excess.failures < LEAST_FAILURES or excess.surprise < SURE:
        return
    frame = rows_concerned(ask, found, window.to)
    times = [utc(time) for time in frame["time"]] if frame.height else []
    if not times or times[-1] < window.to - timedelta(seconds=2 * RECENT_S):
        return
    first = _first(times)
    yield replace(
        found,
        from_=first,
        to=None if rates.is_ongoing else times[-1] + timedelta(microseconds=1),
        sentence=_sentence(found, " or ".join(wrong.says for wrong in wrongs), excess, counted, first, window.to),
        value=excess.ratio,
        usual=excess.usual,
        because=_because(frame.filter(pl.col("time") >= frame["time"][times.index(first)]), wrongs),
    )


def _sentence(found: Symptom, says: str, excess: Excess, counted: str, first: datetime, now: datetime) -> str:
    said = f"in {windowed(excess.window_s, now)}, {out_of(excess.failures, excess.requests)}"
    if "counterpart" in found.subject:
        left, right = (name(f"{found.labels[side]} {found.labels[table]}") for side, table in SIDES)
        return f"{left} and {right} disagree: {said} {counted} compared {says}, since {clock(first, now)}"
    whose = name(found.subject["connector"])
    return f"Counts of {whose} can't be right: {said} {counted} {says}, since {clock(first, now)}"


SIDES = (("left", "table"), ("right", "counterpart_table"))


def _first(times: Sequence[datetime]) -> datetime:
    """When the run that reaches to the end began: before it, nothing was wrong for ten minutes."""
    place = len(times) - 1
    while place and times[place] - times[place - 1] < timedelta(minutes=10):
        place -= 1
    return times[place]


def _because(frame: pl.DataFrame, wrongs: Sequence[Wrong]) -> str:
    by_kind = ((frame.filter(pl.col("kind_of_change") == wrong.kind), wrong) for wrong in wrongs)
    return "; ".join(_because_of(rows, wrong) for rows, wrong in by_kind if rows.height)


def _because_of(frame: pl.DataFrame, wrong: Wrong) -> str:
    tables = ", ".join(name(table) for table in sorted(set(frame["changed_table"]))[:3])
    changed = f"{frame.height:,} changes of {frame['key'].n_unique():,} rows in {tables}"
    if wrong is INCOMPLETE:
        return f"{changed} are all that came of transactions that {wrong.says}"
    if wrong in {DISAGREE, ABSENT}:
        sides = sorted(set(frame["connector"]))
        alone = f", all of them by {name(sides[0])}" if len(sides) == 1 else ""
        return f"{changed} were made since both came to the same{alone}, and none of them is wrong in itself"
    return f"{changed} {wrong.says}"
