"""An incident and what happened to it, as data. Times are UTC, amounts by currency."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from triage.detectors.wording import clock
from triage.symptom import Severity, Symptom

US = "triage"
"""The author of what no person did."""


class State(StrEnum):
    """Where an incident is in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"


class Kind(StrEnum):
    """What can happen to an incident."""

    OPENED = "opened"
    NAMED = "named"  # its title, row or severity changed with what is known
    SYMPTOM = "symptom"  # a symptom joined, came back, or stands differently
    SYMPTOM_ENDED = "symptom_ended"
    SUSPECTS = "suspects"
    IMPACT = "impact"
    CHECKS = "checks"  # how the three first checks stand
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    NOTE = "note"
    STEP = "step"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    WRITTEN = "written"  # an author's text for a section of the postmortem
    VERIFIED = "verified"  # the verification plan was run
    CLAIMED = "claimed"  # a watcher is about to send a message
    NOTIFIED = "notified"  # it was sent


@dataclass(frozen=True)
class Event:
    """One thing that happened. `id` is alike for the same thing, whoever tells it; `details` is JSON of its kind."""

    incident: str
    id: str
    time: datetime
    kind: str
    author: str = US
    text: str = ""
    details: str = ""


@dataclass(frozen=True)
class Person:
    """Who acts or owns, as the runbook named them at the time."""

    name: str
    slack: str = ""


@dataclass(frozen=True)
class Answer:
    """What the runbook says to an incident: a copy, so that a later change of the file changes no history."""

    title: str
    severity: Severity
    ended: str = ""
    """The title of afterwards, up to the moment of the end."""
    row: str = ""
    symptom: str = ""
    likely_cause: str = ""
    cause: str = ""
    because: str = ""
    mitigation: tuple[str, ...] = ()
    owner: Person | None = None
    escalate_after_s: float | None = None
    escalate_to: Person | None = None
    links: tuple[tuple[str, str], ...] = ()  # title, address
    sla: Person | None = None
    service: str = ""  # the service, partner or KPI suspected
    service_owner: Person | None = None

    @property
    def escalate_after(self) -> timedelta | None:
        """How long an acknowledgement may take."""
        return None if self.escalate_after_s is None else timedelta(seconds=self.escalate_after_s)


@dataclass(frozen=True)
class Impact:
    """How many customers are hit, as known at a moment: the union over the symptoms."""

    at: datetime
    customers: int
    not_recovered: int
    recovered: int
    masked: int
    failures: int = 0
    failed_requests: int = 0
    unattributed_failures: int = 0
    ambiguous_failures: int = 0
    amount_at_risk: Mapping[str, Decimal] = field(default_factory=dict)
    exact: bool = True
    caveat: str | None = None

    @property
    def attribution(self) -> float | None:
        """The share of failures that belong to somebody; None without failures."""
        lost = self.unattributed_failures + self.ambiguous_failures
        return (self.failures - lost) / self.failures if self.failures else None


@dataclass(frozen=True)
class Suspect:
    """A change that may have caused it; `score` in 0..1. `for_` and `against` are sentences with their figures."""

    what: str
    change: str  # the change's id
    time: datetime
    score: float
    because: str
    for_: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tracked:
    """A symptom of an incident: as it stands, whether it lasts, when it was first and last told, how often it ended."""

    symptom: Symptom
    active: bool
    joined: datetime
    told: datetime
    worst: float
    """Its value when it was farthest from what is usual."""
    episode: int = 0
    since: datetime | None = None
    """When its last episode began; the symptom itself began with the first."""

    @property
    def lately(self) -> Symptom:
        """The symptom as if there had been no episode but the last."""
        return replace(self.symptom, from_=self.since or self.symptom.from_)


@dataclass(frozen=True)
class Alarm:
    """What of an incident rings when it changes: how bad it is, and who responds."""

    epoch: int
    severity: Severity
    owner: Person | None = None


@dataclass(frozen=True)
class Message:
    """What was sent about an incident: which message, when, and what the channel calls it.

    `alarm` is what a message said of that. A claim to one that was refused is noted once more, as `refused`.
    """

    what: str
    time: datetime
    author: str
    attempt: int = 0
    channel: str = ""
    ts: str = ""
    digest: str = ""
    alarm: Alarm | None = None
    refused: bool = False


@dataclass(frozen=True)
class Tick:
    """That a step is done, or is not, and what was said to it; `act` is the digest of the id that it was told under."""

    done: bool
    words: str = ""
    act: str = ""


@dataclass(frozen=True)
class Incident:
    """An incident as of its latest event."""

    id: str
    key: str
    state: State
    answer: Answer
    began: datetime
    opened_at: datetime
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    escalated_at: datetime | None = None
    reopened_at: datetime | None = None
    ended: datetime | None = None
    """When the harm ended, as far as the symptoms tell; None while it lasts."""
    first_acknowledged_at: datetime | None = None
    resolved_by: str = ""
    state_before: State = State.OPEN
    epoch: int = 0
    """How often it was reopened."""
    symptoms: tuple[Tracked, ...] = ()
    impact: Impact | None = None
    frozen: Impact | None = None
    frozen_end: Impact | None = None
    suspects: tuple[Suspect, ...] = ()
    checks: str = ""
    """The three first checks in a line, as they stood when last looked at."""
    done: frozenset[str] = frozenset()
    """The steps that are ticked, by their text."""
    ticks: int = 0
    latest: datetime | None = None
    """When something last happened to it, by the clock of who told it; messages are no happening."""
    claims: tuple[Message, ...] = ()
    messages: tuple[Message, ...] = ()
    timeline: tuple[Event, ...] = ()

    @property
    def title(self) -> str:
        """What is wrong, in a line; once it is resolved, what was."""
        if self.over and self.answer.ended:
            return f"{self.answer.ended} to {clock(self.over, self.began)}"
        return self.answer.title

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.answer.severity

    @property
    def alarm(self) -> Alarm:
        """What of it rings, as it stands."""
        return Alarm(self.epoch, self.severity, self.answer.owner)

    @property
    def over(self) -> datetime | None:
        """When the harm ended of what is resolved, or else when a person said so; None of what is not."""
        return (self.ended or self.resolved_at) if self.state is State.RESOLVED else None

    @property
    def active(self) -> tuple[Tracked, ...]:
        """The symptoms that last."""
        return tuple(each for each in self.symptoms if each.active)

    @property
    def findings(self) -> tuple[Symptom, ...]:
        """What was found, in the incident's time: what is over ends what nobody saw end."""
        return tuple(replace(each.symptom, to=each.symptom.to or self.over) for each in self.symptoms)

    @property
    def waiting_since(self) -> datetime:
        """Since when somebody should act."""
        return self.reopened_at or self.opened_at

    def message(self, what: str) -> Message | None:
        """That message, if it was sent."""
        return next((each for each in self.messages if each.what == what), None)
