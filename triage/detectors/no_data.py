"""Nothing arrives from a service that used to report: judged by when data arrived, not by what time it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from triage.detectors.wording import clock, name
from triage.symptom import Ask, Cause, Severity, Symptom
from triage.window import Window

LEAST_SILENT = 4
"""Minutes."""
STEADY = 0.5
"""The share of minutes in which a sender must have been heard for its silence to say anything."""
LONGEST_GAPS = 3
"""Times its own longest gap that a silence must last."""


def no_data(window: Window, ask: Ask) -> Iterator[Symptom]:
    """One symptom for each service that fell silent; a single one where all did.

    A sender that was heard in less than 15 minutes, or in fewer than half of them, is no steady one.
    """
    whole = window.to.replace(second=0, microsecond=0)
    rows = ask("detect/silent_services", **{"from": window.from_}, to=whole).rows(named=True)
    steady = [row for row in rows if row["minutes"] >= STEADY * row["over_minutes"]]
    silent = [row for row in steady if _is_silent(row["seen"], whole)]
    if not silent:
        return
    if len(silent) == len(steady) > 1 or (
        len(steady) == 1 and rows and rows[0]["last_of_all"] == silent[0]["last_minute"]
    ):
        last = max(int(row["last_minute"]) for row in silent)
        yield _symptom("", [str(row["service"]) for row in silent], last, whole)
        return
    for row in silent:
        yield _symptom(str(row["service"]), [str(row["service"])], int(row["last_minute"]), whole)


def _is_silent(seen: Sequence[int], now: datetime) -> bool:
    """Whether it has been quiet for far longer than it ever was in between."""
    minutes = (now.timestamp() - seen[-1]) / 60 - 1
    longest = max((later - earlier for earlier, later in pairwise(seen)), default=60) / 60 - 1
    return minutes >= max(LEAST_SILENT, LONGEST_GAPS * (longest + 1))


def _symptom(service: str, services: Sequence[str], last: int, now: datetime) -> Symptom:
    since = datetime.fromtimestamp(last + 60, UTC)
    minutes = (now - since).total_seconds() / 60
    who = name(service) if service else f"any of the {len(services)} services that report"
    return Symptom(
        detector="no_data",
        subject={"service": service or "*"},
        from_=since,
        to=None,
        severity=Severity.WARNING if service else Severity.CRITICAL,
        sentence=f"Nothing has arrived from {who} for {minutes:.0f} min, since {clock(since)}",
        value=minutes,
        usual=0.0,
        unit="min",
        cause=Cause.SENDER_SILENT,
        because="it was heard steadily before"
        if service
        else "all were heard steadily before: look at the way in first",
        suspect=service,
        services=frozenset(services),
    )
