"""Writes what the business figures are, and the values that are kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from queries.store import Store

AT_A_TIME = 500  # minutes
DEFINE = """
    INSERT INTO kpi_definitions (Definitions) SELECT {definitions:String} SETTINGS insert_deduplicate = 0
"""
KEEP = """
    INSERT INTO kpi_values (Kpi, Time, Part, Of)
    SELECT {kpi:String}, toDateTime(row.1, 'UTC'), toFloat64(row.2), toFloat64(row.3)
    FROM (SELECT arrayJoin(arrayZip(
        {times:Array(UInt32)}, {parts:Array(String)}, {ofs:Array(String)})) AS row)
    SETTINGS insert_deduplicate = 0
"""
# Beside the values, under a name that is no digest: who takes the values out takes the mark with them.
MARK = """
    INSERT INTO kpi_values (Kpi, Time, Part, Of)
    SELECT concat({kpi:String}, '/arrived'), toDateTime({day:Date}, 'UTC'), 0, 0
    SETTINGS insert_deduplicate = 0
"""


def define(store: Store, definitions: str) -> None:
    """Makes these, as JSON, the figures in force. Raises StoreError."""
    store.command(DEFINE, definitions=definitions)


def keep(store: Store, kpi: str, minutes: Sequence[tuple[int, float, float]]) -> None:
    """Writes values of the figure with that digest: the minute (epoch seconds) and its two parts. Raises StoreError."""
    for start in range(0, len(minutes), AT_A_TIME):
        some = minutes[start : start + AT_A_TIME]
        store.command(
            KEEP,
            kpi=kpi,
            times=[minute for minute, _, _ in some],
            parts=[repr(part) for _, part, _ in some],
            ofs=[repr(of) for _, _, of in some],
        )


def mark(store: Store, kpi: str, day: date) -> None:
    """Notes that of the figure with that digest all is kept that arrived before that day. Raises StoreError."""
    store.command(MARK, kpi=kpi, day=day.isoformat())
