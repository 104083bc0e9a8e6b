"""Incidents as a person reads them in a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from triage.incident.model import State
from triage.incident.retelling import passages
from triage.incident.wire import EventJson, FiguresJson, ImpactJson, IncidentJson, IncidentsJson
from triage.money import amounts
from triage.terminal import columns, printable
from triage.window import Window, format_duration, format_time

SIGNS = {State.OPEN: "●", State.ACKNOWLEDGED: "◐", State.MITIGATED: "◔", State.RESOLVED: "○"}
HEADINGS = ("INCIDENT", "STATE", "SEVERITY", "OPENED (UTC)", "CUSTOMERS", "WHAT IS WRONG", "OWNER")


def list_text(answer: IncidentsJson, width: int | None = None) -> Iterator[str]:
    """A line an incident, and how fast they were found, answered and ended."""
    if not answer.items:
        yield "No incident."
        return
    yield from table_text(answer.items, width)
    yield ""
    yield figures_text(answer.figures)


def table_text(incidents: Iterable[IncidentJson], width: int | None = None) -> Iterator[str]:
    """A line an incident, below headings."""
    yield from columns(HEADINGS, map(_cells, incidents), right={"CUSTOMERS"}, width=width)


def replay_text(window: Window, every: timedelta, incidents: Sequence[IncidentJson]) -> Iterator[str]:
    """What a replay has found: how many incidents in which time, a line each, and then each in full."""
    count = "1 incident" if len(incidents) == 1 else f"{len(incidents)} incidents" if incidents else "No incident"
    between = f"from {format_time(window.from_)} to {format_time(window.to)}"
    yield f"{count} would have been opened {between}, with a look every {format_duration(every)}."
    if len(incidents) > 1:
        yield ""
        yield from table_text(incidents)
    for number, one in enumerate(incidents, start=1):
        yield ""
        if len(incidents) > 1:
            yield f"── {number} of {len(incidents)} " + "─" * 40
        yield from incident_text(one)


def figures_text(means: FiguresJson) -> str:
    """MTTD, MTTA and MTTR in words."""
    times = (
        ("found", means.mttd_ms, "after it began"),
        ("acknowledged", means.mtta_ms, "after opening"),
        ("over", means.mttr_ms, "after it began"),
    )
    said = [f"{word} {_long(took)} {since}" for word, took, since in times if took is not None]
    count = "1 incident" if means.incidents == 1 else f"{means.incidents:,} incidents"
    return f"{count}; on average {', '.join(said)}."


def incident_text(one: IncidentJson) -> Iterator[str]:
    """An incident: what is wrong, whom it hits, who must act, what to do first, and how it went."""
    yield f"{SIGNS[one.state]} {one.state}  {one.id}  {printable(one.title)}"
    yield _hit(one.impact)
    yield from (printable(line) for line in _who_and_why(one))
    if one.runbook.mitigation:
        yield ""
        yield "The runbook’s steps:" if one.state == State.RESOLVED else "Do first:"
        for number, step in enumerate(one.runbook.mitigation, start=1):
            yield printable(f"  {'☑' if number in one.runbook.done else '☐'} {number}. {step}")
    yield ""
    yield "What is wrong:"
    for symptom in one.symptoms:
        until = f" until {_time(symptom.to)}" if symptom.to else ""
        yield printable(f"  {_time(symptom.from_)}{until}  {symptom.sentence}")
        if symptom.because:
            yield printable(f"           {symptom.because}")
    if one.suspects:
        yield ""
        yield "What changed before:"
        for suspect in one.suspects:
            yield printable(f"  {suspect.score:.2f}  {suspect.what}: {suspect.because}")
            yield from (printable(f"          for: {words}") for words in suspect.for_)
            yield from (printable(f"      against: {words}") for words in suspect.against)
    yield ""
    yield "When (UTC):"
    yield from (printable(line) for line in _story(one.timeline))


def _story(timeline: Sequence[EventJson]) -> Iterator[str]:
    """What happened, a line each; of figures that were brought up to date, the first and how many more."""
    for passage in passages(timeline):
        for event in passage.events:
            yield f"  {_time(event.time)}  {event.kind:<13}  {event.author}: {event.text}"
        if passage.figures:
            more = f"{len(passage.figures):,} more of its figures (--format json has each)"
            yield f"  {_time(passage.figures[-1].time)}  {'…':<13}  {more}"


def _who_and_why(one: IncidentJson) -> Iterator[str]:
    row = one.runbook
    if row.likely_cause:
        because = f" ({row.because})" if row.because else ""
        yield f"Probably {row.likely_cause}{because}"
    if row.owner:
        late = row.owner.escalate_after
        escalates = (
            f"; after {late} without an answer: {row.owner.escalate_to}" if late and row.owner.escalate_to else ""
        )
        yield f"Owner: {row.owner.name}{escalates}"
    if one.service_owner:
        yield f"Owner of {one.service_owner.service}: {one.service_owner.name}"


def _hit(impact: ImpactJson | None) -> str:
    if impact is None:
        return "How many customers are hit is not known yet."
    if not impact.customers:
        return "No customer is known to be hit."
    parts = [f"{impact.customers:,} customers hit" if impact.customers != 1 else "1 customer hit"]
    counts = (
        (impact.not_recovered, "not recovered"),
        (impact.recovered, "recovered"),
        (impact.masked, "never noticed"),
    )
    parts += [f"{count:,} {words}" for count, words in counts if count]
    parts += [f"{amounts(impact.amount_at_risk)} at risk"] if impact.amount_at_risk else []
    return " · ".join(parts)


def _cells(one: IncidentJson) -> tuple[str, ...]:
    return (
        one.id,
        f"{SIGNS[one.state]} {one.state}",
        one.severity,
        f"{one.opened_at.astimezone(UTC):%Y-%m-%d %H:%M}",
        f"{one.impact.customers:,}" if one.impact else "",
        one.title,
        one.runbook.owner.name if one.runbook.owner else "",
    )


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M:%S}"


def _long(milliseconds: float) -> str:
    return format_duration(timedelta(seconds=round(milliseconds / 1000)))
