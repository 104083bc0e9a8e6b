"""What really happened: whom the model hit and how it went on for them, in the terms of the question to be asked.

It is kept from what the model did (`Request.harms`, `customer`, `failed`), not read from the telemetry.
"""

from collections import defaultdict
from collections.abc import Iterator
from math import inf
from pathlib import Path

from triage.demo.answer import Answer, Hit
from triage.demo.fault import Fault, Question, Scenario
from triage.demo.model import Shop
from triage.demo.request import MS_NS, SECOND_NS, Harm, Operation, Order, Request
from triage.demo.stock import RowChange
from triage.demo.truth_text import Account, truth_json

LONGEST_NS = 2**63


class Truth:
    """Is told every request of a shop, and says whom one fault has hit; of several faults each has its own."""

    def __init__(self, shop: Shop, fault: Fault) -> None:
        self._shop, self._fault = shop, fault
        self._unsold: list[tuple[Request, Order]] = []
        self._wrong: list[RowChange] = []
        self._harmed: list[Request] = []
        self._tried: dict[tuple[str, Operation], list[tuple[int, float]]] = defaultdict(list)
        self._first_ns, self._last_ns = 0, 0
        self.untold_ns: float = inf
        """While the shop lives: when the first of the requests began that are under way, and not told of yet."""

    def tell(self, request: Request) -> None:
        """Takes note of one request; the order does not matter."""
        entry = request.entry
        self._first_ns = min(self._first_ns or entry.start_ns, entry.start_ns)
        self._last_ns = max(self._last_ns, request.end_ns)
        if request.unsold is not None:
            self._unsold.append((request, request.unsold))
        if request.harms:
            self._harmed.append(request)
        if request.customer:
            took_ns = inf if request.failed else entry.end_ns - entry.start_ns
            self._tried[request.customer, entry.operation].append((entry.start_ns, took_ns))

    def tell_row(self, change: RowChange) -> None:
        """Takes note of a row that changed; of interest is one that should not have."""
        if change.wrong:
            self._wrong.append(change)

    def answer(self, question: Question) -> Answer:
        """Who was hit within the fault's window (where there is none, in the whole run), and what became of them."""
        from_ns, to_ns = self._window()
        until_ns = min(to_ns - 1, self._known_ns)
        matched = ((request, _matching(request, question, from_ns, until_ns)) for request in self._harmed)
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
        """The truth as a JSON document, as `triage.demo.truth_text` says."""
        from_ns, to_ns = self._window()
        begun = self._breaks and self._fault.start_ns != inf
        return truth_json(
            Account(
                shop=self._shop,
                scenario=self._fault.scenario,
                start_ns=from_ns if begun else None,
                end_ns=to_ns if begun and self._fault.end_ns <= self._as_of_ns else None,
                as_of_ns=self._as_of_ns,
                answers=tuple(self.answer(question) for question in self._fault.scenario.questions),
                rows=tuple(
                    change
                    for change in self._wrong
                    if _is_of(change, self._fault.scenario) and change.at_ns <= self._known_ns
                ),
                unsold=tuple(
                    (request.customer, order)
                    for request, order in self._unsold
                    if from_ns <= request.entry.start_ns <= min(to_ns - 1, self._known_ns)
                ),
            )
        )

    @property
    def _known_ns(self) -> float:
        """Until when all is known: a whole second, as rows that change are told of by the second."""
        return inf if self.untold_ns == inf else (self.untold_ns - 1) // SECOND_NS * SECOND_NS

    @property
    def _as_of_ns(self) -> int:
        return int(min(self._last_ns, self._known_ns))

    @property
    def _breaks(self) -> bool:
        return self._fault.scenario.breaks

    def save(self, path: Path) -> None:
        """Writes the truth so that a reader sees the old or the new one, never half of it."""
        part = path.with_name(path.name + ".part")
        part.write_text(self.to_json(), encoding="utf-8")
        part.replace(path)

    def _window(self) -> tuple[int, int]:
        after_ns = (self._as_of_ns // SECOND_NS + 1) * SECOND_NS
        if not self._breaks or self._fault.start_ns == inf:
            return self._first_ns // SECOND_NS * SECOND_NS, after_ns
        from_ns = int(self._fault.start_ns)
        return from_ns, max(from_ns, int(min(self._fault.end_ns, after_ns)))

    def _hit(self, customer: str, struck: list[tuple[Request, list[Harm]]], question: Question) -> Hit:
        times = [harm.at_ns for _, harms in struck for harm in harms]
        hit = Hit(customer, len(times), len(struck), min(times), max(times))
        errands = {request.entry.operation for request, _ in struck}
        hit.last_attempt_ns = max(start_ns for errand in errands for start_ns, _ in self._attempts(customer, errand))
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
        good = (start_ns for start_ns, took_ns in self._attempts(customer, operation) if took_ns <= limit_ns)
        return min((start_ns for start_ns in good if start_ns > at_ns), default=None)

    def _attempts(self, customer: str, operation: Operation) -> Iterator[tuple[int, float]]:
        """When each began, and how long it took; what failed took forever."""
        return (each for each in self._tried[customer, operation] if each[0] <= self._known_ns)


def _is_of(change: RowChange, scenario: Scenario) -> bool:
    return bool(scenario.late if change.wrong == "stale" else scenario.twice)


def _limit_ns(question: Question) -> float:
    return LONGEST_NS if question.slower_than_ms is None else question.slower_than_ms * MS_NS


def _matching(request: Request, question: Question, from_ns: int, until_ns: float) -> list[Harm]:
    return [harm for harm in request.harms if from_ns <= harm.at_ns <= until_ns and _matches(harm, question)]


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
