"""A postmortem as other programs get it, and as every format is made from it."""

from enum import StrEnum

from pydantic import Field

from triage.incident.wire import FrozenJson, SuspectJson, Time
from triage.symptom import Severity
from triage.wire import Wire

SCHEMA_PATH = "/api/v1/postmortem.schema.json"
VERSION = 1


class SectionName(StrEnum):
    """The sections that authors may write, in their order."""

    SUMMARY = "summary"
    IMPACT = "impact"
    TIMELINE = "timeline"
    DETECTION = "detection"
    ROOT_CAUSE = "root_cause"
    REMEDIATION = "remediation"
    VERIFICATION = "verification"
    ACTIONS = "actions"
    LESSONS = "lessons"


TITLES = {
    SectionName.SUMMARY: "Summary",
    SectionName.IMPACT: "Impact",
    SectionName.TIMELINE: "Timeline",
    SectionName.DETECTION: "Detection and response",
    SectionName.ROOT_CAUSE: "Root cause",
    SectionName.REMEDIATION: "Remediation",
    SectionName.VERIFICATION: "Verification plan",
    SectionName.ACTIONS: "Action items",
    SectionName.LESSONS: "What we learned",
}


class WrittenJson(Wire):
    """A text that an author wrote for a section."""

    author: str
    at: Time
    text: str


class SectionJson(Wire):
    """A section: what the facts say (`drafted`), what its author wrote instead (`written`, the latest), what was
    `earlier` written, and what the facts say that was not known when the latest was written (`added`)."""

    name: SectionName
    title: str
    drafted: list[str]
    written: WrittenJson | None
    earlier: list[WrittenJson]
    added: list[str]


class ImpactJson(Wire):
    """Who was hit, as known at the opening, at the end, and now; and how complete that is."""

    frozen: FrozenJson | None
    frozen_end: FrozenJson | None
    revised: FrozenJson
    failures: int
    failed_requests: int
    unattributed_failures: int
    ambiguous_failures: int
    attribution: float | None
    exact: bool
    caveat: str | None
    of_rows: bool
    """Whether nothing failed, and what is counted are changes of rows that are wrong."""
    slow: bool
    """Whether nothing failed, and what is counted are spans that took too long."""
    unknown: bool
    """Whether nothing that was found says whom to ask for: its zeros mean nothing."""


class CustomerRowJson(Wire):
    """A customer who was hit."""

    customer: str
    outcome: str
    failures: int
    first: Time
    last: Time
    orders: list[str]
    amount: dict[str, float]


class CustomersJson(Wire):
    """The first of those who were hit, most failures first; `total` of them there are, and `all` is where all
    are told; "" where that is not for the reader."""

    total: int
    shown: list[CustomerRowJson]
    all: str


class EntryJson(Wire):
    """Something that happened, and how it is known."""

    time: Time
    kind: str
    source: str
    author: str
    text: str


class DetectionJson(Wire):
    """How fast it was found, answered and ended, in ms; docs/incidents.md defines them. Null: not yet."""

    time_to_detect_ms: float
    time_to_acknowledge_ms: float | None
    time_to_resolve_ms: float | None
    found_by: str


class StepJson(Wire):
    """A mitigation step of the runbook, and who ticked it."""

    step: str
    done: bool
    by: str | None
    at: Time | None


class CheckJson(Wire):
    """A check that can be run later: what must hold, and until when it is worth running."""

    name: str
    what: str
    threshold: float | None
    unit: str
    until: Time | None


class ActionJson(Wire):
    """An action item. `due` is as its author wrote it."""

    what: str
    owner: str
    due: str


class FigureJson(Wire):
    """A picture: an SVG document, and the same in words."""

    name: str
    title: str
    alt: str
    svg: str


class ResultJson(Wire):
    """What a check found: `pass`, `fail`, or `unknown` where nothing could be measured."""

    name: str
    what: str
    status: str
    found: str


class VerificationJson(Wire):
    """A run of the verification plan; it `passed` if every check did."""

    incident: str
    at: Time
    passed: bool
    checks: list[ResultJson]


class PostmortemJson(Wire):
    """A postmortem, whole. `redacted`: customers, orders and people stand under pseudonyms."""

    schema_: str = Field(SCHEMA_PATH, alias="schema")
    version: int = VERSION
    incident: str
    title: str
    state: str
    severity: Severity
    began: Time
    ended_at: Time | None
    due_at: Time | None
    generated_at: Time
    redacted: bool
    page: str
    responder: str
    """Who acts, by the runbook's row."""
    owner: str
    """Whose the service is, or else the responder."""
    service: str
    sections: list[SectionJson]
    impact: ImpactJson
    customers: CustomersJson
    timeline: list[EntryJson]
    detection: DetectionJson
    suspects: list[SuspectJson]
    steps: list[StepJson]
    checks: list[CheckJson]
    verified: VerificationJson | None
    actions: list[ActionJson]
    figures: list[FigureJson]

    def section(self, name: SectionName) -> SectionJson:
        """That section."""
        return next(each for each in self.sections if each.name is name)
