"""The row changes that a symptom in the data is about, whichever of its kinds it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypedDict, cast

import polars as pl

from triage.rows.kinds import OPEN, PAIR_KINDS, kinds_of
from triage.symptom import Ask, Symptom

LOOKBACK = timedelta(hours=2)
LOOKAHEAD = timedelta(hours=2)
"""After a symptom's last change: whether rows agree, and transactions came whole, is known only some time later."""
SEPARATOR = "\x1f"
COLUMNS = ("connector", "changed_table", "id", "key", "time", "kind_of_change", "customer", "order_id")

Disagreement = TypedDict("Disagreement", {"1": str, "2": datetime, "3": datetime, "4": float})
"""The key's values, the comparison before, when it was found, by how much: as disagreements.sql gives them."""
OpenTransaction = TypedDict("OpenTransaction", {"1": str, "2": datetime, "3": int, "4": str})
"""The transaction, its end, how many changes it lacks, and of which table most: as open_transactions.sql gives them."""


def rows_concerned(ask: Ask, symptom: Symptom, as_of: datetime) -> pl.DataFrame:
    """The row changes that a symptom of `inventory` is about, a row each, earliest first (COLUMNS); '' for nobody."""
    kinds = kinds_of(symptom)
    if {*kinds} & {*PAIR_KINDS}:
        return _of_pair(ask, symptom, as_of)
    if kinds == (OPEN,):
        return _of_open_transactions(ask, symptom, as_of)
    wrong = _wrong_in_themselves(ask, symptom, [kind for kind in kinds if kind != OPEN], as_of)
    return _together(wrong, _of_open_transactions(ask, symptom, as_of)) if OPEN in kinds else wrong


def _wrong_in_themselves(ask: Ask, symptom: Symptom, kinds: Sequence[str], as_of: datetime) -> pl.DataFrame:
    return ask(
        "incidents/rows_concerned",
        before=symptom.from_ - LOOKBACK,
        **{"from": symptom.from_},
        to=symptom.to or as_of,
        as_of=as_of,
        connector=symptom.subject["connector"],
        kinds=kinds,
    )


def _together(*frames: pl.DataFrame) -> pl.DataFrame:
    """Each change once, as the first of them has it."""
    rows = [row for frame in frames for row in frame.iter_rows(named=True)]
    return _frame([*{(row["connector"], row["changed_table"], row["id"]): row for row in reversed(rows)}.values()])


def disagreements(ask: Ask, symptom: Symptom, as_of: datetime) -> list[Disagreement]:
    """Where the two systems of a symptom have come to disagree since it began, earliest first."""
    pairs = ask("detect/disagreements", **_looked_at(symptom, as_of), least=0)
    place = _place(symptom)
    return [
        each
        for row in pairs.iter_rows(named=True)
        if (row["connector"], row["changed_table"], row["counterpart"], row["counterpart_table"], row["kind"]) == place
        for each in cast(Sequence[Disagreement], row["found"])
        if each["3"] >= symptom.from_
    ]


def open_transactions(ask: Ask, symptom: Symptom, as_of: datetime) -> list[OpenTransaction]:
    """The transactions of a symptom's connector that lack changes and have ended since it began, earliest first."""
    connectors = ask("detect/open_transactions", **_looked_at(symptom, as_of), least=0)
    return [
        each
        for row in connectors.iter_rows(named=True)
        if row["connector"] == symptom.subject["connector"]
        for each in cast(Sequence[OpenTransaction], row["found"])
        if each["2"] >= symptom.from_
    ]


def _looked_at(symptom: Symptom, as_of: datetime) -> dict[str, datetime]:
    to = min(as_of, symptom.to + LOOKAHEAD) if symptom.to else as_of
    return {"from": symptom.from_ - LOOKBACK, "to": to}


def changes(
    ask: Ask,
    places: Sequence[tuple[str, str]],
    from_: datetime,
    as_of: datetime,
    *,
    keys: Sequence[str] = (),
    ids: Sequence[str] = (),
) -> pl.DataFrame:
    """The row changes of some tables (connector, table) as queries/incidents/row_changes.sql gives them."""
    return ask(
        "incidents/row_changes",
        **{"from": from_},
        as_of=as_of,
        places=[SEPARATOR.join(place) for place in places],
        keys=list(keys),
        ids=list(ids),
    )


def _place(symptom: Symptom) -> tuple[str, str, str, str, str]:
    labels = symptom.labels
    return labels["left"], labels["table"], labels["right"], labels["counterpart_table"], labels["kind"]


def _of_pair(ask: Ask, symptom: Symptom, as_of: datetime) -> pl.DataFrame:
    """What either side changed between the last comparison that agreed, and the one that did not."""
    found = disagreements(ask, symptom, as_of)
    if not found:
        return _frame([])
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for each in found:
        spans.setdefault(each["1"], []).append((each["2"], each["3"]))
    left, table, right, counterpart_table, kind = _place(symptom)
    frame = changes(
        ask,
        [(left, table), (right, counterpart_table)],
        min(each["2"] for each in found),
        as_of,
        keys=list(spans),
    )
    rows = [
        row | {"kind_of_change": kind}
        for row in frame.filter(pl.col("op") != "r").iter_rows(named=True)
        if any(since < row["time"] <= at for since, at in spans[row["key_values"]])
    ]
    return _in_window(_frame(rows), symptom)


def _of_open_transactions(ask: Ask, symptom: Symptom, as_of: datetime) -> pl.DataFrame:
    """What did come of the transactions that did not come whole."""
    found = open_transactions(ask, symptom, as_of)
    if not found:
        return _frame([])
    connector = symptom.subject["connector"]
    frame = ask(
        "incidents/transactions",
        **{"from": found[0]["2"] - LOOKBACK},
        as_of=as_of,
        connector=connector,
        transactions=[each["1"] for each in found],
    )
    return _in_window(_frame([row | {"kind_of_change": OPEN} for row in frame.iter_rows(named=True)]), symptom)


def _in_window(frame: pl.DataFrame, symptom: Symptom) -> pl.DataFrame:
    return frame.filter(pl.col("time") < symptom.to) if symptom.to else frame


def _frame(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    times = pl.Datetime("ns", "UTC")
    schema = {name: times if name == "time" else pl.String() for name in COLUMNS}
    kept = [{name: row[name] for name in COLUMNS} for row in rows]
    return pl.DataFrame(kept, schema=schema).sort("time", "changed_table", "id")


def utc(moment: datetime) -> datetime:
    """With its zone, which the engine's answers may lack."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
