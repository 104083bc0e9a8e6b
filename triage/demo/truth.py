"""What really happened: whom the model hit and how it went on for them, in the terms of the question to be asked.

It is kept from what the model did (`Request.harms`, `customer`, `failed`), not read from the telemetry.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from math import inf
from pathlib import Path

from triage.demo.fault import Fault, Question
from triage.demo.model import Shop
from triage.demo.request import MS_NS, SECOND_NS, Harm, Operation, Request

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


@dataclass
class Hit:
    """A customer that was hit: times in ns since 1970, `orders` (amount and currency) those of the requests hit."""

    customer: str
    failures: int = 0
    failed_requests: int = 0
    first_ns: int = 0
    last_ns: int = 0
    outcome: str = "masked"
    recovered_ns: int | None = None
    last_attempt_ns: int = 0
    orders: dict[str, tuple[float, str]] = field(default_factory=dict)

    @property
    def amount(self) -> dict[str, float]:
        """By currency."""
        return _sum([self])


@dataclass(frozen=True)
class Answer:
    """The true answer to one question about `[from_ns, to_ns)`."""

    question: Question
    from_ns: int
    to_ns: int
    hits: tuple[Hit, ...]
    failures: int
    failed_requests: int
    unattributed_failures: int

    def count(self, outcome: str) -> int:
        return sum(hit.outcome == outcome for hit in self.hits)


class Truth:
    """Is told every request of a shop, and says who was hit."""

    def __init__(self, shop: Shop, fault: Fault) -> None:
        self._shop, self._fault = shop, fault
        self._harmed: list[Request] = []
        self._good: dict[tuple[str, Operation], list[tuple[int, int]]] = defaultdict(list)
        self._tried: dict[tuple[str, Operation], int] = {}
        self._first_ns, self._last_ns = 0, 0

    def tell(self, request: Request) -> None:
        """Takes note of one request; the order does not matter."""
        entry = request.entry
        self._first_ns = min(self._first_ns or entry.start_ns, entry.start_ns)
        self._last_ns = max(self._last_ns, request.end_ns)
        if request.harms:
            self._harmed.append(request)
        if request.customer:
            errand = (request.customer, entry.operation)
            self._tried[errand] = max(self._tried.get(errand, 0), entry.start_ns)
            if not request.failed:
                self._good[errand].append((entry.start_ns, entry.end_ns - entry.start_ns))

    def answer(self, question: Question) -> Answer:
        """Who was hit within the fault's window (where there is none, in the whole run), and what became of them."""
        from_ns, to_ns = self._window()
        matched = ((request, _matching(request, question, from_ns, to_ns)) for request in self._harmed)
        struck = [(request, harms) for request, harms in matched if harms]
        by_customer: dict[str, list[tuple[Request, list[Harm]]]] = defaultdict(list)
        for request, harms in struck:
            by_customer[request.customer].append((request, harms))
        nobody = by_customer.pop("", [])
        return Answer(
            question,
            from_ns,
            to_ns,
            hits=tuple(self._hit(customer, of, question) for customer, of in sorted(by_customer.items())),
            failures=sum(len(harms) for _, harms in struck),
            failed_requests=len(struck),
            unattributed_failures=sum(len(harms) for _, harms in nobody),
        )

    def to_json(self) -> str:
        """The truth as JSON: the scenario's main question and its answer, and under `also` others with theirs."""
        scenario = self._shop.scenario
        first, *others = (self.answer(question) for question in scenario.questions)
        begun = scenario.breaks and self._fault.start_ns != inf
        written: dict[str, Json] = {
            "scenario": scenario.name,
            "seed": self._shop.seed,
            "rate": self._shop.rate,
            "fault": scenario.fault,
            "cause": scenario.cause,
            "start": rfc3339(first.from_ns) if begun else None,
            "end": rfc3339(first.to_ns) if begun and self._fault.end_ns <= self._last_ns else None,
            "as_of": rfc3339(self._last_ns),
            **_written(first),
            "also": [_written(other) for other in others],
        }
        return json.dumps(written, indent=1, ensure_ascii=False) + "\n"

    def save(self, path: Path) -> None:
        """Writes the truth so that a reader sees the old or the new one, never half of it."""
        part = path.with_name(path.name + ".part")
        part.write_text(self.to_json(), encoding="utf-8")
        part.replace(path)

    def _window(self) -> tuple[int, int]:
        after_ns = (self._last_ns // SECOND_NS + 1) * SECOND_NS
        if not self._shop.scenario.breaks or self._fault.start_ns == inf:
            return self._first_ns // SECOND_NS * SECOND_NS, after_ns
        from_ns = int(self._fault.start_ns)
        return from_ns, max(from_ns, int(min(self._fault.end_ns, after_ns)))

    def _hit(self, customer: str, struck: list[tuple[Request, list[Harm]]], question: Question) -> Hit:
        times = [harm.at_ns for _, harms in struck for harm in harms]
        hit = Hit(customer, len(times), len(struck), min(times), max(times))
        hit.last_attempt_ns = max(self._tried[customer, request.entry.operation] for request, _ in struck)
        seen: dict[Operation, int] = {}
        for request, _ in struck:
            if request.order is not None:
                hit.orders[request.order.id] = (request.order.amount, request.order.currency)
            if _seen(request, question):
                entry = request.entry
                seen[entry.operation] = max(seen.get(entry.operation, 0), entry.start_ns)
        if seen:
            since = [self._good_since(customer, operation, at_ns, question) for operation, at_ns in seen.items()]
            good = [at_ns for at_ns in since if at_ns is not None]
            recovered = len(good) == len(since)
            hit.outcome = "recovered" if recovered else "not_recovered"
            hit.recovered_ns = max(good) if recovered else None
        return hit

    def _good_since(self, customer: str, operation: Operation, at_ns: int, question: Question) -> int | None:
        """When the operation first went well for the customer after `at_ns`."""
        limit_ns = _limit_ns(question)
        good = self._good.get((customer, operation), ())
        return min((start_ns for start_ns, took_ns in good if start_ns > at_ns and took_ns <= limit_ns), default=None)


def _limit_ns(question: Question) -> float:
    return inf if question.slower_than_ms is None else question.slower_than_ms * MS_NS


def _matching(request: Request, question: Question, from_ns: int, to_ns: int) -> list[Harm]:
    return [harm for harm in request.harms if from_ns <= harm.at_ns < to_ns and _matches(harm, question)]


def _matches(harm: Harm, question: Question) -> bool:
    operation = harm.operation
    wrong = harm.failed if question.slower_than_ms is None else harm.took_ns > _limit_ns(question)
    return (
        wrong
        and question.service in ("", operation.service)
        and question.operation in ("", operation.name)
        and question.route in ("", operation.route)
        and question.partner in ("", operation.peer)
        and question.version in ("", harm.version)
    )


def _seen(request: Request, question: Question) -> bool:
    """Whether the customer saw it: what they asked for failed, or took too long."""
    if question.slower_than_ms is None:
        return request.failed
    return request.entry.end_ns - request.entry.start_ns > _limit_ns(question)


def _written(answer: Answer) -> dict[str, Json]:
    question: dict[str, Json] = {name: value or None for name, value in asdict(answer.question).items()}
    question |= {"from": rfc3339(answer.from_ns), "to": rfc3339(answer.to_ns)}
    return {
        "question": question,
        "not_recovered": answer.count("not_recovered"),
        "recovered": answer.count("recovered"),
        "masked": answer.count("masked"),
        "failures": answer.failures,
        "failed_requests": answer.failed_requests,
        "unattributed_failures": answer.unattributed_failures,
        "ambiguous_failures": 0,
        "amount_at_risk": {**_sum(hit for hit in answer.hits if hit.outcome == "not_recovered")},
        "customers": [_written_hit(hit) for hit in answer.hits],
    }


def _written_hit(hit: Hit) -> dict[str, Json]:
    return {
        "customer": hit.customer,
        "outcome": hit.outcome,
        "failures": hit.failures,
        "failed_requests": hit.failed_requests,
        "first": rfc3339(hit.first_ns),
        "last": rfc3339(hit.last_ns),
        "recovered_at": None if hit.recovered_ns is None else rfc3339(hit.recovered_ns),
        "last_attempt": rfc3339(hit.last_attempt_ns),
        "orders": [*sorted(hit.orders)],
        "amount": {**hit.amount},
    }


def _sum(hits: Iterable[Hit]) -> dict[str, float]:
    """What their orders are worth, by currency."""
    cents: dict[str, int] = defaultdict(int)
    for hit in hits:
        for amount, currency in hit.orders.values():
            cents[currency] += round(amount * 100)
    return {currency: amount / 100 for currency, amount in cents.items()}


def rfc3339(time_ns: int) -> str:
    """A time in ns since 1970 to the nanosecond, as `2026-11-22T10:00:00.000000000Z`."""
    return f"{datetime.fromtimestamp(time_ns // SECOND_NS, UTC):%Y-%m-%dT%H:%M:%S}.{time_ns % SECOND_NS:09d}Z"
