"""The runbook as other programs get it."""

from typing import Self

from pydantic import Field

from triage.runbook.model import Ownership, Responder, Row, Runbook
from triage.window import format_duration
from triage.wire import Wire


class ContactJson(Wire):
    """A person or team."""

    name: str
    slack: str


class ResponderJson(Wire):
    """Who acts, and who is told after how long without an answer."""

    name: str
    slack: str
    escalate_after: str | None
    escalate_to: str | None
    escalate_to_slack: str | None

    @classmethod
    def of(cls, owner: Responder) -> Self | None:
        if not owner:
            return None
        return cls(
            name=owner.name,
            slack=owner.slack,
            escalate_after=None if owner.escalate_after is None else format_duration(owner.escalate_after),
            escalate_to=owner.escalate_to.name or None,
            escalate_to_slack=owner.escalate_to.slack or None,
        )


class CauseJson(Wire):
    """A likely cause, with what comes first then."""

    cause: str
    text: str
    first: list[str]


class LinkJson(Wire):
    """Where to read on."""

    title: str
    url: str


class RowJson(Wire):
    """A row of the table."""

    row: str
    matchers: list[str]
    symptom: str
    causes: list[CauseJson]
    mitigation: list[str]
    owner: ResponderJson | None
    links: list[LinkJson]
    sla: ContactJson | None

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(
            row=row.name,
            matchers=[str(matcher) for matcher in row.matchers],
            symptom=row.symptom,
            causes=[CauseJson(cause=name, text=each.text, first=list(each.first)) for name, each in row.causes.items()],
            mitigation=list(row.mitigation),
            owner=ResponderJson.of(row.owner),
            links=[LinkJson(title=link.title, url=link.url) for link in row.links],
            sla=ContactJson.model_validate(row.sla) if row.sla else None,
        )


class OwnershipJson(Wire):
    """Whose something is."""

    kind: str
    pattern: str
    name: str
    slack: str

    @classmethod
    def of(cls, one: Ownership) -> Self:
        return cls(kind=one.kind, pattern=one.pattern, name=one.owner.name, slack=one.owner.slack)


class RunbookJson(Wire):
    """The table in force, in the order in which its rows are tried."""

    file: str
    problem: str | None = Field(description="Why the file as it is now is not in force; the table is the one before.")
    complaints: list[str] = Field(description="What is wrong with the table, as `triage runbook check` says it.")
    items: list[RowJson]
    next: str | None = Field(None, description="The cursor of the next page of `items`; null at the end.")
    owners: list[OwnershipJson]

    @classmethod
    def told(cls, file: str, problem: str, complaints: list[str], runbook: Runbook) -> Self:
        return cls(
            file=file,
            problem=problem or None,
            complaints=complaints,
            items=[RowJson.of(row) for row in runbook.rows],
            owners=[OwnershipJson.of(one) for one in runbook.owners],
        )
