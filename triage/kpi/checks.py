"""The three things to look at first: errors at the gateway, latency there, and the business figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from triage.kpi.figures import KPIS, Good, Kpi, total
from triage.symptom import Ask
from triage.window import Window

LEAST_REQUESTS = 20


class State(StrEnum):
    """How a check stands against as long a time before."""

    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """A figure, what it was in as long a time before, and its state. None of nothing."""

    name: str
    state: State
    value: float | None
    usual: float | None
    unit: str


def checks(ask: Ask, window: Window) -> Iterator[Check]:
    """Gateway errors, latency, then each figure, in order. Raises StoreError."""
    before = window.from_ - window.length
    row = ask("kpi/first_checks", before=before, **{"from": window.from_}, to=window.to).row(0, named=True)
    enough = row["requests"] >= LEAST_REQUESTS
    errors = row["errors"] / row["requests"] if row["requests"] else None
    usual = row["usual_errors"] / row["usual_requests"] if row["usual_requests"] else None
    failing = errors is not None and errors > max(3 * (usual or 0.0), 0.02)
    yield Check("gateway_errors", _state(enough, failing), errors, usual, "ratio")
    p95, usual_p95 = row["p95_ms"], row["usual_p95_ms"]
    slow = p95 is not None and usual_p95 is not None and p95 > 1.5 * usual_p95 + 50
    yield Check("latency", _state(enough and usual_p95 is not None, slow), p95, usual_p95, "ms")
    for kpi in KPIS:
        yield _figure(ask, kpi, window, Window(before, window.from_))


def _figure(ask: Ask, kpi: Kpi, window: Window, earlier: Window) -> Check:
    now, usual = total(ask, kpi, window), total(ask, kpi, earlier)
    if now is None or usual is None or not usual:
        return Check(f"kpi:{kpi.name}", State.UNKNOWN, now, usual, kpi.unit)
    worse = now < 0.75 * usual if kpi.good is Good.UP else now > 1.33 * usual
    return Check(f"kpi:{kpi.name}", _state(True, worse), now, usual, kpi.unit)


def _state(known: bool, bad: bool) -> State:
    if not known:
        return State.UNKNOWN
    return State.BAD if bad else State.OK
