"""The answer to "which customers were affected?" as other programs get it: JSON and CSV."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from triage.model import Outcome
from triage.window import format_time

Time = Annotated[datetime, PlainSerializer(format_time, return_type=str)]
TextOrNull = Annotated[str | None, BeforeValidator(lambda text: text or None)]
"""A text that is null where ours is empty."""


class Wire(BaseModel):
    """What all our JSON shares: immutable, and written under the contract's names.

    Where ours has the same attributes, `model_validate` copies them, and what stands inside as well.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True, from_attributes=True)


class EvidenceJson(Wire):
    """One failing span, to be opened as a trace."""

    trace_id: str
    span_id: str
    time: Time
    service: str
    operation: str
    error: str


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


class QuestionJson(Wire):
    """What was asked of the failing spans; null is "any"."""

    service: str | None
    operation: str | None
    route: str | None
    partner: str | None
    version: str | None
    slower_than_ms: float | None
    incident: str | None


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
