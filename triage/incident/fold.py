"""An incident is the fold of its events: the same events give the same incident, in whatever order they are read."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from pydantic import TypeAdapter

from triage.incident.model import (
    Answer,
    Event,
    Impact,
    Incident,
    Kind,
    Message,
    State,
    Suspect,
    Tick,
    Tracked,
)
from triage.rows.kinds import told_again
from triage.symptom import Symptom

SYMPTOM = TypeAdapter(Symptom)
ANSWER = TypeAdapter(Answer)
IMPACT = TypeAdapter(Impact)
SUSPECTS = TypeAdapter(tuple[Suspect, ...])
MESSAGE = TypeAdapter(Message)
TICK = TypeAdapter(Tick)
OPENING, END = "opening", "end"

Step: TypeAlias = Callable[[Incident, Event], Incident]


def fold(events: Iterable[Event]) -> list[Incident]:
    """The incidents that these events are about, the latest opened first. Events of one id count once."""
    by_incident: dict[str, dict[str, Event]] = defaultdict(dict)
    for event in events:
        by_incident[event.incident].setdefault(event.id, event)
    folded = (_fold_one(sorted(each.values(), key=_order)) for each in by_incident.values())
    return sorted((one for one in folded if one), key=lambda one: (one.opened_at, one.id), reverse=True)


def _order(event: Event) -> tuple[bool, datetime, bool, str]:
    return event.kind != Kind.OPENED, event.time, event.kind != Kind.SYMPTOM, event.id


def _fold_one(events: Sequence[Event]) -> Incident | None:
    if not events or events[0].kind != Kind.OPENED:
        return None  # its opening has not arrived
    first = events[0]
    incident = Incident(
        id=first.incident,
        key=first.text,
        state=State.OPEN,
        answer=ANSWER.validate_json(first.details),
        began=first.time,
        opened_at=first.time,
    )
    return apply(incident, events)


def apply(incident: Incident, events: Iterable[Event]) -> Incident:
    """The incident after these events, too."""
    for event in events:
        step = STEPS.get(event.kind)
        incident = step(incident, event) if step else incident
        if event.kind not in MESSAGES:
            incident = replace(incident, latest=max(event.time, incident.latest or event.time))
        if event.kind not in UNSEEN:
            incident = replace(incident, timeline=(*incident.timeline, event))
    return incident


MESSAGES = frozenset({Kind.CLAIMED, Kind.NOTIFIED})
UNSEEN = frozenset({Kind.CLAIMED, Kind.IMPACT, Kind.CHECKS, Kind.SUSPECTS})


def _named(incident: Incident, event: Event) -> Incident:
    return replace(incident, answer=ANSWER.validate_json(event.details))


def _symptom(incident: Incident, event: Event) -> Incident:
    symptom = SYMPTOM.validate_json(event.details)
    before = next((each for each in incident.symptoms if each.symptom.key == symptom.key), None)
    since = symptom.from_
    if before is None:
        tracked = Tracked(symptom, True, event.time, event.time, symptom.value, since=since)
    else:
        symptom = replace(told_again(before.symptom, symptom), from_=min(symptom.from_, before.symptom.from_))
        worst = max(before.worst, symptom.value, key=lambda value: abs(value - symptom.usual))
        since = min(since, before.since or since) if before.active else since
        tracked = replace(before, symptom=symptom, active=True, told=event.time, worst=worst, since=since)
    others = tuple(each for each in incident.symptoms if each.symptom.key != symptom.key)
    symptoms = tuple(sorted((*others, tracked), key=lambda each: (each.joined, each.symptom.from_)))
    began = min(each.symptom.from_ for each in symptoms)
    return replace(incident, symptoms=symptoms, began=began, ended=None)


def _symptom_ended(incident: Incident, event: Event) -> Incident:
    symptom = SYMPTOM.validate_json(event.details)
    symptoms = tuple(
        replace(
            each,
            symptom=told_again(each.symptom, symptom),
            active=False,
            told=event.time,
            episode=each.episode + 1,
        )
        if each.symptom.key == symptom.key
        else each
        for each in incident.symptoms
    )
    ends = [each.symptom.to for each in symptoms]
    return replace(incident, symptoms=symptoms, ended=max(end for end in ends if end) if all(ends) else None)


def _impact(incident: Incident, event: Event) -> Incident:
    impact = IMPACT.validate_json(event.details)
    if event.text == OPENING:
        incident = replace(incident, frozen=impact)
    if event.text == END:
        incident = replace(incident, frozen_end=impact)
    return replace(incident, impact=impact)


def _suspects(incident: Incident, event: Event) -> Incident:
    return replace(incident, suspects=SUSPECTS.validate_json(event.details))


def _checks(incident: Incident, event: Event) -> Incident:
    return replace(incident, checks=event.text)


def _acknowledged(incident: Incident, event: Event) -> Incident:
    if incident.state is not State.OPEN:
        return incident
    first = incident.first_acknowledged_at or event.time
    return replace(incident, state=State.ACKNOWLEDGED, acknowledged_at=event.time, first_acknowledged_at=first)


def _mitigated(incident: Incident, event: Event) -> Incident:
    if incident.state not in {State.OPEN, State.ACKNOWLEDGED}:
        return incident
    incident = _acknowledged(incident, event)  # whoever mitigates has seen it
    return replace(incident, state=State.MITIGATED, mitigated_at=event.time)


def _resolved(incident: Incident, event: Event) -> Incident:
    if incident.state is State.RESOLVED:
        return incident
    return replace(
        incident,
        state=State.RESOLVED,
        state_before=incident.state,
        resolved_at=event.time,
        resolved_by=event.author,
        ended=incident.ended or event.time,
    )


def _reopened(incident: Incident, event: Event) -> Incident:
    """By a person it is open again; of itself, acknowledged if it was: who knows of it is not asked twice."""
    if incident.state in {State.OPEN, State.ACKNOWLEDGED}:
        return incident
    known = event.text == State.ACKNOWLEDGED
    return replace(
        incident,
        state=State.ACKNOWLEDGED if known else State.OPEN,
        acknowledged_at=incident.acknowledged_at if known else None,
        mitigated_at=None,
        resolved_at=None,
        resolved_by="",
        escalated_at=None,
        ended=None,
        frozen_end=None,
        reopened_at=event.time,
        epoch=incident.epoch + 1,
    )


def _escalated(incident: Incident, event: Event) -> Incident:
    return replace(incident, escalated_at=incident.escalated_at or event.time)


def ticked(event: Event) -> Tick:
    """What a step's event says; before it had words it was `done` or `undone`."""
    is_word = not event.details.startswith("{")
    return Tick(event.details != "undone") if is_word else TICK.validate_json(event.details)


def _step(incident: Incident, event: Event) -> Incident:
    step = event.text
    done = incident.done | {step} if ticked(event).done else incident.done - {step}
    return replace(incident, done=done, ticks=incident.ticks + 1)


def _claimed(incident: Incident, event: Event) -> Incident:
    return replace(incident, claims=(*incident.claims, MESSAGE.validate_json(event.details)))


def _notified(incident: Incident, event: Event) -> Incident:
    return replace(incident, messages=(*incident.messages, MESSAGE.validate_json(event.details)))


STEPS: dict[str, Step] = {
    Kind.NAMED: _named,
    Kind.SYMPTOM: _symptom,
    Kind.SYMPTOM_ENDED: _symptom_ended,
    Kind.IMPACT: _impact,
    Kind.CHECKS: _checks,
    Kind.SUSPECTS: _suspects,
    Kind.ACKNOWLEDGED: _acknowledged,
    Kind.MITIGATED: _mitigated,
    Kind.RESOLVED: _resolved,
    Kind.REOPENED: _reopened,
    Kind.ESCALATED: _escalated,
    Kind.STEP: _step,
    Kind.CLAIMED: _claimed,
    Kind.NOTIFIED: _notified,
}
