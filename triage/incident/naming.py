"""An incident's id, its title, and what the runbook answers."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from triage.detectors import NAMES
from triage.detectors.wording import clock, percent
from triage.incident.model import Answer, Person
from triage.kpi.wording import counted
from triage.odd import one_line
from triage.runbook.model import Contact, Row, Runbook
from triage.symptom import Cause, Key, Severity, Symptom

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SHORTEST, LONGEST = 4, 12
FLOOR = timedelta(minutes=10)
SEVERITIES = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
OF_ALL = {"gateway_errors": "", "partner_integration": "calls to ", "inventory": "changes to ", "slow_checkout": ""}
"""What a share is of, by detector."""
LONGEST_TITLE = 160
SUBJECT = ("operation", "route", "partner", "kpi", "table", "service", "connector")


def grouping_key(symptom: Symptom) -> str:
    """What an incident is known by: the symptom that it was opened for."""
    subject = ",".join(f"{name}={value}" for name, value in sorted(symptom.subject.items()))
    return f"{symptom.detector}({subject})"


def incident_id(key: str, began: datetime, is_taken: Callable[[str], bool]) -> str:
    """Short, and the same for whoever makes it: from what is grouped and when that began, to ten minutes.

    A digit longer where another incident has it already, and so on: one that has all of them is taken for this one.
    """
    floored = began.timestamp() // FLOOR.total_seconds()
    number = int.from_bytes(hashlib.sha256(f"{key}\n{floored:.0f}".encode("utf-8", "replace")).digest(), "big")
    letters = "".join(CROCKFORD[number >> 5 * place & 31] for place in range(LONGEST))
    ids = (f"INC-{letters[:length]}" for length in range(SHORTEST, LONGEST + 1))
    return next((one for one in ids if not is_taken(one)), f"INC-{letters}")


def digest(text: str) -> str:
    """A short name for a text, within an event's id."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def naming(symptoms: Iterable[Symptom]) -> Symptom:
    """The symptom that names the incident: the most specific detector's, then the worst, then the first."""
    return min(symptoms, key=lambda each: (_place(each.detector), SEVERITIES.index(each.severity), each.from_))


def _place(detector: str) -> int:
    return NAMES.index(detector) if detector in NAMES else len(NAMES)


def answer(
    symptoms: Sequence[Symptom], runbook: Runbook, now: datetime, worst: Mapping[Key, float] | None = None
) -> Answer:
    """What the runbook says to these symptoms; `worst` are their values when each was worst, if that is known."""
    symptom = naming(symptoms)
    at_worst = replace(symptom, value=(worst or {}).get(symptom.key, symptom.value))
    severity = min((each.severity for each in symptoms), key=SEVERITIES.index)
    row = runbook.answering(symptom)
    title = title_of(symptom, row, now)
    kind, service = _suspected(symptom)
    service_owner = _person(runbook.owner(kind, service)) if service else None
    if row is None:
        return Answer(
            title,
            severity,
            ended_title(at_worst, row, now),
            cause=symptom.cause,
            because=symptom.because,
            service=service,
        )
    after = row.owner.escalate_after
    return Answer(
        title=title,
        severity=severity,
        ended=ended_title(at_worst, row, now),
        row=row.name,
        symptom=row.symptom,
        likely_cause=row.cause_in_words(symptom.cause),
        cause="" if symptom.cause is Cause.UNKNOWN else symptom.cause,
        because=symptom.because,
        mitigation=row.steps(symptom.cause),
        owner=_person(row.owner),
        escalate_after_s=None if after is None else after.total_seconds(),
        escalate_to=_person(row.owner.escalate_to),
        links=tuple((link.title, link.url) for link in row.links),
        sla=_person(row.sla),
        service=service,
        service_owner=service_owner,
    )


def _suspected(symptom: Symptom) -> tuple[str, str]:
    """The kind and name of what the evidence points at."""
    subject = symptom.subject
    if subject.get("kpi"):
        return "kpi", subject["kpi"]
    if subject.get("partner") and symptom.suspect in {"", subject["partner"]}:
        return "partner", subject["partner"]
    service = symptom.suspect or subject.get("service", "")
    return "service", "" if service == "*" else service  # everything is nobody's


def _person(contact: Contact) -> Person | None:
    return Person(contact.name, contact.slack) if contact else None


def title_of(symptom: Symptom, row: Row | None, now: datetime) -> str:
    """What is wrong in a line: "5xx at the gateway: 31 % of POST /checkout since 10:02", or since which day."""
    name = row.symptom if row else one_line(symptom.detector)
    return _cut(f"{name}: {_figure(symptom, 'takes ')} since {clock(symptom.from_, now)}")


def ended_title(symptom: Symptom, row: Row | None, now: datetime) -> str:
    """The same for afterwards, without the end: "Checkout was slow: POST /buy took at worst 2.4 s or more from 10:02".

    It was as bad as it was told, and may have been worse between two passes, or for a shorter time than they look at.
    """
    name = (row.ended or row.symptom) if row else one_line(symptom.detector)
    return _cut(f"{name}: {_figure(symptom, 'took at worst ', 'at worst ')} from {clock(symptom.from_, now)}")


def _cut(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def _figure(symptom: Symptom, takes: str, at: str = "") -> str:
    about = subject_words(symptom)
    if symptom.detector == "no_data":
        return "nothing from any service" if about == "everything" else f"nothing from {about}"
    if symptom.detector not in NAMES:
        return one_line(symptom.sentence or symptom.detector, 100)
    figure = quantity(symptom.value, symptom.unit)
    if at and symptom.value and figure != "100 %" and not figure.startswith(("under", "over")):
        figure += " or less" if symptom.value < symptom.usual else " or more"
    if symptom.detector in OF_ALL and symptom.unit == "ratio":
        return f"{at}{figure} of {OF_ALL[symptom.detector]}{about}"
    return f"{about} {takes if symptom.unit == 'ms' else at}{figure}"


def subject_words(symptom: Symptom) -> str:
    """What it is about, in a few words."""
    labels = {**symptom.labels, **symptom.subject}
    if symptom.detector == "partner_integration":
        return one_line(labels.get("partner", ""))
    known = next((labels[name] for name in SUBJECT if labels.get(name)), "")
    return one_line(known) if known not in {"", "*"} else "everything"


def quantity(value: float, unit: str) -> str:
    """A figure with its unit: `31 %`, `0.2 %`, `2.4 s`, `12 orders`."""
    number, digits, name = _written(value, unit)
    if name == "%":
        return percent(number / 100)
    text = f"{number:,.{digits}f}"
    return f"{text} {one_line(counted(name, text), 20)}".rstrip()


def as_told(value: float, unit: str) -> float:
    """The value that its quantity tells; one that is too small to be told in digits stays as it is."""
    number, digits, _ = _written(value, unit)
    told = round(number, digits)
    return float(f"{value * told / number:.12g}") if told else value


def _written(value: float, unit: str) -> tuple[float, int, str]:
    """A figure in the unit that suits it, with how many digits behind the point, and the unit."""
    if unit in {"ratio", "1"}:
        percent = 100 * value
        return percent, 0 if 10 <= percent <= 99 or percent >= 100 or percent == int(percent) else 1, "%"
    if unit == "ms":
        return (value, 0, "ms") if round(value) < 1000 else (value / 1000, 1, "s")
    digits = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 1 else 2
    return value, digits, unit
