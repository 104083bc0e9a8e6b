"""What is going on, failing or not: which services report, how much, and when data last came."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from queries.store import Store
from triage.window import EARLIEST, Window

LATELY = timedelta(minutes=20)
CLOCK_AHEAD = timedelta(hours=1)  # what is dated later than this from now has a wrong clock


@dataclass(frozen=True)
class ServiceActivity:
    """What a service was asked to do in a window; `…_before` in as long a time before, `heard_before` of it after
    anything was first heard. p95 in ms, None of nothing.
    """

    service: str
    requests: int
    errors: int
    requests_before: int
    errors_before: int
    spans: int
    p95_ms: float | None
    p95_before_ms: float | None
    heard_before: timedelta = timedelta()


@dataclass(frozen=True)
class Slice:
    """What a service did in one part of a window; p95 in ms."""

    requests: int
    errors: int
    p95_ms: float


@dataclass(frozen=True)
class Signal:
    """One kind of telemetry: when its newest record began, and how many are kept."""

    name: str
    newest: datetime
    records: int


@dataclass(frozen=True)
class Heard:
    """What was heard in a window: spans, and requests that began there; `last` when there last was any by its end."""

    spans: int
    requests: int
    last: datetime | None


def service_activity(store: Store, window: Window) -> list[ServiceActivity]:
    """Every service seen in the window, the one with the most errors first."""
    frame = store.ask("now/services", before=window.from_ - window.length, **{"from": window.from_}, to=window.to)
    return [
        ServiceActivity(
            service=row["service"],
            requests=row["requests"],
            errors=row["errors"],
            requests_before=row["requests_before"],
            errors_before=row["errors_before"],
            spans=row["spans"],
            p95_ms=row["p95_ms"] if row["requests"] else None,
            p95_before_ms=row["p95_before_ms"] if row["requests_before"] else None,
            heard_before=min(timedelta(seconds=row["heard_s"]), window.length),
        )
        for row in frame.iter_rows(named=True)
    ]


def service_slices(store: Store, window: Window, count: int) -> Mapping[str, Sequence[Slice | None]]:
    """By service, what it did in each part of the window, in order; None where it was asked nothing.

    Parts are tens of seconds long, alike, and as many as make up the window, at most `count`.
    """
    step_s = math.ceil(window.length.total_seconds() / count / 10) * 10
    parts = math.ceil(window.length.total_seconds() / step_s)
    found: defaultdict[str, list[Slice | None]] = defaultdict(lambda: [None] * parts)
    rows = store.ask("now/service_slices", **{"from": window.from_}, to=window.to, step_s=step_s).rows()
    for service, place, requests, errors, p95_ms in rows:
        found[service][place] = Slice(requests, errors, p95_ms)
    return found


def signals(store: Store, now: datetime) -> list[Signal]:
    """Every signal of which there is any record; all are looked through only where one has brought nothing lately."""
    latest = now + CLOCK_AHEAD
    rows = store.ask("now/signals", since=now - LATELY, latest=latest).rows()
    if any(newest is None for _, newest, _ in rows):
        rows = store.ask("now/signals", since=EARLIEST, latest=latest).rows()
    return [Signal(name, _utc(newest), records) for name, newest, records in rows if newest is not None]


def heard(store: Store, window: Window, service: str) -> Heard:
    """What was heard of a service ("" for any)."""
    row = store.ask("now/heard", service=service, **{"from": window.from_}, to=window.to).row(0, named=True)
    return Heard(row["spans"], row["requests"], _utc(row["last"]) if row["last"] else None)


def service_names(store: Store) -> list[str]:
    """The services that ever reported, the latest first."""
    return [str(name) for name in store.ask("now/service_names")["service"]]


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
