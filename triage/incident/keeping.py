"""From what a pass finds to what happens to incidents: opened, joined, changed, ended, resolved, escalated.

Nothing here reads or writes: symptoms and incidents in, events out. The ids of events are made from what they say, so
two watchers that find the same write the same.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from triage.incident.fold import ANSWER, SYMPTOM, apply, fold
from triage.incident.grouping import FLAP, Calls, Group, grouped
from triage.incident.model import US, Event, Incident, Kind, State, Tracked
from triage.incident.naming import answer, digest, grouping_key, incident_id, naming
from triage.pleading import lasted
from triage.runbook.model import Runbook
from triage.symptom import ALERTS, Key, Symptom

PASSES_TO_END = 6
"""A symptom has ended once so many passes in a row do not find it."""
CALM = timedelta(minutes=2)
"""What was over for so long when it was first found would have ended: a detector waits a minute, and passes another."""
STILL_THERE = timedelta(minutes=10)
"""What a person called resolved is open again if its symptom lasts for longer than this."""
AHEAD = timedelta(minutes=1)
"""What is later than now by more than this was told by a clock that was wrong."""


@dataclass
class Seen:
    """What a watcher remembers between passes; forgetting it delays an end, no more."""

    missed: dict[tuple[str, Key], tuple[int, datetime]] = field(default_factory=dict)
    """How many passes in a row did not find a symptom of an incident, and its end, as its detector told at any of them;
    or else the first of them."""

    def keep(self, incidents: Sequence[Incident]) -> None:
        """Forgets what is over."""
        lasting = {(one.id, each.symptom.key) for one in incidents for each in one.active}
        self.missed = {key: passes for key, passes in self.missed.items() if key in lasting}


@dataclass(frozen=True)
class Found:
    """What a pass found, and the parts of it that failed."""

    now: datetime
    symptoms: tuple[Symptom, ...]
    failed: frozenset[str] = frozenset()
    calls: Calls = field(default_factory=Calls)


def kept(
    found: Found, incidents: Sequence[Incident], runbook: Runbook, seen: Seen, is_over: Callable[[str], bool]
) -> list[Event]:
    """What happens to the incidents, and which are new.

    `incidents` are those that last or were lately; of all others `is_over` says whether one of an id is done with, so
    that a new one is not taken for it.
    """
    events: list[Event] = []
    taken = {one.id for one in incidents}

    def is_taken(id_: str) -> bool:
        return id_ in taken or is_over(id_)

    for group in grouped(found.symptoms, incidents, found.calls, found.now):
        if group.incident is None:
            new = _opened(group, is_taken, found.now, runbook)
        else:
            new = _told(group, found.now, runbook)
        events += new
        taken.update(event.incident for event in new)
    after = _applied(incidents, events)
    events += _ends(found, after, seen)
    after = _applied(incidents, events)
    events += [event for one in after for event in _escalated(one, found.now)]
    seen.keep(after)
    return told_in_turn(events, incidents, found.now)


def told_in_turn(events: Iterable[Event], incidents: Iterable[Incident], now: datetime) -> list[Event]:
    """What a pass tells of the incidents that it read, after all that happened to them."""
    times = {one.id: in_turn(one, now) for one in incidents}
    return [replace(event, time=times.get(event.incident, event.time)) for event in events]


def in_turn(incident: Incident, now: datetime) -> datetime:
    """The time of what happens to it now: after what happened before, be it that a clock was ahead then."""
    latest = incident.latest or now
    return now if latest <= now else latest + timedelta(microseconds=1)


def ago(then: datetime, now: datetime) -> timedelta:
    """How long ago something was; what is yet to come was told by a clock that was wrong, and is long ago."""
    return now - then if then - now < AHEAD else timedelta.max


def _applied(incidents: Sequence[Incident], events: Sequence[Event]) -> list[Incident]:
    """The incidents after these events, those without any as they were."""
    return [apply(one, [event for event in events if event.incident == one.id]) for one in incidents] + [
        one for one in fold(events) if one.id not in {each.id for each in incidents}
    ]


def _opened(group: Group, is_taken: Callable[[str], bool], now: datetime, runbook: Runbook) -> list[Event]:
    first = naming(group.symptoms)
    key = grouping_key(first)
    id_ = incident_id(key, first.from_, is_taken)
    said = ANSWER.dump_json(answer(group.symptoms, runbook, now)).decode()
    opening = Event(id_, f"{id_}.opened", now, Kind.OPENED, US, key, said)
    return [opening, *(_symptom(id_, symptom, 0, now) for symptom in group.symptoms)]


def _told(group: Group, now: datetime, runbook: Runbook) -> list[Event]:
    """What this pass adds to an incident that there is."""
    incident = group.incident
    assert incident is not None
    events: list[Event] = []
    if incident.state is State.RESOLVED:
        if not any(_reopens(incident, symptom, now) for symptom in group.symptoms):
            return []
        before = State.ACKNOWLEDGED if _knows(incident) else State.OPEN
        events.append(Event(incident.id, f"{incident.id}.reopened.{incident.epoch}", now, Kind.REOPENED, US, before))
    events += [event for symptom in group.symptoms for event in _symptom_told(incident, symptom, now)]
    return events + _named(incident, events, now, runbook)


def _knows(incident: Incident) -> bool:
    return incident.resolved_by == US and incident.state_before is State.ACKNOWLEDGED


def _reopens(incident: Incident, symptom: Symptom, now: datetime) -> bool:
    """Whether it is back since it was resolved; what a person called resolved may take a while to go."""
    resolved_for = ago(incident.resolved_at or now, now)
    if symptom.to is not None or resolved_for <= timedelta():
        return False
    tracked = _tracked(incident, symptom)
    return incident.resolved_by == US or (tracked is not None and not tracked.active) or resolved_for >= STILL_THERE


def _tracked(incident: Incident, symptom: Symptom) -> Tracked | None:
    return next((each for each in incident.symptoms if each.symptom.key == symptom.key), None)


def _symptom_told(incident: Incident, symptom: Symptom, now: datetime) -> Iterator[Event]:
    tracked = _tracked(incident, symptom)
    if tracked is None:
        yield _symptom(incident.id, symptom, 0, now)
    elif not tracked.active:
        if symptom.to is None:
            yield _symptom(incident.id, symptom, tracked.episode, now)
    elif symptom.to is None and _worth_telling(tracked, symptom, incident, now):
        yield _symptom(incident.id, symptom, tracked.episode, now, _moment(now))


def _worth_telling(tracked: Tracked, symptom: Symptom, incident: Incident, now: datetime) -> bool:
    before = tracked.symptom
    if (before.severity, before.cause) != (symptom.severity, symptom.cause):
        return True
    return before.sentence != symptom.sentence and ago(tracked.told, now) >= every(incident, now)


def _symptom(id_: str, symptom: Symptom, episode: int, now: datetime, moment: str = "") -> Event:
    event_id = f"{id_}.symptom.{symptom_digest(symptom)}.{episode}" + (f".{moment}" if moment else "")
    lasting = replace(symptom, to=None)
    return Event(id_, event_id, now, Kind.SYMPTOM, US, symptom.sentence, SYMPTOM.dump_json(lasting).decode())


def symptom_digest(symptom: Symptom) -> str:
    """A short name of a symptom, within an event's id."""
    return digest(repr(symptom.key))


def _named(incident: Incident, events: Sequence[Event], now: datetime, runbook: Runbook) -> list[Event]:
    """A new title, row or severity, where what is known has changed."""
    if not events:
        return []
    after = apply(incident, events)
    worst = {each.symptom.key: each.worst for each in after.symptoms}
    said = answer([each.symptom for each in after.symptoms], runbook, now, worst)
    if said == incident.answer:
        return []
    text = ANSWER.dump_json(said).decode()
    return [Event(incident.id, f"{incident.id}.named.{_moment(now)}", now, Kind.NAMED, US, said.title, text)]


def _moment(now: datetime) -> str:
    """A pass, as a part of an event's id: watchers look at the same moments."""
    return f"{now:%Y%m%dT%H%M%S}"


def every(incident: Incident, now: datetime) -> timedelta:
    """How often it is worth telling how it stands: often at first, seldom once it lasts."""
    age = now - incident.opened_at
    if age < timedelta(minutes=10):
        return timedelta(seconds=30)
    return timedelta(minutes=2) if age < timedelta(hours=1) else timedelta(minutes=10)


def bucket(incident: Incident, now: datetime) -> str:
    """The stretch of time that `now` is in, as a part of an event's id."""
    return f"{now.timestamp() // every(incident, now).total_seconds():.0f}"


def _ends(found: Found, incidents: Sequence[Incident], seen: Seen) -> Iterator[Event]:
    present = {symptom.key: symptom for symptom in found.symptoms}
    for incident in incidents:
        ended: list[Event] = []
        for tracked in incident.active:
            end = _end(incident, tracked, present.get(tracked.symptom.key), found, seen)
            if end is not None:
                ended.append(_ended(incident, tracked, end, found.now))
        yield from ended
        if ended and incident.state is not State.RESOLVED and len(ended) == len(incident.active):
            yield _resolved(incident, ended, found.now)


def _end(incident: Incident, tracked: Tracked, told: Symptom | None, found: Found, seen: Seen) -> datetime | None:
    """When a symptom ended, None while it lasts: at its own end, or else when it was first looked for in vain.

    What a person resolved, and nobody looked for since, ended then: what is found now is another incident's. What would
    have ended already, had somebody looked, is not waited for.
    """
    if incident.resolved_at is not None and found.now - incident.resolved_at >= FLAP:
        return incident.over
    if told is not None and tracked.joined == found.now and _is_over(told, found.now):
        return told.to
    place = incident.id, tracked.symptom.key
    if told is not None and told.to is None:
        seen.missed.pop(place, None)
        return None
    passes, end = seen.missed.get(place, (0, found.now))
    if tracked.symptom.found_by not in found.failed:
        passes, end = seen.missed[place] = passes + 1, (told and told.to) or end
    return end if passes >= PASSES_TO_END else None


def _is_over(symptom: Symptom, now: datetime) -> bool:
    """Whether it would have ended already: another system's end is one, a detector's may be a pause."""
    return symptom.to is not None and (symptom.found_by == ALERTS or now - symptom.to >= CALM)


def _ended(incident: Incident, tracked: Tracked, end: datetime, now: datetime) -> Event:
    symptom = replace(tracked.symptom, to=max(end, tracked.symptom.from_))
    text = f"Not found since {symptom.to:%H:%M:%S} UTC: {symptom.sentence}"
    event_id = f"{incident.id}.ended.{symptom_digest(symptom)}.{tracked.episode}"
    return Event(incident.id, event_id, now, Kind.SYMPTOM_ENDED, US, text, SYMPTOM.dump_json(symptom).decode())


def _resolved(incident: Incident, ended: Sequence[Event], now: datetime) -> Event:
    over = apply(incident, ended).ended or now
    text = f"Nothing of it since {over:%H:%M:%S} UTC."
    return Event(incident.id, f"{incident.id}.resolved.{incident.epoch}", now, Kind.RESOLVED, US, text)


def _escalated(incident: Incident, now: datetime) -> Iterator[Event]:
    after = incident.answer.escalate_after
    if incident.state is not State.OPEN or after is None or incident.escalated_at is not None:
        return
    known = [time for time in (incident.waiting_since, incident.opened_at) if time - now < AHEAD]
    if not known or now - known[0] >= after:
        to = incident.answer.escalate_to
        whom = to.name if to else "the channel"
        text = f"Nobody has acknowledged it within {lasted(after)}: it escalates to {whom}."
        yield Event(incident.id, f"{incident.id}.escalated.{incident.epoch}", now, Kind.ESCALATED, US, text)
