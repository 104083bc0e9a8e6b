"""A customer's story as other programs get it."""

from collections.abc import Sequence
from typing import Self

from pydantic import Field

from triage.customer import Customer, Request
from triage.incident.model import State
from triage.incident.of_customer import Part, is_slow, last_attempt
from triage.model import Outcome
from triage.story import story
from triage.wire import EvidenceJson, TextOrNull, Time, Wire


class OrderJson(Wire):
    """An order; `amount` is null where the telemetry names none."""

    order: str
    amount: float | None
    currency: TextOrNull


class RequestJson(Wire):
    """One request: how it went, every failing span of the customer's in it, and the orders that it names.

    `slow` says that it took longer than an incident that they are in asks for.
    """

    time: Time
    kind: str = "request"
    service: str
    operation: str
    duration_ms: float
    failed: bool
    slow: bool
    own: bool = Field(description="False where somebody else made it, and the customer is named in a part of it.")
    trace_id: str
    span_id: str
    failures: list[EvidenceJson]
    orders: list[OrderJson]

    @classmethod
    def of(cls, request: Request, parts: Sequence[Part]) -> Self:
        return cls(
            time=request.time,
            service=request.service,
            operation=request.operation,
            duration_ms=request.duration_ms,
            failed=request.failed,
            slow=is_slow(request, parts),
            own=request.is_theirs,
            trace_id=request.trace_id,
            span_id=request.span_id,
            failures=[EvidenceJson.model_validate(one) for one in request.failures],
            orders=[OrderJson.model_validate(order) for order in request.orders],
        )


class InIncidentJson(Wire):
    """An incident that a customer was in, and how it went on for them there."""

    id: str
    state: State
    title: str
    began: Time
    ended: Time | None
    outcome: Outcome

    @classmethod
    def of(cls, part: Part) -> Self:
        one = part.incident
        return cls(id=one.id, state=one.state, title=one.title, began=one.began, ended=one.ended, outcome=part.outcome)


class CustomerJson(Wire):
    """What a customer tried in a window, in order of time; `outcome` is that of what failed, else null."""

    customer: str
    from_: Time = Field(alias="from")
    to: Time
    as_of: Time
    story: str
    outcome: Outcome | None
    requests: int
    failed_requests: int
    failures: int
    recovered_at: Time | None
    last_attempt: Time | None
    orders: list[OrderJson]
    incidents: list[InIncidentJson]
    complete: bool = Field(description="False where the customer made more requests than are told of.")
    items: list[RequestJson]
    next: str | None

    @classmethod
    def of(cls, customer: Customer, items: Sequence[Request], cursor: str | None, parts: Sequence[Part]) -> Self:
        return cls(
            customer=customer.customer,
            from_=customer.window.from_,
            to=customer.window.to,
            as_of=customer.as_of,
            story=" ".join(story(customer, parts)),
            outcome=customer.outcome,
            requests=len(customer.requests),
            failed_requests=len(customer.hit),
            failures=len(customer.failures),
            recovered_at=customer.recovered_at,
            last_attempt=last_attempt(customer, parts),
            orders=[OrderJson.model_validate(order) for order in customer.orders],
            incidents=[InIncidentJson.of(part) for part in parts],
            complete=customer.complete,
            items=[RequestJson.of(request, parts) for request in items],
            next=cursor,
        )
