"""What an examination of the telemetry says: findings, each with what to change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from triage.doctor.examined import Sample
from triage.window import Window


@dataclass(frozen=True)
class Finding:
    """One thing that the telemetry lacks or, where `lacks` is false, that is only worth knowing.

    It holds for `count` out of `of` (spans, traces, orders: the sentence says). `service` is "" where it is of no
    single one; `example` is a trace id where there is one to look at.
    """

    check: str
    sentence: str
    change: str
    service: str = ""
    lacks: bool = True
    count: int = 0
    of: int = 0
    example: str = ""


@dataclass(frozen=True)
class Examination:
    """What was found in a window, and in how much: services, spans, log records, metric data points."""

    window: Window
    services: int
    spans: int
    log_records: int
    data_points: int
    sample: Sample
    findings: tuple[Finding, ...]
    computed_at: datetime
    took_ms: float

    @property
    def lacks(self) -> int:
        """How many findings say that something is missing."""
        return sum(finding.lacks for finding in self.findings)


def share(count: int, of: int, nouns: str) -> str:
    """How many of how many, in words: `31 of 40 spans (77.5 %)`; never rounded up to all, nor down to none."""
    if count == of:
        return f"all {of:,} {nouns}"
    return f"{count:,} of {of:,} {nouns} ({min(max(100 * count / of, 0.1), 99.9):.1f} %)"
