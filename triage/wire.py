"""The answer to "which customers were affected?" as other programs get it: JSON and CSV."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from triage.model import Affected, AffectedCustomer, Evidence, Outcome, Question
from triage.window import format_time

Time = Annotated[datetime, PlainSerializer(format_time, return_type=str)]


class Wire(BaseModel):
    """What all our JSON shares: immutable, and written under the contract's names."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)


class EvidenceJson(Wire):
    """One failing span, to be opened as a trace."""

    trace_id: str
    span_id: str
    time: Time
    service: str
    operation: str
    error: str

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        return cls(
            trace_id=evidence.trace_id,
            span_id=evidence.span_id,
            time=evidence.time,
            service=evidence.service,
            operation=evidence.operation,
            error=evidence.error,
        )


class CustomerJson(Wire):
    """One affected customer; amounts by currency."""

    customer: str
    failures: int
    first: Time
    last: Time
    outcome: Outcome
    recovered_at: Time | None
    last_attempt: Time | None
    orders: list[str]
    amount: dict[str, float]
    evidence: list[EvidenceJson] = Field(description="At most three; /customers/{id} has the rest.")

    @classmethod
    def of(cls, item: AffectedCustomer) -> Self:
        return cls(
            customer=item.customer,
            failures=item.failures,
            first=item.first,
            last=item.last,
            outcome=item.outcome,
            recovered_at=item.recovered_at,
            last_attempt=item.last_attempt,
            orders=list(item.orders),
            amount=_numbers(item.amount),
            evidence=[EvidenceJson.of(one) for one in item.evidence],
        )


class QuestionJson(Wire):
    """What was asked of the failing spans; null is "any"."""

    service: str | None
    operation: str | None
    route: str | None
    partner: str | None
    version: str | None
    slower_than_ms: float | None
    incident: str | None

    @classmethod
    def of(cls, question: Question) -> Self:
        return cls(
            service=question.service,
            operation=question.operation,
            route=question.route,
            partner=question.partner,
            version=question.version,
            slower_than_ms=question.slower_than_ms,
            incident=question.incident,
        )


class AffectedJson(Wire):
    """Who was hit, how sure that is, and one page of them."""

    from_: Time = Field(alias="from")
    to: Time
    as_of: Time
    question: QuestionJson
    customers: int
    not_recovered: int
    recovered: int
    masked: int
    failures: int
    failed_requests: int
    unattributed_failures: int
    ambiguous_failures: int
    attribution: float | None
    amount_at_risk: dict[str, float]
    exact: bool
    caveat: str | None
    computed_at: Time
    took_ms: float
    items: list[CustomerJson]
    next: str | None

    @classmethod
    def of(cls, answer: Affected) -> Self:
        return cls(
            from_=answer.question.from_,
            to=answer.question.to,
            as_of=answer.as_of,
            question=QuestionJson.of(answer.question),
            customers=answer.customers,
            not_recovered=answer.not_recovered,
            recovered=answer.recovered,
            masked=answer.masked,
            failures=answer.failures,
            failed_requests=answer.failed_requests,
            unattributed_failures=answer.unattributed_failures,
            ambiguous_failures=answer.ambiguous_failures,
            attribution=answer.attribution,
            amount_at_risk=_numbers(answer.amount_at_risk),
            exact=answer.exact,
            caveat=answer.caveat,
            computed_at=answer.computed_at,
            took_ms=answer.took_ms,
            items=[CustomerJson.of(item) for item in answer.items],
            next=answer.next,
        )


def _numbers(amounts: Mapping[str, Decimal | float]) -> dict[str, float]:
    return {currency: float(amount) for currency, amount in amounts.items()}
