"""The incidents that a customer was in: those whose questions ask for a span of theirs, or that name them on a row."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from queries.store import Store
from triage.customer import Customer
from triage.incident.impact import CustomersOf
from triage.incident.model import Incident
from triage.incident.questions import questions
from triage.model import Question
from triage.window import ms_to_ns


def incidents_of(
    store: Store, customer: Customer, incidents: Iterable[Incident], now: datetime, customers_of: CustomersOf
) -> list[Incident]:
    """Those of the incidents that hit the customer in their window, the first first. Raises StoreError."""
    during = [
        one for one in incidents if one.began < customer.window.to and (one.ended or now) >= customer.window.from_
    ]
    found = [one for one in during if _is_in(store, customer, one, now, customers_of)]
    return sorted(found, key=lambda one: one.began)


def _is_in(store: Store, customer: Customer, incident: Incident, now: datetime, customers_of: CustomersOf) -> bool:
    if any(_is_asked_for(store, customer, one) for one in _in_window(customer, questions(incident, now))):
        return True
    of_data = (symptom for symptom in incident.findings if symptom.question is None)
    return any(each.customer == customer.customer for symptom in of_data for each in customers_of(symptom, now))


def _in_window(customer: Customer, asked: Iterable[Question]) -> Iterator[Question]:
    window = customer.window
    for one in asked:
        from_, to = max(one.from_, window.from_), min(one.to, window.to)
        if from_ < to:
            yield replace(one, from_=from_, to=to)


def _is_asked_for(store: Store, customer: Customer, question: Question) -> bool:
    """Whether a failure of theirs is what the question asks for; asked for slowness, a span of a request of theirs."""
    slow = question.slower_than_ms
    theirs = {(one.trace_id, one.span_id) for one in customer.failures}
    own = {one.trace_id for one in customer.requests if one.is_theirs}
    traces = sorted({trace_id for trace_id, _ in theirs} if slow is None else own)
    if not traces:
        return False
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
    return any(slow is not None or span in theirs for span in frame.select("trace_id", "span_id").iter_rows())
