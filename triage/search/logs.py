"""Log records by who wrote them, how severe they are, what they say and whom they are about."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from queries.store import Store
from triage.search.going_back import Found, Place, go_back
from triage.trace import LogRecord
from triage.window import Window

SEVERITIES = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}
"""OTLP's levels, each with the least of its numbers."""


@dataclass(frozen=True)
class LogFilter:
    """What a log record must be; "" and 0 are "any". `text` is found whatever its case."""

    service: str = ""
    least_severity: int = 0
    text: str = ""
    trace_id: str = ""
    customer: str = ""


@dataclass(frozen=True)
class LogFound:
    """A log record, with the trace that it was written in ("" for none)."""

    record: LogRecord
    trace_id: str
    hash: int

    @property
    def place(self) -> Place:
        """Where it stands in the answer."""
        return self.record.time_ns, str(self.hash)


def find_logs(store: Store, wanted: LogFilter, window: Window, after: Place, limit: int) -> Found[LogFound]:
    """The log records of the window that are all this, the latest first. Raises StoreError."""

    def look(piece: Window, after: Place, at_most: int) -> tuple[Sequence[LogFound], Place | None]:
        found = _matching(store, wanted, piece, after, at_most)
        return found, found[-1].place if len(found) >= at_most else None

    return go_back(window, after, limit, look)


def _matching(store: Store, wanted: LogFilter, piece: Window, after: Place, at_most: int) -> list[LogFound]:
    frame = store.ask(
        "search/logs",
        **{"from": piece.from_},
        to=piece.to,
        before_ns=after[0],
        before_hash=int(after[1] or 0),
        at_most=at_most,
        **vars(wanted),
    )
    return [
        LogFound(
            LogRecord(
                span_id=row["span_id"],
                service=row["service"],
                time_ns=row["time_ns"],
                severity=row["severity"],
                severity_number=row["severity_number"],
                body=row["body"],
                attributes=tuple(json.loads(row["attributes"], object_pairs_hook=tuple)),
            ),
            row["trace_id"],
            row["hash"],
        )
        for row in frame.iter_rows(named=True)
    ]
