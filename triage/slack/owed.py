"""Which message about an incident is due next. It is read from the incident, so that a restart loses nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from triage.incident.due import reminder_due
from triage.incident.keeping import ago
from triage.incident.model import Incident, Message, State
from triage.incident.naming import SEVERITIES, digest

OPENED, DETAILS, ESCALATED, RESOLVED, REOPENED = "opened.0", "details", "escalated", "resolved", "reopened"
POSTMORTEM, WORSE, OWNER, MOVED = "postmortem", "worse", "owner", "moved"
WAIT_FOR_IMPACT = timedelta(seconds=15)
BETWEEN_UPDATES = timedelta(seconds=30)
TOO_OLD = timedelta(hours=1)
"""Nobody is told of what was over for longer, unless a message about it was tried before."""
LEASE = timedelta(seconds=60)
MOST_DOUBLINGS = 4
"""Of the lease, with each claim that was refused: in the end a message is tried every 16 minutes."""


class How(StrEnum):
    """What is sent."""

    MAIN = "main"  # a new message about the incident
    DETAILS = "details"  # the first answer in its thread
    THREAD = "thread"  # the message brought up to date, and a line in the thread
    ESCALATION = "escalation"
    CHANGE = "change"  # it is worse, or somebody else's, than was told: rings as an escalation does
    REMINDER = "reminder"  # a line in the thread: the postmortem is due
    UPDATE = "update"  # the message brought up to date, no more
    REVISION = "revision"  # the same of the details


KEEPS_UP = frozenset({How.THREAD, How.UPDATE, How.REVISION})
"""What changes a message that there is: it waits for what is new."""


@dataclass(frozen=True)
class Owed:
    """A message that is due: which one, and how it is sent."""

    what: str
    how: How
    state: str = ""

    @property
    def alarms(self) -> bool:
        """Whether it tells how bad it is and whose: what rings, and a return. Only what is worse rings once more."""
        return self.how in {How.MAIN, How.ESCALATION, How.CHANGE} or self.state == REOPENED


@dataclass(frozen=True)
class Latest:
    """What Slack would be told now: digests of the main message and of the details, and the channel's id, if known."""

    main: str = ""
    details: str = ""
    channel: str = ""


NOTHING = Latest()


def owed(
    incident: Incident, now: datetime, *, updates: bool, shared: bool = True, latest: Latest = NOTHING
) -> Owed | None:
    """The next message that is due. Where the settings name another channel by now, it is first told anew there.

    Where a channel is not shared, nobody knows what was told before: a postmortem is reminded of all the same.
    """
    due = _owed(incident, now, updates=updates, latest=latest)
    if due is None and not shared:
        due = _reminder(incident, now)
    if due is None or due.what == OPENED or not (updates and latest.channel):
        return due
    under = thread(incident, latest.channel)
    moved = Owed(f"{MOVED}.{latest.channel}", How.MAIN)
    is_here = under is not None and under.channel == latest.channel
    return due if is_here or incident.message(moved.what) else moved


def thread(incident: Incident, channel: str = "") -> Message | None:
    """The message under which the thread is: the latest of that channel, or else of any."""
    heads = [each for each in incident.messages if each.ts and each.what.startswith((OPENED, MOVED))]
    here = [each for each in heads if each.channel == channel]
    return next(reversed(here or heads), None)


def details(incident: Incident, under: Message | None) -> Message | None:
    """The details in a thread."""
    told = [each for each in incident.messages if each.what.startswith(DETAILS)]
    here = [each for each in told if under is None or each.channel == under.channel]
    return next(reversed(here), None)


def included(incident: Incident, due: Owed, *, updates: bool) -> list[str]:
    """What a message tells besides what it is sent for: a new one says how the incident stands, whatever led there."""
    if due.how is not How.MAIN:
        return []
    untold = _untold(incident, updates=updates)
    return [each.what for each in untold if each.how in {How.MAIN, How.THREAD} and each.what != due.what]


def _owed(incident: Incident, now: datetime, *, updates: bool, latest: Latest) -> Owed | None:
    if incident.message(OPENED) is None:
        return _opening(incident, now)
    under = thread(incident, latest.channel)
    if updates and details(incident, under) is None:
        return Owed(_name_of_details(incident), How.DETAILS)
    if untold := _untold(incident, updates=updates):
        return untold[0]
    if reminder := _reminder(incident, now):
        return reminder
    return _update(incident, now, latest, under) if updates else None


def _reminder(incident: Incident, now: datetime) -> Owed | None:
    due = Owed(f"{POSTMORTEM}.{incident.epoch}", How.REMINDER)
    return due if reminder_due(incident, now) and incident.message(due.what) is None else None


def _opening(incident: Incident, now: datetime) -> Owed | None:
    was_tried = any(each.what == OPENED for each in incident.claims)
    if incident.resolved_at and now - incident.resolved_at > TOO_OLD and not was_tried:
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
    if incident.reopened_at and (updates or incident.state is not State.RESOLVED):  # only a thread tells what was
        due.append(Owed(f"{REOPENED}.{epoch}", How.THREAD if updates else How.MAIN, REOPENED))
    if incident.escalated_at and incident.state is State.OPEN:
        due.append(Owed(f"{ESCALATED}.{epoch}", How.ESCALATION))
    if updates:
        # of one moment where a mitigation acknowledged: that one is told
        marks = {incident.acknowledged_at: "acknowledged", incident.mitigated_at: "mitigated"}
        # what came back of itself is acknowledged still: that was told before
        new = [name for moment, name in marks.items() if moment and moment >= (incident.reopened_at or moment)]
        due += [Owed(f"{name}.{epoch}", How.THREAD, name) for name in new]
    due += _changes(incident)
    if incident.state is State.RESOLVED:
        due.append(Owed(f"{RESOLVED}.{epoch}", How.THREAD if updates else How.MAIN, RESOLVED))
    return sorted(due, key=lambda each: each.how in KEEPS_UP)  # what rings waits for no change of a message


def _changes(incident: Incident) -> list[Owed]:
    """That it is worse, or another owner's, than was told since it was last opened; each once."""
    alarms = [each.alarm for each in incident.messages if each.alarm]
    if not alarms or incident.state is State.RESOLVED:
        return []
    latest, is_ = max(each.epoch for each in alarms), incident.alarm
    told = [each for each in alarms if each.epoch == latest]
    due: list[Owed] = []
    if all(SEVERITIES.index(is_.severity) < SEVERITIES.index(each.severity) for each in told):
        due.append(Owed(f"{WORSE}.{is_.epoch}.{is_.severity}", How.CHANGE, WORSE))
    if is_.owner not in [each.owner for each in told]:
        due.append(Owed(f"{OWNER}.{is_.epoch}.{digest(repr(is_.owner))}", How.CHANGE, OWNER))
    return due


def _update(incident: Incident, now: datetime, latest: Latest, under: Message | None) -> Owed | None:
    kept_up = [each for each in incident.messages if each.digest and not each.what.startswith(DETAILS)]
    last = _last(kept_up, under, now)
    if last and last.digest != latest.main and ago(last.time, now) >= BETWEEN_UPDATES:
        # named alike until one is sent, so that refusals are counted and it is tried ever more seldom
        return Owed(f"update.{len(kept_up)}", How.UPDATE)
    last = _last([each for each in incident.messages if each.what.startswith(DETAILS)], under, now)
    if last and last.digest != latest.details and ago(last.time, now) >= BETWEEN_UPDATES:
        return Owed(_name_of_details(incident), How.REVISION)
    return None


def _last(messages: Iterable[Message], under: Message | None, now: datetime) -> Message | None:
    """The one of a channel that was told last; what is of a time to come, by a clock that was wrong, was told first."""
    here = [each for each in messages if under is None or each.channel == under.channel]
    return min(here, key=lambda each: ago(each.time, now), default=None)


def _name_of_details(incident: Incident) -> str:
    told = sum(each.what.startswith(DETAILS) for each in incident.messages)
    return f"{DETAILS}.{told}" if told else DETAILS


def may_claim(incident: Incident, what: str, now: datetime) -> int | None:
    """The number of the claim that a watcher may lay to a message; None while another one's may still succeed."""
    claims = [each for each in incident.claims if each.what == what]
    if not claims:
        return 0
    last = max(claims, key=lambda each: (each.attempt, not each.refused))
    refusals = sum(each.refused for each in claims)
    pause = LEASE * 2 ** min(max(refusals - 1, 0), MOST_DOUBLINGS)
    ahead = last.time - now > LEASE  # by a clock that was wrong: it would hold until then
    return last.attempt + 1 if ahead or now - last.time >= pause else None
