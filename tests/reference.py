"""Which customers were affected, worked out by brute force: what the design says, read aloud in plain Python.

Nothing here is fast or clever. Every question is answered by looking at all spans; the SQL has to agree with it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import cached_property
from math import inf

from tests.telemetry import Log, Span
from triage.model import Outcome, Question

MS_NS = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Customer:
    """An affected customer. Times are ns; `spans` are the failing ones, as (start, trace id, span id)."""

    failures: int
    first_ns: int
    last_ns: int
    outcome: Outcome
    recovered_ns: int | None
    last_attempt_ns: int
    orders: frozenset[str]
    amount: Mapping[str, Decimal]
    spans: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True)
class Answer:
    """The figures, and every customer."""

    customers: Mapping[str, Customer]
    failures: int
    failed_requests: int
    unattributed: int
    ambiguous: int
    amount_at_risk: Mapping[str, Decimal]

    @property
    def attribution(self) -> float | None:
        lost = self.unattributed + self.ambiguous
        return (self.failures - lost) / self.failures if self.failures else None

    def count(self, outcome: Outcome) -> int:
        return sum(each.outcome == outcome for each in self.customers.values())


def affected(
    spans: Iterable[Span],
    logs: Iterable[Log],
    question: Question,
    *,
    customer_keys: Sequence[str],
    order_keys: Sequence[str],
    amount_keys: Sequence[str],
    currency_keys: Sequence[str],
    partners: Iterable[str] = (),
) -> Answer:
    """The answer to `question`; the keys name a customer, an order, …, best first; `partners` are those named."""
    as_of = inf if question.as_of is None else nanoseconds(question.as_of)
    once = {span.identity: span for span in spans if span.start_ns <= as_of}
    known = [log for log in logs if log.time_ns <= as_of]
    keys = (customer_keys, order_keys, amount_keys, currency_keys)
    return _Asked(tuple(once.values()), known, question, keys, frozenset(partners)).answer()


@dataclass(frozen=True)
class _Asked:
    spans: tuple[Span, ...]
    logs: Sequence[Log]
    question: Question
    keys: tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str]]
    partners: frozenset[str]

    # A trace: all spans of one trace id. A span without one is a trace of its own.

    @cached_property
    def traces(self) -> Mapping[str, list[Span]]:
        traces: dict[str, list[Span]] = defaultdict(list)
        for span in self.spans:
            traces[span.trace_id].append(span)
        return traces

    def trace(self, span: Span) -> list[Span]:
        return self.traces[span.trace_id] if span.trace_id else [span]

    def entry(self, span: Span) -> Span:
        trace = self.trace(span)
        roots = [each for each in trace if not each.parent_id]
        return min(roots or trace, key=lambda each: each.order_of_entry)

    # Who: its own name, else its nearest named ancestor's, else the only one in its trace.

    @cached_property
    def log_names(self) -> Mapping[tuple[str, str], str]:
        """The name that the earliest log record gives which was written inside a span and names one."""
        named: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        for log in self.logs:
            name = _first(log.attributes, self.keys[0])
            if name and log.trace_id and log.span_id:
                named[log.trace_id, log.span_id].append((log.time_ns, name))
        return {inside: min(names)[1] for inside, names in named.items()}

    def own_name(self, span: Span) -> str:
        by_log = self.log_names.get((span.trace_id, span.span_id), "")
        return _first(span.attributes, self.keys[0]) or by_log or _first(span.resource, self.keys[0])

    def name_of_ancestor(self, span: Span) -> str:
        trace, seen, level = self.trace(span), [span], [span]
        while level:
            parent_ids = {each.parent_id for each in level} - {""}
            level = [each for each in trace if each.span_id in parent_ids and each not in seen]
            seen += level
            named = [(each.start_ns, self.own_name(each)) for each in level if self.own_name(each)]
            if named:
                return min(named)[1]
        return ""

    def candidates(self, span: Span) -> set[str]:
        """Whom the span may belong to: one customer, none (unattributed) or several (ambiguous)."""
        if name := self.own_name(span) or self.name_of_ancestor(span):
            return {name}
        return {self.own_name(each) for each in self.trace(span)} - {""}

    def belongs_to(self, span: Span, customer: str) -> bool:
        return self.candidates(span) == {customer}

    # What: which spans failed (or took longer), and which entries did.

    @cached_property
    def services(self) -> frozenset[str]:
        return frozenset(span.service for span in self.spans)

    def peers(self, span: Span) -> set[str]:
        """The names of whom a span calls; a database has one only where the settings name it."""
        names = {span.attributes.get(key, "") for key in ("service.peer.name", "peer.service")} - {""}
        is_database = not span.attributes.keys().isdisjoint({"db.system.name", "db.system"})
        return names & self.partners if is_database else names

    def to_partner(self, span: Span) -> bool:
        if self.partners:
            return not self.partners.isdisjoint(self.peers(span) | {_address(span)})
        return bool(self.peers(span) - self.services)

    def failed(self, span: Span) -> bool:
        by_server = span.kind == "Server" and _http(span) >= 500
        by_partner = span.kind == "Client" and _http(span) >= 400 and self.to_partner(span)
        return span.status_error or by_server or by_partner

    def took_longer(self, span: Span) -> bool:
        limit_ms = self.question.slower_than_ms
        return limit_ms is not None and span.duration_ns > limit_ms * MS_NS

    def hit(self, span: Span) -> bool:
        """What was asked for happened: it failed or, for the question "slow", took longer than stated."""
        return self.failed(span) if self.question.slower_than_ms is None else self.took_longer(span)

    def to_peer(self, span: Span, peer: str) -> bool:
        by_address = peer in self.partners and peer == _address(span)
        return span.kind == "Client" and (peer in self.peers(span) or by_address)

    def matches(self, span: Span) -> bool:
        asked = self.question
        return (
            nanoseconds(asked.from_) <= span.start_ns < nanoseconds(asked.to)
            and self.hit(span)
            and asked.service in (None, span.service)
            and asked.operation in (None, span.name)
            and asked.route in (None, span.attributes.get("http.route", ""))
            and asked.version in (None, span.resource.get("service.version", ""))
            and (asked.partner is None or self.to_peer(span, asked.partner))
        )

    # The answer.

    def answer(self) -> Answer:
        failures = [span for span in self.spans if self.matches(span)]
        by_customer: dict[str, list[Span]] = defaultdict(list)
        for span in failures:
            if len(self.candidates(span)) == 1:
                by_customer[min(self.candidates(span))].append(span)
        customers = {name: self.customer(name, spans) for name, spans in by_customer.items()}
        lost = [name for name, each in customers.items() if each.outcome == Outcome.NOT_RECOVERED]
        return Answer(
            customers,
            failures=len(failures),
            failed_requests=len({span.trace_id or span for span in failures}),
            unattributed=sum(not self.candidates(span) for span in failures),
            ambiguous=sum(len(self.candidates(span)) > 1 for span in failures),
            amount_at_risk=_sum(order for name in lost for order in self.orders(name, by_customer[name])),
        )

    def customer(self, name: str, failures: list[Span]) -> Customer:
        outcome, recovered_ns = self.outcome(name, failures)
        return Customer(
            failures=len(failures),
            first_ns=min(span.start_ns for span in failures),
            last_ns=max(span.start_ns for span in failures),
            outcome=outcome,
            recovered_ns=recovered_ns,
            last_attempt_ns=self.last_attempt(name, failures),
            orders=frozenset(order for order, _, _ in self.orders(name, failures)),
            amount=_sum(self.orders(name, failures)),
            spans=tuple(sorted((span.start_ns, span.trace_id, span.span_id) for span in failures)),
        )

    @cached_property
    def entries(self) -> list[Span]:
        return [span for span in self.spans if self.entry(span) is span]

    def outcome(self, name: str, failures: list[Span]) -> tuple[Outcome, int | None]:
        """How it went on, and when they had recovered (ns)."""
        visible = [self.entry(span) for span in failures if self.hit(self.entry(span))]
        if not visible:
            return Outcome.MASKED, None
        since: list[int | None] = []
        for operation in {entry.operation for entry in visible}:
            last_ns = max(entry.start_ns for entry in visible if entry.operation == operation)
            good = (entry for entry in self.entries if entry.operation == operation and entry.start_ns > last_ns)
            since.append(min((entry.start_ns for entry in good if self.succeeded(entry, name)), default=None))
        firsts = [first_ns for first_ns in since if first_ns is not None]
        if len(firsts) < len(since):
            return Outcome.NOT_RECOVERED, None
        return Outcome.RECOVERED, max(firsts)

    def succeeded(self, entry: Span, customer: str) -> bool:
        return not self.failed(entry) and not self.took_longer(entry) and self.belongs_to(entry, customer)

    def last_attempt(self, name: str, failures: list[Span]) -> int:
        """When they last tried what failed for them (ns): by an entry of theirs, or one inside which it failed."""
        of_failures = [self.entry(span) for span in failures]
        operations = {entry.operation for entry in of_failures}
        tries = [each for each in self.entries if each.operation in operations and self.belongs_to(each, name)]
        return max(entry.start_ns for entry in tries + of_failures)

    def orders(self, name: str, failures: list[Span]) -> list[tuple[str, Decimal, str]]:
        """The orders that spans of theirs name in the traces in which they were hit: id, amount, currency."""
        near = {span for failure in failures for span in self.trace(failure)}
        theirs = [span for span in near if _first(span.attributes, self.keys[1]) and self.belongs_to(span, name)]
        return [
            (
                _first(span.attributes, self.keys[1]),
                _amount(_first(span.attributes, self.keys[2])),
                _first(span.attributes, self.keys[3]),
            )
            for span in theirs
        ]


def nanoseconds(moment: datetime) -> int:
    """Nanoseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


def _first(attributes: Mapping[str, str], keys: Iterable[str]) -> str:
    """The first value that is not empty, in the order of the keys."""
    return next((attributes[key] for key in keys if attributes.get(key)), "")


def _address(span: Span) -> str:
    return _first(span.attributes, ("server.address", "net.peer.name"))


def _http(span: Span) -> int:
    text = _first(span.attributes, ("http.response.status_code", "http.status_code"))
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) and int(text) <= 65535 else 0


def _amount(text: str) -> Decimal:
    number = Decimal(text) if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?", text) else Decimal(0)
    return number.quantize(Decimal("0.0001"), ROUND_DOWN)


def _sum(orders: Iterable[tuple[str, Decimal, str]]) -> dict[str, Decimal]:
    """The sum of the orders by currency, each order once, with its largest amount."""
    largest: dict[str, tuple[Decimal, str]] = {}
    for order, amount, currency in orders:
        largest[order] = max(largest.get(order, (amount, currency)), (amount, currency))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for amount, currency in largest.values():
        if amount > 0:
            sums[currency] += amount
    return dict(sums)
