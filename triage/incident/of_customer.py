"""The incidents that a customer was in: those whose questions ask for a span of theirs, or that name them on a row."""

import math
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from queries.store import Store
from triage.affected.answer import fared
from triage.customer import Customer, Request, SpanKey
from triage.incident.impact import WORST_FIRST, CustomersOf
from triage.incident.model import Incident
from triage.incident.questions import questions
from triage.model import AffectedCustomer, Outcome, Question
from triage.window import Window, ms_to_ns


@dataclass(frozen=True)
class Part:
    """A customer's part in an incident, from its begin on: how it went on there, and when they last tried.

    `slow` are the traces in which it calls a span slow, each with how long that was to take at most (ms).
    """

    incident: Incident
    outcome: Outcome
    last_attempt: datetime | None = None
    slow: Mapping[str, float] = field(default_factory=dict)


def is_slow(request: Request, parts: Iterable[Part]) -> bool:
    """Whether a request took longer than one of the incidents asks for."""
    return any(request.duration_ms > part.slow.get(request.trace_id, math.inf) for part in parts)


def hides_slowness(request: Request, parts: Iterable[Part]) -> bool:
    """Whether one of the incidents calls slow what lies behind a request that was quick itself."""
    parts = list(parts)
    return any(request.trace_id in part.slow for part in parts) and not is_slow(request, parts)


def last_attempt(customer: Customer, parts: Iterable[Part]) -> datetime | None:
    """When they last tried what had failed, or been slow, for them: here, and in their incidents."""
    attempts = (customer.last_attempt, *(part.last_attempt for part in parts))
    return max((attempt for attempt in attempts if attempt), default=None)


def fared_worse(customer: Customer, parts: Iterable[Part]) -> Outcome | None:
    """The worst of their outcomes in incidents, where that is worse than what their requests tell; else None."""
    outcome = min((part.outcome for part in parts), key=WORST_FIRST.index, default=None)
    told = customer.outcome
    return outcome if outcome and (not told or WORST_FIRST.index(outcome) < WORST_FIRST.index(told)) else None


def parts_of(
    store: Store, customer: Customer, incidents: Iterable[Incident], now: datetime, customers_of: CustomersOf
) -> list[Part]:
    """Their part in those of the incidents that hit them in their window, the first first. Raises StoreError."""
    during = [
        one for one in incidents if one.began < customer.window.to and (one.ended or now) >= customer.window.from_
    ]
    parts = (_part(store, customer, one, now, customers_of) for one in sorted(during, key=lambda one: one.began))
    return [part for part in parts if part]


def _part(
    store: Store, customer: Customer, incident: Incident, now: datetime, customers_of: CustomersOf
) -> Part | None:
    """What the incident's list of customers says of this one; None where nothing of it lies in their window."""
    asked = questions(incident, now)
    of_data = [symptom for symptom in incident.findings if symptom.question is None]
    told = [each for symptom in of_data for each in customers_of(symptom, now) if each.customer == customer.customer]
    found = {one: asked_for(store, customer, one) for one in _in_window(customer, asked)}
    if not any(found.values()) and not any(_is_within(each, customer.window) for each in told):
        return None
    answers = [went_on(store, customer, question, found.get(question)) for question in asked]
    went = [(each.outcome, each.last_attempt) for each in (*told, *answers) if each and each.outcome]
    if not went:
        return None
    return Part(
        incident,
        min((outcome for outcome, _ in went), key=WORST_FIRST.index),
        max((attempt for _, attempt in went if attempt), default=None),
        _slow(found),
    )


def _slow(found: Mapping[Question, Set[SpanKey]]) -> dict[str, float]:
    slow: dict[str, float] = {}
    for one, spans in found.items():
        if one.slower_than_ms is not None:
            slow |= {trace: min(one.slower_than_ms, slow.get(trace, math.inf)) for trace, _ in spans}
    return slow


def went_on(
    store: Store, customer: Customer, question: Question, spans: Set[SpanKey] | None
) -> Customer | AffectedCustomer | None:
    """How it went on for them after what a question asks for, as its list says; no outcome where nothing is theirs.

    Where `spans` is all that it asks for of theirs, their requests tell, unless it asks for slowness; else the store.
    """
    if spans is not None and question.slower_than_ms is None and customer.complete:
        return customer.after(spans)
    return fared(store, question, customer.customer)


def _is_within(told: AffectedCustomer, window: Window) -> bool:
    return told.first < window.to and told.last >= window.from_


def _in_window(customer: Customer, asked: Iterable[Question]) -> Iterator[Question]:
    window = customer.window
    for one in asked:
        from_, to = max(one.from_, window.from_), min(one.to, window.to)
        if from_ < to:
            yield replace(one, from_=from_, to=to)


def asked_for(store: Store, customer: Customer, question: Question) -> Set[SpanKey]:
    """The failing spans of theirs that the question asks for; or, asked for slowness, any spans in their requests."""
    slow = question.slower_than_ms
    theirs = {(one.trace_id, one.span_id) for one in customer.failures}
    own = {one.trace_id for one in customer.requests if one.is_theirs}
    traces = sorted({trace_id for trace_id, _ in theirs} if slow is None else own)
    if not traces:
        return frozenset()
    frame = store.ask(
        "customer/asked_for",
        trace_ids=traces,
        **{"from": question.from_},
        to=question.to,
        service=question.service or "",
        operation=question.operation or "",
        route=question.route or "",
        partner=question.partner or "",
        version=question.version or "",
        slower_than_ns=-1 if slow is None else int(ms_to_ns(slow)),
    )
    spans = frozenset(frame.select("trace_id", "span_id").iter_rows())
    return spans & theirs if slow is None else spans
