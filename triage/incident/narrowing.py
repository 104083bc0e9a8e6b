"""A part of an incident's time, so that every question about its customers is put to that part alone."""

from dataclasses import replace
from datetime import datetime

from triage.incident.model import Incident, Tracked
from triage.window import Window, parse_end


def narrowed(incident: Incident, from_: str | None, to: str | None, now: datetime) -> Incident:
    """It with what its symptoms are about between these times (`15m`, RFC 3339, …); as it is where neither is given.

    Raises ValueError with a sentence.
    """
    if not from_ and not to:
        return incident
    start = parse_end(from_, now) if from_ else incident.began
    return within(incident, Window(start, parse_end(to, now) if to else max(incident.ended or now, start)), now)


def within(incident: Incident, window: Window, now: datetime) -> Incident:
    """It with the parts of its symptoms that lie in the window; those that lie outside are left out."""
    parts = (_part(each, window, incident.over or now) for each in incident.symptoms)
    symptoms = tuple(part for part in parts if part is not None)
    return replace(incident, symptoms=symptoms, began=window.from_, ended=window.to)


def _part(tracked: Tracked, window: Window, end: datetime) -> Tracked | None:
    symptom = tracked.symptom
    start, end = max(symptom.from_, window.from_), min(symptom.to or end, window.to)
    return replace(tracked, symptom=replace(symptom, from_=start, to=end)) if start < end else None
