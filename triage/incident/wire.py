"""Incidents as other programs get them."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, PlainSerializer

from triage.incident.due import due_at
from triage.incident.figures import Figures, figures, time_to_acknowledge, time_to_detect, time_to_resolve
from triage.incident.fold import ANSWER, ticked
from triage.incident.impact import Hit, is_of_rows, is_slow
from triage.incident.model import Answer, Event, Impact, Incident, Person, State, Tracked
from triage.model import AffectedCustomer
from triage.symptom import Severity
from triage.window import format_duration, format_time
from triage.wire import AffectedJson, Wire

Time = Annotated[datetime, PlainSerializer(format_time, return_type=str)]


def ms(duration: timedelta | None) -> float | None:
    """Milliseconds."""
    return None if duration is None else duration / timedelta(milliseconds=1)


class SymptomJson(Wire):
    """A detector's finding, or an outside alert."""

    detector: str
    subject: dict[str, str]
    from_: Time = Field(alias="from")
    to: Time | None
    severity: Severity
    sentence: str
    value: float
    usual: float
    unit: str
    cause: str
    because: str

    @classmethod
    def of(cls, tracked: Tracked) -> Self:
        symptom = tracked.symptom
        return cls(
            detector=symptom.detector,
            subject=dict(symptom.subject),
            from_=symptom.from_,
            to=None if tracked.active else symptom.to,
            severity=symptom.severity,
            sentence=symptom.sentence,
            value=symptom.value,
            usual=symptom.usual,
            unit=symptom.unit,
            cause=symptom.cause,
            because=symptom.because,
        )


class OwnerJson(Wire):
    """Who acts, and who is told after how long without an answer."""

    name: str
    slack: str
    escalate_after: str | None
    escalate_to: str | None


class LinkJson(Wire):
    """Where to read on."""

    title: str
    url: str


class RowJson(Wire):
    """What the runbook answers; `done` are the numbers of the steps that are ticked, from 1."""

    row: str
    likely_cause: str
    cause: str
    because: str
    mitigation: list[str]
    done: list[int]
    owner: OwnerJson | None
    links: list[LinkJson]
    sla: str | None

    @classmethod
    def of(cls, incident: Incident) -> Self:
        said = incident.answer
        return cls(
            row=said.row,
            likely_cause=said.likely_cause,
            cause=said.cause,
            because=said.because,
            mitigation=list(said.mitigation),
            done=[number for number, step in enumerate(said.mitigation, start=1) if step in incident.done],
            owner=_owner(said),
            links=[LinkJson(title=title, url=url) for title, url in said.links],
            sla=said.sla.name if said.sla else None,
        )


def _owner(said: Answer) -> OwnerJson | None:
    if said.owner is None:
        return None
    after = said.escalate_after
    return OwnerJson(
        name=said.owner.name,
        slack=said.owner.slack,
        escalate_after=None if after is None else format_duration(after),
        escalate_to=said.escalate_to.name if said.escalate_to else None,
    )


class ServiceOwnerJson(Wire):
    """Whose the service (partner, KPI) suspected is."""

    service: str
    name: str
    slack: str

    @classmethod
    def of(cls, service: str, person: Person | None) -> Self | None:
        return cls(service=service, name=person.name, slack=person.slack) if person else None


class FrozenJson(Wire):
    """The impact as it was at a moment."""

    at: Time
    customers: int
    not_recovered: int
    recovered: int
    masked: int
    amount_at_risk: dict[str, float]


class ImpactJson(Wire):
    """How many customers are hit; `frozen` is the answer at the opening, `frozen_end` at the end."""

    customers: int
    not_recovered: int
    recovered: int
    masked: int
    failures: int
    failed_requests: int
    attribution: float | None
    amount_at_risk: dict[str, float]
    exact: bool
    caveat: str | None
    computed_at: Time
    frozen: FrozenJson | None
    frozen_end: FrozenJson | None

    @classmethod
    def of(cls, incident: Incident) -> Self | None:
        impact = incident.impact
        if impact is None:
            return None
        return cls.model_validate(impact_facts(incident, impact))


def impact_facts(incident: Incident, impact: Impact) -> dict[str, object]:
    """The impact, and what it was at the incident's opening and its end, under the names of the contract."""
    return {
        **vars(impact),
        "attribution": impact.attribution,
        "computed_at": impact.at,
        "frozen": incident.frozen,
        "frozen_end": incident.frozen_end,
    }


class SuspectJson(Wire):
    """A change that may have caused it; `for` and `against` say with figures what speaks for it and what against."""

    what: str
    change: str
    time: Time
    score: float
    because: str
    for_: list[str] = Field(alias="for")
    against: list[str]


class EventJson(Wire):
    """One thing that happened."""

    time: Time
    kind: str
    author: str
    text: str

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(time=event.time, kind=event.kind, author=event.author, text=timeline_text(event))


def section_of(event: Event) -> str:
    """Which section of the postmortem an author's text is for."""
    return str(json.loads(event.details)["section"]).replace("_", " ")


def timeline_text(event: Event) -> str:
    """What the timeline says of an event."""
    if event.kind == "opened":
        return ANSWER.validate_json(event.details).title
    if event.kind == "reopened":
        return event.text if event.author != "triage" else "It is back."
    if event.kind == "notified":
        return f"Told of it: {event.text.partition('.')[0]}"
    if event.kind == "written":
        return f"Wrote for the postmortem: {section_of(event)}"
    if event.kind == "step":
        tick = ticked(event)
        said = f"{'Done' if tick.done else 'Not done'}: {event.text}"
        return f"{said} – {tick.words}" if tick.words else said
    return event.text


class IncidentJson(Wire):
    """An incident, whole."""

    id: str
    state: State
    severity: Severity
    title: str
    began: Time
    opened_at: Time
    acknowledged_at: Time | None
    mitigated_at: Time | None
    resolved_at: Time | None
    ended_at: Time | None
    postmortem_due_at: Time | None
    time_to_detect_ms: float
    time_to_acknowledge_ms: float | None
    time_to_resolve_ms: float | None
    symptoms: list[SymptomJson]
    runbook: RowJson
    service_owner: ServiceOwnerJson | None
    impact: ImpactJson | None
    suspects: list[SuspectJson]
    timeline: list[EventJson]

    @classmethod
    def of(cls, one: Incident) -> Self:
        return cls(
            id=one.id,
            state=one.state,
            severity=one.severity,
            title=one.title,
            began=one.began,
            opened_at=one.opened_at,
            acknowledged_at=one.acknowledged_at,
            mitigated_at=one.mitigated_at,
            resolved_at=one.resolved_at,
            ended_at=one.ended,
            postmortem_due_at=due_at(one),
            time_to_detect_ms=ms(time_to_detect(one)) or 0,
            time_to_acknowledge_ms=ms(time_to_acknowledge(one)),
            time_to_resolve_ms=ms(time_to_resolve(one)),
            symptoms=[SymptomJson.of(each) for each in one.symptoms],
            runbook=RowJson.of(one),
            service_owner=ServiceOwnerJson.of(one.answer.service, one.answer.service_owner),
            impact=ImpactJson.of(one),
            suspects=[SuspectJson.model_validate(each) for each in one.suspects],
            timeline=[EventJson.of(event) for event in one.timeline if not _is_routine(event)],
        )


def _is_routine(event: Event) -> bool:
    """Messages that only bring another one up to date."""
    return event.kind == "notified" and event.text.startswith(("update.", "details"))


class FiguresJson(Wire):
    """Means over the incidents of the answer that have the figure."""

    incidents: int
    mttd_ms: float | None
    mtta_ms: float | None
    mttr_ms: float | None

    @classmethod
    def of(cls, means: Figures) -> Self:
        return cls(incidents=means.incidents, mttd_ms=ms(means.mttd), mtta_ms=ms(means.mtta), mttr_ms=ms(means.mttr))


class IncidentsJson(Wire):
    """A page of incidents, the latest opened first; `figures` are over all that were asked for."""

    items: list[IncidentJson]
    figures: FiguresJson
    next: str | None

    @classmethod
    def page(cls, items: list[Incident], all_: list[Incident], cursor: str | None) -> Self:
        return cls(items=[IncidentJson.of(one) for one in items], figures=FiguresJson.of(figures(all_)), next=cursor)


class IncidentAffectedJson(AffectedJson):
    """Who is hit by an incident, as known now; with the figures of its opening and of its end.

    Where nothing failed, `failures` are wrong changes of rows (`of_rows`), or spans that took too long (`slow`).
    """

    of_rows: bool
    slow: bool
    frozen: FrozenJson | None
    frozen_end: FrozenJson | None

    @classmethod
    def told(cls, incident: Incident, hit: Hit, page: Sequence[AffectedCustomer], cursor: str | None) -> Self:
        """A page of the answer."""
        impact, question = hit.impact, hit.question
        return cls.model_validate(
            {
                **impact_facts(incident, impact),
                "of_rows": is_of_rows(incident),
                "slow": is_slow(incident),
                "from_": question.from_,
                "to": question.to,
                "as_of": impact.at,
                "question": question,
                "took_ms": hit.took_ms,
                "items": page,
                "next": cursor,
            }
        )
