"""Which message about an incident is due next. It is read from the incident, so that a restart loses nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from triage.incident.due import reminder_due
from triage.incident.model import Incident, State

OPENED, DETAILS, ESCALATED, RESOLVED, REOPENED = "opened.0", "details", "escalated", "resolved", "reopened"
POSTMORTEM = "postmortem"
WAIT_FOR_IMPACT = timedelta(seconds=15)
BETWEEN_UPDATES = timedelta(seconds=30)
TOO_OLD = timedelta(hours=1)
"""Nobody is told of what was over for longer."""
LEASE = timedelta(seconds=60)
MOST_DOUBLINGS = 4
"""Of the lease, with each claim that sent nothing: in the end a message is tried every 16 minutes."""


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
    if incident.message(OPENED) is None:
        return _opening(incident, now)
    if updates and incident.message(DETAILS) is None:
        return Owed(DETAILS, How.DETAILS)
    if untold := _untold(incident, updates=updates):
        return untold[0]
    if reminder_due(incident, now) and incident.message(f"{POSTMORTEM}.{incident.epoch}") is None:
        return Owed(f"{POSTMORTEM}.{incident.epoch}", How.REMINDER)
    return _update(incident, now, digest) if updates else None


def included(incident: Incident, due: Owed, *, updates: bool) -> list[str]:
    """What a message tells besides what it is sent for: a new one says how the incident stands, whatever led there."""
    if due.how is not How.MAIN:
        return []
    untold = _untold(incident, updates=updates)
    return [each.what for each in untold if each.how is not How.ESCALATION and each.what != due.what]


def _opening(incident: Incident, now: datetime) -> Owed | None:
    if incident.resolved_at and now - incident.resolved_at > TOO_OLD:
        return None
    if incident.frozen is None and now - incident.opened_at < WAIT_FOR_IMPACT:
        return None
    return Owed(OPENED, How.MAIN)


def _untold(incident: Incident, *, updates: bool) -> list[Owed]:
    """The changes of state since it was last opened that no message told.

    Times don't show which: a pass writes its events later than the moment that they bear.
    """
    return [each for each in _states(incident, updates=updates) if incident.message(each.what) is None]


def _states(incident: Incident, *, updates: bool) -> list[Owed]:
    epoch = incident.epoch
    due: list[Owed] = []
    if incident.reopened_at:
        due.append(Owed(f"{REOPENED}.{epoch}", How.THREAD if updates else How.MAIN, REOPENED))
    if incident.escalated_at and incident.state is State.OPEN:
        due.append(Owed(f"{ESCALATED}.{epoch}", How.ESCALATION))
    if updates:
        marks = (("acknowledged", incident.acknowledged_at), ("mitigated", incident.mitigated_at))
        # what came back of itself is acknowledged still: that was told before
        new = [name for name, moment in marks if moment and moment >= (incident.reopened_at or moment)]
        due += [Owed(f"{name}.{epoch}", How.THREAD, name) for name in new]
    if incident.state is State.RESOLVED:
        due.append(Owed(f"{RESOLVED}.{epoch}", How.THREAD if updates else How.MAIN, RESOLVED))
    return due


def _update(incident: Incident, now: datetime, digest: str) -> Owed | None:
    kept_up = [each for each in incident.messages if each.digest]
    last = max(kept_up, key=lambda each: each.time, default=None)
    if last is None or last.digest == digest or now - last.time < BETWEEN_UPDATES:
        return None
    # named alike until one is sent, so that refusals are counted and it is tried ever more seldom
    return Owed(f"update.{len(kept_up)}", How.UPDATE)


def may_claim(incident: Incident, what: str, now: datetime) -> int | None:
    """The number of the claim that a watcher may lay to a message; None while another one's may still succeed."""
    claims = [each for each in incident.claims if each.what == what]
    if not claims:
        return 0
    last = max(claims, key=lambda each: each.attempt)
    pause = LEASE * 2 ** min(last.attempt, MOST_DOUBLINGS)
    ahead = last.time - now > LEASE  # by a clock that was wrong: it would hold until then
    return last.attempt + 1 if ahead or now - last.time >= pause else None
