"""What this process counts of itself, read back from its metrics for people."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prometheus_client.parser import text_string_to_metric_families

LATE = timedelta(minutes=1)
"""Without a pass for so long, something holds the detectors up."""


@dataclass(frozen=True)
class WayIn:
    """How the way in is doing: what was accepted and waits to be loaded, and what was not taken."""

    lag_s: float
    backlog_bytes: float
    accepted: float
    rejected: float
    refused: float
    quarantined: float
    store_available: bool


@dataclass(frozen=True)
class Detectors:
    """How the detectors of this process are doing; `last` None before the first pass."""

    last: datetime | None
    took_s: float
    errors: float
    late: bool


def detectors(metrics: str, now: datetime) -> Detectors | None:
    """The figures of a process that watches; None of one that does not."""
    sums = _sums(metrics)
    if "triage_watch_last_pass_timestamp_seconds" not in sums:
        return None
    last_s = sums["triage_watch_last_pass_timestamp_seconds"]
    last = datetime.fromtimestamp(last_s, UTC) if last_s else None
    return Detectors(
        last=last,
        took_s=sums.get("triage_watch_pass_seconds", 0),
        errors=sums.get("triage_watch_errors_total", 0),
        late=last is not None and now - last > LATE,
    )


def way_in(metrics: str) -> WayIn | None:
    """The figures of a process that collects; None of one that does not."""
    sums = _sums(metrics)
    if "triage_lag_seconds" not in sums:
        return None
    return WayIn(
        lag_s=sums["triage_lag_seconds"],
        backlog_bytes=sums.get("triage_backlog_bytes", 0),
        accepted=sums.get("triage_accepted_records_total", 0),
        rejected=sums.get("triage_rejected_requests_total", 0),
        refused=sums.get("triage_refused_requests_total", 0),
        quarantined=sums.get("triage_quarantined_requests_total", 0),
        store_available=sums.get("triage_store_available", 1) > 0,
    )


def _sums(metrics: str) -> dict[str, float]:
    """Each sample by its name, added up over its labels."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            if not sample.name.endswith("_created"):
                sums[sample.name] = sums.get(sample.name, 0) + sample.value
    return sums
