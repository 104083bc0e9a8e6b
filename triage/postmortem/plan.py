"""The verification plan: what can be checked later, against which threshold, and until when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from triage.detectors import NAMES
from triage.incident.impact import is_slow
from triage.incident.model import Incident
from triage.incident.naming import as_told, quantity, subject_words
from triage.postmortem.model import CheckJson
from triage.postmortem.rows import Rows
from triage.postmortem.wording import counted
from triage.symptom import Symptom

MEASURED_OVER = timedelta(minutes=15)
WORTH_RUNNING = timedelta(days=7)
"""After the end: a fault that comes back has mostly done so by then."""
PART_OF_THE_WAY = 0.25
"""A measure is no longer as usual, once it has gone so much of the way to where it was."""


MEASURED = {
    "gateway_errors": "Errors of {}",
    "partner_integration": "Errors of calls to {}",
    "slow_checkout": "Mean time of {}",
    "inventory": "Row changes of {} that can’t be right",
}
"""What a detector measures, in words; the figure's name for others."""


class CheckKind(StrEnum):
    """What a check asks."""

    DETECTOR = "detector"  # whether the symptom's own query finds it again
    MEASURE = "measure"  # whether what it measured is as usual
    CUSTOMERS = "customers"  # whether those who had not got through have
    ROWS = "rows"  # whether the rows that it made wrong are right


@dataclass(frozen=True)
class Check:
    """A check: of which symptom (None: of the customers or rows), and what its measure may be at most (or least)."""

    name: str
    kind: CheckKind
    symptom: Symptom | None = None
    threshold: float | None = None
    unit: str = ""
    falls: bool = False
    slow: bool = False
    """Of the customers: whether they only waited."""

    @property
    def what(self) -> str:
        """What must hold, in a sentence."""
        if self.kind is CheckKind.ROWS:
            return "Every row concerned says what is right"
        if self.symptom is None:
            lost = "had had no quick answer" if self.slow else "had not got through"
            return f"Every customer who {lost} when it ended has {'had one' if self.slow else 'got through'} since"
        about = subject_words(self.symptom)
        if self.kind is CheckKind.DETECTOR:
            own = self.symptom.detector in NAMES
            return f"{self.symptom.detector} finds nothing of {about}" if own else f"No such alert fires: {about}"
        bound = "at least" if self.falls else "at most"
        limit = quantity(self.threshold or 0.0, self.unit)
        minutes = MEASURED_OVER // timedelta(minutes=1)
        what = MEASURED.get(self.symptom.detector, "").format(about) or about
        return f"{what}: {bound} {limit} over {minutes} minutes"

    def as_json(self, incident: Incident) -> CheckJson:
        """As other programs get it."""
        until = incident.ended + WORTH_RUNNING if incident.ended else None
        return CheckJson(name=self.name, what=self.what, threshold=self.threshold, unit=self.unit, until=until)


def checks(incident: Incident, not_recovered: int, rows: Rows | None) -> Iterator[Check]:
    """The checks of an incident of whose customers so many have not got through, and that concerns these rows."""
    for number, tracked in enumerate(incident.symptoms, start=1):
        symptom = tracked.symptom
        yield Check(f"{CheckKind.DETECTOR}-{number}", CheckKind.DETECTOR, tracked.lately)
        if symptom.detector in NAMES and symptom.unit and symptom.detector != "no_data":
            limit = symptom.usual + PART_OF_THE_WAY * (symptom.value - symptom.usual)
            falls = symptom.value < symptom.usual
            name = f"{CheckKind.MEASURE}-{number}"
            yield Check(name, CheckKind.MEASURE, symptom, as_told(limit, symptom.unit), symptom.unit, falls)
    end = incident.frozen_end or incident.impact
    if not_recovered or (end and end.not_recovered):
        yield Check(CheckKind.CUSTOMERS, CheckKind.CUSTOMERS, threshold=0, unit="customers", slow=is_slow(incident))
    if rows:
        yield Check(CheckKind.ROWS, CheckKind.ROWS, threshold=0, unit="rows")


def plan_words(incident: Incident, planned: list[CheckJson]) -> Iterator[str]:
    """How the plan is run, in sentences."""
    until = next((check.until for check in planned if check.until), None)
    when = f", until {until.day} {until:%b %Y}" if until else " once it is over"
    count = counted(len(planned), "check")
    yield f"Run by: triage verify {incident.id} ({count}), after each change that is to help{when}."
