"""What the telemetry lacks for a good answer to "which customers were affected?", and what to change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from queries.errors import QueryTooExpensive
from queries.store import Store
from triage.doctor import business, delivery, entries, spans
from triage.doctor.examined import Examined, examined
from triage.doctor.finding import Examination, Finding
from triage.window import Window

Check = Callable[[Examined], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    delivery.signals,
    delivery.gaps,
    delivery.dates,
    delivery.sampling,
    business.customers,
    business.ambiguous,
    business.orders,
    business.amounts,
    business.partners,
    business.unknown_peers,
    entries.many_names,
    entries.shared_names,
    entries.untold_failures,
    spans.names,
    spans.versions,
    spans.roots,
    spans.parents,
    spans.clocks,
    spans.logs,
)


def examine(store: Store, window: Window) -> Examination:
    """Every check over the window, widened to whole ten seconds; what is missing first. Raises StoreError."""
    started, now = time.perf_counter(), datetime.now(UTC)
    subject = examined(store, window)
    findings = [finding for check in CHECKS for finding in _found(check, subject)]
    return Examination(
        window=subject.window,
        services=len(subject.services),
        spans=subject.spans,
        log_records=subject.log_records,
        data_points=subject.data_points,
        sample=subject.sample,
        findings=tuple(sorted(findings, key=lambda finding: not finding.lacks)),
        computed_at=now,
        took_ms=round((time.perf_counter() - started) * 1000, 1),
    )


def _found(check: Check, subject: Examined) -> list[Finding]:
    """What a check finds; where that takes more than a query may, this is said in its place."""
    try:
        return list(check(subject))
    except QueryTooExpensive:
        return [
            Finding(
                check.__name__,
                "this was not examined: the window holds more than a query may read",
                "ask for a shorter window (--from, --to)",
                lacks=False,
            )
        ]
