"""What people did about it: which steps they ticked, what they noted, and how it was declared over."""

from collections.abc import Iterator
from datetime import datetime

from triage.incident.fold import SYMPTOM, ticked
from triage.incident.model import US, Event, Incident, Kind
from triage.postmortem.model import StepJson
from triage.postmortem.wording import clock


def steps(incident: Incident) -> list[StepJson]:
    """The runbook's steps, and who ticked each when."""
    return [_step(incident, step) for step in incident.answer.mitigation]


def _step(incident: Incident, step: str) -> StepJson:
    last = next((each for each in reversed(incident.timeline) if each.kind == Kind.STEP and each.text == step), None)
    if last is None or not ticked(last).done:
        return StepJson(step=step, done=False, by=None, at=None)
    return StepJson(step=step, done=True, by=last.author, at=last.time)


def remediation(incident: Incident) -> Iterator[str]:
    """What was done, in sentences."""
    ticked = [step for step in steps(incident) if step.done]
    total = len(incident.answer.mitigation)
    if total and ticked:
        yield f"{len(ticked)} of the runbook’s {total} steps were ticked as done."
    elif total:
        yield f"None of the runbook’s {total} steps was ticked: please write what was done instead."
    for event in incident.timeline:
        if event.kind in {Kind.MITIGATED, Kind.RESOLVED, Kind.REOPENED}:
            yield _state_change(incident, event)


def _state_change(incident: Incident, event: Event) -> str:
    by_us = event.author == US
    at = clock(event.time, incident.began)
    what = {Kind.MITIGATED: "mitigated", Kind.RESOLVED: "resolved", Kind.REOPENED: "open again"}[Kind(event.kind)]
    if by_us and event.kind == Kind.RESOLVED:
        ended = clock(_ended(incident, event), incident.began)
        return f"It ended at {ended}: the detectors found nothing of it since."
    if by_us:
        return f"At {at} it was {what}: it was found again."
    return f"At {at} {event.author} called it {what}" + (f": {event.text}" if event.text else ".")


def _ended(incident: Incident, resolved: Event) -> datetime:
    """When what was resolved then had ended: it may have come back since."""
    told = [each for each in incident.timeline if each.kind == Kind.SYMPTOM_ENDED and each.time <= resolved.time]
    ends = [SYMPTOM.validate_json(each.details).to for each in told]
    return max((end for end in ends if end), default=resolved.time)
