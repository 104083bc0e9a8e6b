"""From facts to the document: every section drafted, with what its authors wrote and what is new since."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from triage.incident.due import due_at, written
from triage.incident.figures import time_to_acknowledge, time_to_detect, time_to_resolve
from triage.incident.impact import is_of_rows, is_slow, tells_customers
from triage.incident.model import Event
from triage.incident.naming import digest
from triage.incident.wire import SuspectJson, impact_facts, ms
from triage.model import AffectedCustomer
from triage.postmortem import actions, prose
from triage.postmortem.chronology import chronology
from triage.postmortem.facts import Facts
from triage.postmortem.model import (
    TITLES,
    CheckJson,
    CustomerRowJson,
    CustomersJson,
    DetectionJson,
    EntryJson,
    ImpactJson,
    PostmortemJson,
    SectionJson,
    SectionName,
    WrittenJson,
)
from triage.postmortem.people import remediation, steps
from triage.postmortem.pictures import pictures
from triage.postmortem.plan import checks, plan_words
from triage.postmortem.verification import last_verified
from triage.postmortem.wording import clock

SHOWN = 20
"""Customers in the table; the rest is in the CSV."""
LESSONS = "What went well, what was luck, and what should change: for the author."


@dataclass(frozen=True)
class Draft:
    """What a section says by itself, and lines of its table that are new if they were not there before."""

    prose: tuple[str, ...]
    rows: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """All that may be new."""
        return self.prose + self.rows


def drafts(facts: Facts) -> dict[SectionName, Draft]:
    """Each section by itself."""
    suggested = [actions.line(item) for item in actions.suggested(facts)]
    made: dict[SectionName, tuple[Sequence[str], Sequence[str]]] = {
        SectionName.SUMMARY: (list(prose.summary(facts)), ()),
        SectionName.IMPACT: (list(prose.impact(facts)), list(prose.frozen(facts.incident))),
        SectionName.TIMELINE: ((), [entry_line(each, facts) for each in chronology(facts)]),
        SectionName.DETECTION: (list(prose.detection(facts)), ()),
        SectionName.ROOT_CAUSE: (list(prose.root_cause(facts)), list(_suspect_lines(facts))),
        SectionName.REMEDIATION: (list(remediation(facts.incident)), list(_step_lines(facts))),
        SectionName.VERIFICATION: (list(plan_words(facts.incident, _checks(facts))), list(_check_lines(facts))),
        SectionName.ACTIONS: (suggested, ()),
        SectionName.LESSONS: ((LESSONS,), ()),
    }
    return {name: Draft(tuple(said), tuple(rows)) for name, (said, rows) in made.items()}


def entry_line(entry: EntryJson, facts: Facts) -> str:
    """What happened, in a line."""
    return f"{clock(entry.time, facts.incident.began)}: {entry.text}"


def _suspect_lines(facts: Facts) -> Iterator[str]:
    for each in facts.incident.suspects:
        yield from (f"For {each.what}: {words}." for words in each.for_)
        yield from (f"Against {each.what}: {words}." for words in each.against)


def _step_lines(facts: Facts) -> Iterator[str]:
    for step in steps(facts.incident):
        if step.at and step.by:
            yield f"{step.step}: done by {step.by} at {clock(step.at, facts.incident.began)}."


def _checks(facts: Facts) -> list[CheckJson]:
    return [check.as_json(facts.incident) for check in checks(facts.incident, facts.impact.not_recovered, facts.rows)]


def _check_lines(facts: Facts) -> Iterator[str]:
    yield from (f"{check.what}." for check in _checks(facts))
    if found := last_verified(facts.incident):
        yield from (f"{each.what}: {each.status}, {each.found}." for each in found.checks)


def seen(facts: Facts, section: SectionName) -> str:
    """What an author has before them when they write: kept with their text, so that what is new later is known."""
    return json.dumps({"section": section, "seen": [digest(line) for line in drafts(facts)[section].lines]})


def drafted(facts: Facts, shown: Facts | None = None, wipe: Callable[[str], str] = str) -> PostmortemJson:
    """The document. `shown` are the facts as a reader may see them, where that is not all; `wipe` does so to texts."""
    visible = shown or facts
    own, told = drafts(facts), drafts(visible)
    sections = [_section(name, own[name], told[name], facts, wipe) for name in SectionName]
    incident = visible.incident
    text = next((each.written.text for each in sections if each.name is SectionName.ACTIONS and each.written), None)
    owner = incident.answer.service_owner or incident.answer.owner
    return PostmortemJson(
        incident=incident.id,
        title=incident.title,
        state=incident.state,
        severity=incident.severity,
        began=incident.began,
        ended_at=incident.ended,
        due_at=due_at(incident),
        generated_at=visible.now,
        redacted=visible.redacted,
        page=visible.page,
        responder=incident.answer.owner.name if incident.answer.owner else "",
        owner=owner.name if owner else "",
        service=incident.answer.service,
        sections=sections,
        impact=_impact(visible),
        customers=_customers(visible),
        timeline=chronology(visible),
        detection=_detection(visible),
        suspects=[SuspectJson.model_validate(each) for each in incident.suspects],
        steps=steps(incident),
        checks=_checks(visible),
        verified=last_verified(incident),
        actions=list(actions.suggested(visible)) if text is None else actions.read(text),
        figures=list(pictures(visible)),
    )


def _section(
    name: SectionName, own: Draft, told: Draft, facts: Facts, wipe: Callable[[str], str]
) -> SectionJson:  # fmt: skip
    texts = [(event, json.loads(event.details)) for event in written(facts.incident)]
    mine = [(event, details) for event, details in texts if details["section"] == name]
    known = set(mine[-1][1]["seen"]) if mine else set()
    added = [shown for line, shown in zip(own.lines, told.lines, strict=True) if mine and digest(line) not in known]
    versions = [_written(event, wipe) for event, _ in mine]
    return SectionJson(
        name=name,
        title=TITLES[name],
        drafted=list(told.prose),
        written=versions[-1] if versions else None,
        earlier=versions[:-1],
        added=added,
    )


def _written(event: Event, wipe: Callable[[str], str]) -> WrittenJson:
    return WrittenJson(author=wipe(event.author), at=event.time, text=wipe(event.text))


def _impact(facts: Facts) -> ImpactJson:
    one = facts.incident
    kinds = {"of_rows": is_of_rows(one), "slow": is_slow(one), "unknown": not tells_customers(one)}
    return ImpactJson.model_validate({**impact_facts(one, facts.impact), "revised": facts.impact, **kinds})


def _customers(facts: Facts) -> CustomersJson:
    rest = "" if facts.redacted else f"{facts.base_url}/api/v1/incidents/{facts.incident.id}/affected.csv"
    return CustomersJson(total=len(facts.customers), shown=[_row(each) for each in facts.customers[:SHOWN]], all=rest)


def _row(item: AffectedCustomer) -> CustomerRowJson:
    return CustomerRowJson(
        customer=item.customer,
        outcome=item.outcome,
        failures=item.failures,
        first=item.first,
        last=item.last,
        orders=list(item.orders),
        amount={currency: float(amount) for currency, amount in item.amount.items()},
    )


def _detection(facts: Facts) -> DetectionJson:
    incident = facts.incident
    return DetectionJson(
        time_to_detect_ms=ms(time_to_detect(incident)) or 0,
        time_to_acknowledge_ms=ms(time_to_acknowledge(incident)),
        time_to_resolve_ms=ms(time_to_resolve(incident)),
        found_by=facts.found.detector,
    )
