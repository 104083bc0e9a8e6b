"""What this process counts of itself, read back from its metrics for people."""

from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families


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


def way_in(metrics: str) -> WayIn | None:
    """The figures of a process that collects; None of one that does not."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            if not sample.name.endswith("_created"):
                sums[sample.name] = sums.get(sample.name, 0) + sample.value
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
