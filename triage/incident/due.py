"""When a postmortem is due, and whether somebody has begun to write it."""

from datetime import datetime, timedelta

from triage.incident.model import Event, Incident, Kind

DUE_AFTER = timedelta(hours=48)
"""After the end of the harm."""
REMIND_BEFORE = timedelta(hours=24)
"""So long before it is due, its thread is reminded of it, once."""
FORGET_AFTER = timedelta(days=7)
"""Nobody is reminded of what was due longer ago."""


def due_at(incident: Incident) -> datetime | None:
    """When its postmortem is due; None while it is not over."""
    return incident.over + DUE_AFTER if incident.over else None


def written(incident: Incident) -> list[Event]:
    """What authors wrote for its postmortem, the first first."""
    return [event for event in incident.timeline if event.kind == Kind.WRITTEN]


def reminder_due(incident: Incident, now: datetime) -> bool:
    """Whether its people are to be reminded: it is due soon, and nobody has written anything."""
    due = due_at(incident)
    if due is None or written(incident):
        return False
    return due - REMIND_BEFORE <= now <= due + FORGET_AFTER
