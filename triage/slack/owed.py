"""Which message about an incident is due next. It is read from the incident, so that a restart loses nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from triage.incident.due import reminder_due
from triage.incident.model import Incident, Message, State

OPENED, DETAILS, ESCALATED, RESOLVED, REOPENED = "opened.0", "details", "escalated", "resolved", "reopened"
POSTMORTEM = "postmortem"
WAIT_FOR_IMPACT = timedelta(seconds=15)
BETWEEN_UPDATES = timedelta(seconds=30)
TOO_OLD = timedelta(hours=1)
"""Nobody is told of what was over for longer."""
LEASE = timedelta(seconds=60)
LONGEST_PAUSE = timedelta(minutes=16)


class How(StrEnum):
    """What is sent."""

    MAIN = "main"  # a new message about the incident
    DETAILS = "details"  # the first answer in its thread
    THREAD = "thread"  # the message brought up to date, and a line in the thread
    ESCALATION = "escalation"
    REMINDER = "reminder"  # a line in the thread: the postmortem is due
    UPDATE = "update"  # the message brought up to date, no more


@dataclass(frozen=True)
class Owed:
    """A message that is due: which one, and how it is sent."""

    what: str
    how: How
    state: str = ""


def owed(incident: Incident, now: datetime, *, updates: bool, digest: str = "") -> Owed | None:
    """The next message that is due. `digest` is of the main message as it would be now."""
    opened = incident.message(OPENED)
    if opened is None:
        return _opening(incident, now)
    if updates and incident.message(DETAILS) is None:
        return Owed(DETAILS, How.DETAILS)
    for due in _states(incident, opened, updates=updates):
        if incident.message(due.what) is None:
            return due
    if reminder_due(incident, now) and incident.message(f"{POSTMORTEM}.{incident.epoch}") is None:
        return Owed(f"{POSTMORTEM}.{incident.epoch}", How.REMINDER)
    return _update(incident, now, digest) if updates else None


def _opening(incident: Incident, now: datetime) -> Owed | None:
    if incident.resolved_at and now - incident.resolved_at > TOO_OLD:
        return None
    if incident.frozen is None and now - incident.opened_at < WAIT_FOR_IMPACT:
        return None
    return Owed(OPENED, How.MAIN)


def _states(incident: Incident, opened: Message, *, updates: bool) -> list[Owed]:
    """What happened since the opening was told, of this time that it is open."""
    epoch, since = incident.epoch, opened.time
    due: list[Owed] = []
    if incident.reopened_at and incident.reopened_at > since:
        due.append(Owed(f"{REOPENED}.{epoch}", How.THREAD if updates else How.MAIN, REOPENED))
    if incident.escalated_at and incident.state is State.OPEN:
        due.append(Owed(f"{ESCALATED}.{epoch}", How.ESCALATION))
    if updates:
        marks = (("acknowledged", incident.acknowledged_at), ("mitigated", incident.mitigated_at))
        due += [Owed(f"{name}.{epoch}", How.THREAD, name) for name, moment in marks if moment and moment > since]
    if incident.state is State.RESOLVED and incident.resolved_at and incident.resolved_at > since:
        due.append(Owed(f"{RESOLVED}.{epoch}", How.THREAD if updates else How.MAIN, RESOLVED))
    return due


def _update(incident: Incident, now: datetime, digest: str) -> Owed | None:
    last = max((each for each in incident.messages if each.digest), key=lambda each: each.time, default=None)
    if last is None or last.digest == digest or now - last.time < BETWEEN_UPDATES:
        return None
    return Owed(f"update.{now.timestamp() // BETWEEN_UPDATES.total_seconds():.0f}", How.UPDATE)


def may_claim(incident: Incident, what: str, now: datetime) -> int | None:
    """The number of the claim that a watcher may lay to a message; None while another one's may still succeed."""
    claims = [each for each in incident.claims if each.what == what]
    if not claims:
        return 0
    last = max(claims, key=lambda each: each.attempt)
    pause = min(LEASE * 2**last.attempt, LONGEST_PAUSE)
    return last.attempt + 1 if now - last.time >= pause else None
