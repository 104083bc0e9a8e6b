"""Which symptoms belong together: of one subject, of neighbours in the call graph, and figures with what moved them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from triage.incident.model import Incident, State
from triage.symptom import Symptom

FLAP = timedelta(minutes=15)
"""What comes back within this time of an incident's end is that incident."""
KPI = "kpi_moved"
SHARED = timedelta(minutes=30)
"""A business figure and what moved it are known to have begun within this time of each other."""
SUBJECTS = ("service", "partner", "table", "connector")


@dataclass(frozen=True)
class Calls:
    """Who calls whom (caller, callee), and the services where requests enter, which are connected to everything."""

    edges: frozenset[tuple[str, str]] = frozenset()
    entries: frozenset[str] = frozenset()

    def connected(self, one: str, other: str) -> bool:
        """Whether one of the two calls the other, and neither is where requests enter."""
        near = (one, other) in self.edges or (other, one) in self.edges
        return near and not {one, other} & self.entries


@dataclass
class Group:
    """Symptoms that belong together, and the incident that they belong to; None for a new one."""

    incident: Incident | None
    symptoms: list[Symptom] = field(default_factory=list)


def grouped(symptoms: Sequence[Symptom], incidents: Sequence[Incident], calls: Calls, now: datetime) -> list[Group]:
    """A group for each incident concerned, and one for each new. Symptoms are in the order in which they name."""
    groups = [Group(incident) for incident in _in_reach(incidents, now)]
    later = [symptom for symptom in symptoms if not _known(symptom, groups, now) and not _is_past(symptom, incidents)]
    for symptom in sorted(later, key=lambda each: each.detector == KPI):  # what follows from all comes last
        _place(symptom, groups, calls, now)
    return [group for group in groups if group.symptoms]


def related(one: Symptom, other: Symptom, calls: Calls) -> bool:
    """Whether two symptoms of the same time are about one thing, or about neighbours."""
    if "kpi" in one.subject and one.subject["kpi"] == other.subject.get("kpi"):
        return True
    if (concerned(one) & concerned(other)) - calls.entries:
        return True
    return any(calls.connected(a, b) for a in _blamed(one) for b in _blamed(other))


def concerned(symptom: Symptom) -> frozenset[str]:
    """The services, partners and tables that it is about, whichever way they are named."""
    subject = {symptom.subject[name] for name in SUBJECTS if symptom.subject.get(name)}
    return symptom.services | subject | ({symptom.suspect} if symptom.suspect else set())


def _blamed(symptom: Symptom) -> frozenset[str]:
    return frozenset({symptom.suspect}) if symptom.suspect else concerned(symptom)


def _in_reach(incidents: Iterable[Incident], now: datetime) -> list[Incident]:
    """Those not resolved and then those resolved lately, the first opened first."""
    near = [one for one in incidents if one.resolved_at is None or now - one.resolved_at < FLAP]
    return sorted(near, key=lambda one: (one.state is State.RESOLVED, one.opened_at, one.id))


def _known(symptom: Symptom, groups: Sequence[Group], now: datetime) -> bool:
    """Puts it to the incident that has it already."""
    for group in groups:
        if group.incident and any(each.key == symptom.key for each in _drawing(group.incident, now)):
            group.symptoms.append(symptom)
            return True
    return False


def _drawing(incident: Incident, now: datetime) -> list[Symptom]:
    """What draws others to it: while some of it lasts, nothing that ended longer ago than it would be back."""
    return [each.symptom for each in incident.symptoms if each.active or not incident.active or now - each.told < FLAP]


def _is_past(symptom: Symptom, incidents: Sequence[Incident]) -> bool:
    """Whether it is over, and was known in its time: resolved by a person while it lasted, or told with another cause.

    As what is slow is over, little of it is left to tell by what made it wait.
    """
    end = symptom.to
    if end is None:
        return False
    known = [each for one in incidents for each in one.findings if _asks_alike(each, symptom)]
    return any(each.from_ < end and (each.to is None or symptom.from_ < each.to) for each in known)


def _asks_alike(one: Symptom, other: Symptom) -> bool:
    """Whether two findings have one subject, or are a detector's, of one operation, and ask for the same spans."""
    asked = [
        (each.question.service, each.question.partner, each.question.version, each.labels.get("operation"))
        for each in (one, other)
        if each.question
    ]
    return one.key == other.key or (one.detector == other.detector and len(asked) == 2 and asked[0] == asked[1])


def _place(symptom: Symptom, groups: list[Group], calls: Calls, now: datetime) -> None:
    fitting = [group for group in groups if _fits(symptom, group, calls, now)]
    if not fitting:
        groups.append(Group(None, [symptom]))
        return
    first, *others = fitting
    first.symptoms.append(symptom)
    if symptom.detector == KPI:
        return
    for other in others:
        if other.incident is None:  # this symptom is what connects them
            first.symptoms += other.symptoms
            groups.remove(other)


def _fits(symptom: Symptom, group: Group, calls: Calls, now: datetime) -> bool:
    """Whether it is likely to have one cause with the group.

    A business figure follows from anything that begins with it. It ties no two faults together: what fails joins
    figures only where there is nothing else, and none of them moved long before.
    """
    incident = group.incident
    if incident and incident.resolved_at is not None and symptom.from_ > (incident.ended or incident.resolved_at):
        return False
    held = [*(_drawing(incident, now) if incident else ()), *group.symptoms]
    if any(related(symptom, other, calls) for other in held):
        return True
    if symptom.detector == KPI:
        return any(_begin_together(symptom, other) for other in held)
    return bool(held) and all(other.detector == KPI and _begin_together(symptom, other) for other in held)


def _begin_together(one: Symptom, other: Symptom) -> bool:
    return abs(one.from_ - other.from_) <= SHARED
