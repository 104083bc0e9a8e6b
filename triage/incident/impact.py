"""Who is hit by an incident: the union over its symptoms, each asked from its first failure to its end."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

import polars as pl

from queries.store import Store
from triage.affected.answer import affected, everyone
from triage.affected.sheet import Sheet
from triage.affected.unloaded import said_of
from triage.detectors.inventory import inventory
from triage.detectors.no_data import no_data
from triage.incident.model import Impact, Incident
from triage.incident.questions import questions
from triage.model import Affected, AffectedCustomer, Outcome, Question
from triage.money import added
from triage.rows.concerned import rows_concerned, utc
from triage.rows.kinds import kinds_of
from triage.rows.worth import worth
from triage.symptom import Symptom

EVIDENCE = 3
WORST_FIRST = (Outcome.NOT_RECOVERED, Outcome.RECOVERED, Outcome.MASKED)

Worth: TypeAlias = Mapping[str, Mapping[str, Decimal]]
"""What orders are worth, by currency."""
CustomersOf: TypeAlias = Callable[[Symptom, datetime], Iterable[AffectedCustomer]]
"""Who is named on the rows that a symptom in the data is about, as of a moment."""
WorthOf: TypeAlias = Callable[[Iterable[str]], Worth]
"""What some orders are worth, as far as it is known."""


def customers_on_rows(store: Store) -> CustomersOf:
    """Those whom the rows of a store name that a symptom in the data is about. Nothing failed for them."""

    def named(symptom: Symptom, as_of: datetime) -> Iterable[AffectedCustomer]:
        if symptom.detector != inventory.__name__ or not kinds_of(symptom):
            return ()
        rows = rows_concerned(store.ask, symptom, as_of)
        orders = [order for order in rows["order_id"] if order] if rows.height else []
        return on_rows(rows, worth(store.ask, orders, symptom.from_, as_of))

    return named


def on_rows(rows: pl.DataFrame, amounts: Worth | None = None) -> list[AffectedCustomer]:
    """The customers that rows name (columns customer, time, order): each row is a failure that nobody saw.

    `amounts` are what the orders are worth.
    """
    found: dict[str, list[tuple[datetime, str]]] = {}
    for row in rows.iter_rows(named=True):
        if row["customer"]:
            found.setdefault(row["customer"], []).append((utc(row["time"]), str(row.get("order_id") or "")))
    return [_on_rows(customer, sorted(each), amounts or {}) for customer, each in found.items()]


def _on_rows(customer: str, rows: Sequence[tuple[datetime, str]], amounts: Worth) -> AffectedCustomer:
    orders = tuple(dict.fromkeys(order for _, order in rows if order))
    return AffectedCustomer(
        customer=customer,
        failures=len(rows),
        first=rows[0][0],
        last=rows[-1][0],
        outcome=Outcome.MASKED,
        recovered_at=None,
        last_attempt=None,
        orders=orders,
        amount=added(amounts.get(order, {}) for order in orders),
        evidence=(),
    )


def nobody(symptom: Symptom, as_of: datetime) -> Iterable[AffectedCustomer]:
    """Names nobody."""
    return ()


@dataclass(frozen=True)
class Hit:
    """The answer over all symptoms: the figures, and everyone, most failures first."""

    impact: Impact
    customers: tuple[AffectedCustomer, ...]
    question: Question
    took_ms: float


ON_ROWS = {
    "stale": "a change of a row that names them was overwritten by an older one, or is that older one",
    "again": "a booking that names them was applied more than once",
    "below": "a row that names them says that there is less than none in stock",
    "missing": "changes before one that names them never came",
    "open": "a transaction that names them did not come whole",
    "disagree": "two systems hold different values of a row since a change that names them",
    "absent": "a row that names them is in one system and not in the other",
}
"""What is wrong with the rows that customers are on, by the kind of the symptom, in plain words."""


def is_of_rows(incident: Incident) -> bool:
    """Whether nothing failed, so that what is counted for a customer are changes of rows that name them."""
    symptoms = [each.symptom for each in incident.symptoms]
    return bool(symptoms) and all(each.question is None and each.labels.get("kind") in ON_ROWS for each in symptoms)


def is_slow(incident: Incident) -> bool:
    """Whether nothing failed, so that what is counted for a customer are spans that took too long."""
    asked = [each.symptom.question for each in incident.symptoms if each.symptom.question is not None]
    return bool(asked) and all(each.slower_than_ms is not None for each in asked)


def tells_customers(incident: Incident) -> bool:
    """Whether any symptom says whom to ask for; of silence nobody knows whom it hit."""
    symptoms = [each.symptom for each in incident.symptoms if each.symptom.detector != no_data.__name__]
    return any(each.question is not None or kinds_of(each) for each in symptoms)


UNKNOWN = "Whether customers are hit is unknown: nothing that was found says whom to ask for."


def sheet_of(incident: Incident, question: Question, at: datetime) -> Sheet:
    """What every line of its customers says."""
    symptoms = [each.symptom for each in incident.symptoms]
    kinds = (kind for each in symptoms if each.question is None for kind in kinds_of(each))
    words = dict.fromkeys(ON_ROWS.get(kind, "") for kind in kinds)
    slow = {each.question.slower_than_ms for each in symptoms if each.question is not None}
    sheet = Sheet.of(question, at, "; ".join(filter(None, words)))
    return replace(sheet, slower_than_ms=slow.pop() if len(slow) == 1 else None)


def impact_of(
    store: Store, incident: Incident, now: datetime, customers_of: CustomersOf = nobody, *, past: bool = False
) -> Impact:
    """The figures. `past`: as they were known at `now`, where that is not this moment. Raises StoreError."""
    asked = questions(incident, now)
    if len(asked) == 1 and all(each.symptom.question is not None for each in incident.symptoms):
        return figures_of(affected(store, replace(asked[0], as_of=now if past else None), limit=1), now)
    return hit_by(store, incident, now, customers_of, past=past).impact


def hit_by(
    store: Store, incident: Incident, now: datetime, customers_of: CustomersOf = nobody, *, past: bool = False
) -> Hit:
    """Everyone who is hit, with the figures over them. Raises StoreError."""
    started, waits = time.perf_counter(), store.unloaded_since()
    asked = [replace(one, as_of=now if past else None) for one in questions(incident, now)]
    heads = [affected(store, one, limit=1) for one in asked]
    lists: list[Iterable[AffectedCustomer]] = [everyone(store, one) for one in asked]
    lists += [customers_of(symptom, now) for symptom in incident.findings if symptom.question is None]

    def worth_of(orders: Iterable[str]) -> Worth:
        return worth(store.ask, orders, incident.began, now)

    customers = union(lists, worth_of)
    impact = _sum(heads, customers, _at_risk(customers, worth_of), now)
    if not tells_customers(incident):
        impact = replace(impact, exact=False, caveat=UNKNOWN)
    elif waits and impact.exact:  # where rows alone tell it; the answers say it of themselves
        impact = replace(impact, exact=False, caveat=said_of(waits))
    took_ms = round((time.perf_counter() - started) * 1000, 1)
    return Hit(impact, tuple(customers), whole(incident, now, past=past), took_ms)


def whole(incident: Incident, now: datetime, *, past: bool = False) -> Question:
    """What is asked of an incident: itself, in its time."""
    end = max(incident.ended or now, incident.began)
    return Question(from_=incident.began, to=end, as_of=now if past else None, incident=incident.id)


def union(lists: Iterable[Iterable[AffectedCustomer]], worth_of: WorthOf = lambda _: {}) -> list[AffectedCustomer]:
    """Each customer once, with the worst of their outcomes; most failures first.

    Amounts are of all orders of a customer together: `worth_of` is asked where lists share some of them, and not all.
    """
    found: dict[str, AffectedCustomer] = {}
    mixed: set[str] = set()
    for customers in lists:
        for item in customers:
            known = found.get(item.customer)
            found[item.customer] = _joined(known, item) if known else item
            if known and _share_some({*known.orders}, {*item.orders}):
                mixed.add(item.customer)
    amounts = worth_of(order for name in mixed for order in found[name].orders) if mixed else {}
    found |= {name: _priced(found[name], amounts) for name in mixed}
    return sorted(found.values(), key=lambda item: (-item.failures, item.customer.encode()))


def _share_some(one: Set[str], other: Set[str]) -> bool:
    """Both hold what the other does, and what it does not."""
    return bool(one & other and one - other and other - one)


def _priced(item: AffectedCustomer, amounts: Worth) -> AffectedCustomer:
    """With each of their orders counted once; it is never less than what one of the lists told."""
    whole = added(amounts.get(order, {}) for order in item.orders)
    return replace(item, amount=_largest(item.amount, whole))


def _joined(one: AffectedCustomer, other: AffectedCustomer) -> AffectedCustomer:
    evidence = {(each.trace_id, each.span_id, each.time): each for each in (*one.evidence, *other.evidence)}
    outcome = min(one.outcome, other.outcome, key=WORST_FIRST.index)
    recovered = [each.recovered_at for each in (one, other) if each.recovered_at]
    attempts = [each.last_attempt for each in (one, other) if each.last_attempt]
    return AffectedCustomer(
        customer=one.customer,
        failures=one.failures + other.failures,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        outcome=outcome,
        recovered_at=max(recovered) if recovered and outcome is Outcome.RECOVERED else None,
        last_attempt=max(attempts) if attempts else None,
        orders=tuple(dict.fromkeys((*one.orders, *other.orders))),
        amount=_amounts(one, other),
        evidence=tuple(sorted(evidence.values(), key=lambda each: each.time))[:EVIDENCE],
    )


def _amounts(one: AffectedCustomer, other: AffectedCustomer) -> dict[str, Decimal]:
    """Orders that both tell count once: an answer that tells no order of its own adds nothing."""
    if set(other.orders) <= set(one.orders):
        return dict(one.amount)
    if set(one.orders) <= set(other.orders):
        return dict(other.amount)
    shared = set(one.orders) & set(other.orders)
    return _largest(one.amount, other.amount) if shared else added((one.amount, other.amount))


def _largest(one: Mapping[str, Decimal], other: Mapping[str, Decimal]) -> dict[str, Decimal]:
    nothing = Decimal(0)
    return {name: max(one.get(name, nothing), other.get(name, nothing)) for name in sorted({*one, *other})}


def figures_of(answer: Affected, now: datetime) -> Impact:
    """The figures of one answer, as known at `now`."""
    return Impact(
        at=now,
        customers=answer.customers,
        not_recovered=answer.not_recovered,
        recovered=answer.recovered,
        masked=answer.masked,
        failures=answer.failures,
        failed_requests=answer.failed_requests,
        unattributed_failures=answer.unattributed_failures,
        ambiguous_failures=answer.ambiguous_failures,
        amount_at_risk=answer.amount_at_risk,
        exact=answer.exact,
        caveat=answer.caveat,
    )


def _sum(
    heads: Sequence[Affected], customers: Sequence[AffectedCustomer], amounts: Mapping[str, Decimal], now: datetime
) -> Impact:
    """The figures over several answers. Failing spans add up: one that two questions ask of counts in each."""
    counts = {outcome: sum(item.outcome is outcome for item in customers) for outcome in Outcome}
    of_data = sum(item.failures for item in customers) if not heads else 0
    return Impact(
        at=now,
        customers=len(customers),
        not_recovered=counts[Outcome.NOT_RECOVERED],
        recovered=counts[Outcome.RECOVERED],
        masked=counts[Outcome.MASKED],
        failures=sum(head.failures for head in heads) or of_data,
        failed_requests=_failed_requests(heads) if heads else of_data,
        unattributed_failures=sum(head.unattributed_failures for head in heads),
        ambiguous_failures=sum(head.ambiguous_failures for head in heads),
        amount_at_risk=amounts,
        exact=all(head.exact for head in heads),
        caveat=next((head.caveat for head in heads if head.caveat), None),
    )


def _failed_requests(heads: Iterable[Affected]) -> int:
    """The most that answers of different times tell together: those of one time may mean the same requests."""
    until: list[tuple[datetime, int]] = []
    for head in sorted(heads, key=lambda each: each.question.to):
        before = max((count for to, count in until if to <= head.question.from_), default=0)
        until.append((head.question.to, before + head.failed_requests))
    return max(count for _, count in until)


def _at_risk(customers: Iterable[AffectedCustomer], worth_of: WorthOf) -> dict[str, Decimal]:
    """Over the orders of those who have not recovered, each once: `worth_of` is asked where several share one."""
    lost = [item for item in customers if item.outcome is Outcome.NOT_RECOVERED]
    named = Counter(order for item in lost for order in item.orders)
    shared: set[str] = set()
    amounts = []
    for item in lost:
        if any(named[order] > 1 for order in item.orders):
            shared.update(item.orders)
        else:
            amounts.append(item.amount)
    return added([*amounts, *worth_of(shared).values()] if shared else amounts)
