"""The timeline: the incident's events, what changed, and the symptoms, each with how it is known."""

from collections.abc import Iterator

from triage.incident.fold import SYMPTOM
from triage.incident.model import US, Event, Kind
from triage.incident.naming import subject_words
from triage.incident.wire import timeline_text
from triage.odd import one_line
from triage.postmortem.facts import Facts
from triage.postmortem.model import EntryJson

LEFT_OUT = frozenset({Kind.NAMED, Kind.WRITTEN, Kind.CLAIMED, Kind.IMPACT, Kind.SUSPECTS})
"""Events that say how we describe it, not what happened."""
ROUTINE = ("update.", "details")
SAID: dict[str, str] = {
    Kind.ACKNOWLEDGED: "Acknowledged",
    Kind.MITIGATED: "Called mitigated",
    Kind.RESOLVED: "Called resolved",
    Kind.REOPENED: "Called open again",
}
"""What a person says of the state."""
CHANGE = "change"
BEGAN = "began"


def chronology(facts: Facts) -> list[EntryJson]:
    """What happened, in order of time."""
    entries = [*_began(facts), *_events(facts), *_changes(facts)]
    return sorted(entries, key=lambda entry: (entry.time, entry.kind != CHANGE, entry.kind != BEGAN))


def _began(facts: Facts) -> Iterator[EntryJson]:
    for tracked in facts.incident.symptoms:
        symptom = tracked.symptom
        text = f"The first of what {symptom.detector} found later"
        yield EntryJson(time=symptom.from_, kind=BEGAN, source="telemetry", author=US, text=text)


def _events(facts: Facts) -> Iterator[EntryJson]:
    told: set[tuple[str, ...]] = set()
    for event in facts.incident.timeline:
        if event.kind in LEFT_OUT or (event.kind == Kind.NOTIFIED and event.text.startswith(ROUTINE)):
            continue
        if event.kind == Kind.SYMPTOM:
            episode = _episode(event)
            if episode in told:
                continue  # it only stands differently
            told.add(episode)
        yield EntryJson(
            time=event.time, kind=event.kind, source=_source(event), author=event.author, text=_text(facts, event)
        )


def _episode(event: Event) -> tuple[str, ...]:
    return tuple(event.id.removeprefix(f"{event.incident}.symptom.").split(".")[:2])


def _source(event: Event) -> str:
    if event.kind in {Kind.SYMPTOM, Kind.SYMPTOM_ENDED}:
        return f"detector {SYMPTOM.validate_json(event.details).detector}"
    return "the watch" if event.author == US else "incident"


def _text(facts: Facts, event: Event) -> str:
    if event.kind == Kind.OPENED:
        return f"The incident was opened: {timeline_text(event)}"
    if event.kind == Kind.SYMPTOM_ENDED:
        symptom = SYMPTOM.validate_json(event.details)
        since = f" since {symptom.to:%H:%M:%S} UTC" if symptom.to else ""
        return f"{symptom.detector} has found nothing of {subject_words(symptom)}{since}"
    word = SAID.get(event.kind) if event.author != US else None
    if word:
        return f"{word}: {event.text}" if event.text else f"{word}."
    return timeline_text(event)


def _changes(facts: Facts) -> Iterator[EntryJson]:
    for change in facts.changes:
        what = change.title or f"{change.kind} of {change.service} {change.version}".strip()
        if change.kind == "deploy" and change.service:
            what = f"deploy of {change.service} {change.version}".rstrip()
        status = f" ({change.status})" if change.status else ""
        yield EntryJson(
            time=change.time,
            kind=CHANGE,
            source=f"{change.origin} by {change.source}" if change.source else str(change.origin),
            author=change.author,
            text=one_line(f"{what}{status}", 300),
        )
