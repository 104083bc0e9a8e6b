"""Outside alerts as symptoms: what another system says is wrong, so that it can join what we find."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TypedDict, cast

from triage.detectors import NAMES
from triage.model import Question
from triage.odd import one_line
from triage.symptom import Ask, Severity, Symptom

QUESTION = "incidents/alerts"
LATELY = timedelta(minutes=5)
SERVICE_LABELS = ("service", "service_name", "app", "job")
SEVERITIES = {
    "critical": Severity.CRITICAL, "page": Severity.CRITICAL, "error": Severity.CRITICAL, "high": Severity.CRITICAL,
    "info": Severity.INFO, "low": Severity.INFO,
}  # fmt: skip
NO_ALERTS = frozenset({"none"})
"""A severity by which systems show that their alerting works."""


class Alert(TypedDict):
    """A row of queries/incidents/alerts.sql."""

    Source: str
    Fingerprint: str
    Name: str
    Severity: str
    Status: str
    Time: datetime
    Ends: datetime | None
    Labels: list[dict[str, str]]
    Annotations: list[dict[str, str]]
    Url: str


def alerts_at(ask: Ask, now: datetime) -> Iterator[Symptom]:
    """What other systems say at a moment. Raises StoreError."""
    for row in cast(list[Alert], ask(QUESTION, now=now, since=now - LATELY).to_dicts()):
        if row["Severity"].lower() not in NO_ALERTS:
            yield as_symptom(row, now)


def as_symptom(alert: Alert, now: datetime) -> Symptom:
    """The alert by its own name, unless a detector has it; hit are those whose requests failed at its service."""
    labels, annotations = _pairs(alert["Labels"]), _pairs(alert["Annotations"])
    service = next((labels[name] for name in SERVICE_LABELS if labels.get(name)), "")
    ended = alert["Ends"] if alert["Ends"] and alert["Ends"] <= now else None
    subject = {"alert": f"{alert['Source']}/{alert['Fingerprint']}"} | ({"service": service} if service else {})
    called = one_line(alert["Name"], 100) or "alert"
    said = annotations.get("summary") or annotations.get("description") or alert["Name"]
    return Symptom(
        detector=f"{called} (alert)" if called in NAMES else called,
        subject=subject,
        from_=alert["Time"],
        to=ended if alert["Status"] == "resolved" or ended else None,
        severity=SEVERITIES.get(alert["Severity"].lower(), Severity.WARNING),
        sentence=f"{one_line(said, 200)} (told by {one_line(alert['Source'])})",
        value=1,
        usual=0,
        unit="",
        question=Question(alert["Time"], max(ended or now, alert["Time"]), service=service) if service else None,
        suspect=service,
        services=frozenset({service} if service else ()),
        labels=labels,
    )


def _pairs(column: list[dict[str, str]] | Mapping[str, str]) -> dict[str, str]:
    """A map as the engine's answer brings it: pairs of key and value."""
    if isinstance(column, Mapping):
        return dict(column)
    return {pair["key"]: pair["value"] for pair in column}
