"""The plain reference of "which customers were affected", on cases small enough to be judged by eye."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.reference import Answer, Customer, affected, nanoseconds
from tests.telemetry import Log, Span
from triage.model import Outcome, Question

T = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOUR = Question(T, T + timedelta(hours=1), as_of=T + timedelta(days=1))
SLOW = replace(HOUR, slower_than_ms=100)
CUSTOMER = ("customer.id", "user.id")
ANN, BOB, CYD = ({"customer.id": name} for name in ("ann", "bob", "cyd"))


def at(second: float) -> int:
    return nanoseconds(T + timedelta(seconds=second))


def span(
    trace: str = "1", number: str = "1", parent: str = "", *, second: float = 0, took_ms: float = 10,
    service: str = "gate", name: str = "buy", kind: str = "Server", bad: bool = False,
    attributes: Mapping[str, str] | None = None, resource: Mapping[str, str] | None = None,
) -> Span:  # fmt: skip
    return Span(
        trace,
        number,
        parent,
        service,
        name,
        kind,
        at(second),
        int(took_ms * 1e6),
        bad,
        attributes or {},
        resource or {},
    )


def log(number: str, name: str, second: float = 0) -> Log:
    return Log("1", number, at(second), {"customer.id": name})


def ask(*spans: Span, logs: tuple[Log, ...] = (), question: Question = HOUR, partners: tuple[str, ...] = ()) -> Answer:
    return affected(
        spans, logs, question, customer_keys=CUSTOMER, order_keys=("order.id",), amount_keys=("order.amount",),
        currency_keys=("order.currency",), partners=partners,
    )  # fmt: skip


def who(*spans: Span, logs: tuple[Log, ...] = (), question: Question = HOUR) -> set[str]:
    return set(ask(*spans, logs=logs, question=question).customers)


def ann(*spans: Span, question: Question = HOUR) -> Customer:
    return ask(*spans, question=question).customers["ann"]


def failures(*spans: Span, question: Question = HOUR, partners: tuple[str, ...] = ()) -> int:
    return ask(*spans, question=question, partners=partners).failures


def test_no_spans_are_no_answer_but_zeros() -> None:
    """Without failures there are no customers, and no share of them."""
    answer = ask()
    assert (answer.failures, answer.customers, answer.attribution, answer.amount_at_risk) == (0, {}, None, {})


def test_a_failure_is_an_error_or_a_servers_5xx() -> None:
    """A server's 4xx, an internal span's 500 and what is no number are none."""
    assert failures(span(bad=True)) == 1
    assert failures(span(attributes={"http.response.status_code": "500"})) == 1
    assert failures(span(attributes={"http.status_code": "503", "http.response.status_code": ""})) == 1
    assert failures(span(attributes={"http.status_code": "503", "http.response.status_code": "200"})) == 0
    assert failures(span(attributes={"http.response.status_code": "499"})) == 0
    assert failures(span(attributes={"http.response.status_code": "500"}, kind="Internal")) == 0
    assert failures(*(span(attributes={"http.status_code": odd}) for odd in ("oops", "70000", "-500"))) == 0


def test_a_partners_4xx_is_a_failure_a_services_is_not() -> None:
    """Where settings name no partner, it is who does not report; where they do, those alone, by address too."""
    call = {"http.status_code": "404", "peer.service": "psp", "server.address": "psp.example"}
    ours = span(number="2", parent="1", kind="Client", attributes=call)
    assert failures(ours) == 1
    assert failures(replace(ours, kind="Server")) == 0
    assert failures(ours, span("2", service="psp")) == 0
    assert failures(ours, span("2", service="psp", second=90_000)) == 1, "it reports later than as_of"
    assert failures(ours, partners=("erp",)) == 0
    assert failures(ours, partners=("psp.example",)) == 1
    assert failures(replace(ours, attributes={**call, "peer.service": ""})) == 0


def test_a_failure_is_of_the_window_by_its_start() -> None:
    """The window's first moment belongs to it, its last does not."""
    assert failures(span(second=0, bad=True), span("2", second=3600, bad=True), span("3", second=-1, bad=True)) == 1


def test_what_is_asked_for_is_of_the_failing_span() -> None:
    """Service, operation, route, version, peer; an address is a peer only of a partner that is named."""
    route, version = {"http.route": "/buy"}, {"service.version": "2"}
    one = span(bad=True, attributes=route, resource=version)
    call = span("1", "2", "1", service="shop", name="call", kind="Client", bad=True, attributes={"server.address": "a"})
    assert failures(one, call, question=replace(HOUR, service="gate")) == 1
    assert failures(one, call, question=replace(HOUR, operation="buy")) == 1
    assert failures(one, call, question=replace(HOUR, route="/buy")) == 1
    assert failures(one, call, question=replace(HOUR, version="2")) == 1
    assert failures(one, call, question=replace(HOUR, partner="a")) == 0
    assert failures(one, call, question=replace(HOUR, partner="a"), partners=("a",)) == 1


def test_a_span_names_its_customer_before_logs_and_resource() -> None:
    """Keys by priority, empty ones skipped; then the earliest log record inside it; then the resource."""
    keys = {"customer.id": "", "user.id": "bob"}
    records = (log("1", "dan", second=2), log("1", "cyd", second=1), log("2", "eve"), log("1", "", second=0))
    by_resource = {"user.id": "fay"}
    assert who(span(bad=True, attributes=keys, resource=by_resource), logs=records) == {"bob"}
    assert who(span(bad=True, resource=by_resource), logs=records) == {"cyd"}
    assert who(span(bad=True, resource=by_resource)) == {"fay"}


def test_an_unnamed_failure_is_its_nearest_named_ancestors() -> None:
    """Also through spans that name nobody; siblings and children are no ancestors."""
    root, middle = span(attributes=BOB), span(number="2", parent="1", attributes=ANN)
    failing = span(number="4", parent="3", bad=True)
    sibling = span(number="5", parent="3", attributes=CYD)
    assert who(root, middle, span(number="3", parent="2"), failing, sibling) == {"ann"}
    assert who(root, span(number="3", parent="1"), failing, sibling) == {"bob"}


def test_of_parents_that_share_an_id_the_earliest_names() -> None:
    """A client and a server span may share one id."""
    late, early = span(number="2", attributes=ANN, second=5), span(number="2", kind="Client", attributes=BOB, second=4)
    assert who(late, early, span(number="3", parent="2", bad=True)) == {"bob"}
    assert who(late, replace(early, start_ns=late.start_ns), span(number="3", parent="2", bad=True)) == {"ann"}


def test_a_cycle_of_parents_ends() -> None:
    """Two spans that are each other's parent, and one that is its own, end the walk."""
    cycle = span(number="2", parent="3"), span(number="3", parent="2", bad=True)
    assert who(*cycle, span(number="4", parent="4", attributes=ANN)) == {"ann"}
    assert who(span(number="4", parent="4", bad=True)) == set()


def test_several_without_an_ancestor_are_ambiguous_and_none_unattributed() -> None:
    """Both are counted; the share says how complete the answer is."""
    failing = span(number="2", parent="9", bad=True)
    two = ask(failing, span(attributes=ANN), span(number="3", parent="1", attributes=BOB))
    assert (two.ambiguous, two.unattributed, two.customers, two.attribution) == (1, 0, {}, 0.0)
    none = ask(failing, span("2", bad=True, attributes=ANN))
    assert (none.ambiguous, none.unattributed, set(none.customers), none.attribution) == (0, 1, {"ann"}, 0.5)


def test_a_span_without_a_trace_stands_alone() -> None:
    """Two of them are two requests, and neither names the other's customer; all zero is empty, too."""
    alone = [span("", bad=True), span("0" * 32, "2", bad=True, attributes=ANN)]
    answer = ask(*alone)
    assert (answer.failed_requests, answer.unattributed, set(answer.customers)) == (2, 1, {"ann"})
    assert who(span("", bad=True), logs=(replace(log("1", "ann"), trace_id=""),)) == set()


def test_a_span_received_twice_counts_once() -> None:
    """Same trace, id, kind, service, name and start; a retry of the same trace is another span."""
    answer = ask(span(bad=True, attributes=ANN), span(bad=True, attributes=ANN), span(number="2", bad=True))
    assert (answer.failures, answer.failed_requests) == (2, 1)


def test_a_failure_whose_entry_went_well_is_masked() -> None:
    """The entry is the earliest root; without one, the earliest span; it may name somebody else."""
    retried = span(number="2", parent="1", bad=True, attributes=ANN)
    assert ann(span(attributes=BOB), retried).outcome == Outcome.MASKED
    assert ann(span(attributes=BOB, bad=True), retried).outcome == Outcome.NOT_RECOVERED
    assert ann(span(), span(number="0a", second=-1, bad=True), retried).outcome == Outcome.NOT_RECOVERED
    assert ann(span(number="3", parent="9", second=-1), retried).outcome == Outcome.MASKED


def test_a_customer_recovers_with_the_first_success_strictly_later() -> None:
    """Of the same entry operation, and theirs; each operation has to succeed."""
    broken = span(bad=True, attributes=ANN, second=10)
    assert ann(broken, span("2", attributes=ANN, second=10)).outcome == Outcome.NOT_RECOVERED
    assert ann(broken, span("2", attributes=BOB, second=11)).outcome == Outcome.NOT_RECOVERED
    again = span("2", attributes=ANN, second=9_000), span("3", attributes=ANN, second=9_001)
    assert ann(broken, *again).recovered_ns == at(9_000)
    other = span("4", bad=True, attributes=ANN, name="look", second=5)
    assert ann(broken, other, *again).outcome == Outcome.NOT_RECOVERED
    assert ann(broken, other, *again, span("5", attributes=ANN, name="look", second=6)).recovered_ns == at(9_000)


def test_the_last_attempt_is_of_what_failed() -> None:
    """Whether it went well or not; what failed for them inside another's request was an attempt, too."""
    broken = span(bad=True, attributes=ANN, second=10)
    assert ann(broken, span("2", bad=True, attributes=ANN, second=20)).last_attempt_ns == at(20)
    assert ann(broken, span("2", name="look", attributes=ANN, second=20)).last_attempt_ns == at(10)
    inner = span(number="2", parent="1", bad=True, attributes=ANN, second=10)
    assert ann(span(attributes=BOB, second=9), inner).last_attempt_ns == at(9)
    assert ann(span(attributes=BOB, second=9), inner, span("2", attributes=ANN)).last_attempt_ns == at(9)


def test_slow_reads_took_longer_throughout() -> None:
    """Failing alone is not slow; a success neither failed nor took longer."""
    slow = span(took_ms=101, attributes=ANN)
    assert failures(span(took_ms=100, bad=True), slow, question=SLOW) == 1
    assert ann(slow, span("2", second=1, bad=True, attributes=ANN), question=SLOW).outcome == Outcome.NOT_RECOVERED
    assert ann(slow, span("2", second=1, attributes=ANN), question=SLOW).outcome == Outcome.RECOVERED
    inner = span(number="2", parent="1", took_ms=101)
    assert ann(span(attributes=ANN, bad=True), inner, question=SLOW).outcome == Outcome.MASKED


def test_asked_as_of_a_moment_it_knows_nothing_later() -> None:
    """Neither the recovery nor the name that a later span or log record gave."""
    then = replace(HOUR, as_of=T + timedelta(seconds=10))
    assert ann(span(bad=True, attributes=ANN), span("2", second=10, attributes=ANN), question=then).recovered_ns
    later = span("2", second=10.001, attributes=ANN)
    assert ann(span(bad=True, attributes=ANN), later, question=then).outcome == Outcome.NOT_RECOVERED
    assert who(span(bad=True), span(number="2", second=11, attributes=ANN), question=then) == set()
    assert who(span(bad=True), logs=(log("1", "ann", second=11),), question=then) == set()


def test_each_order_counts_once_with_its_largest_amount() -> None:
    """Only of the customer, only in the traces in which they were hit, only amounts that are numbers."""

    def order(number: str, amount: str, trace: str = "1", owner: Mapping[str, str] = ANN) -> Span:
        named = {**owner, "order.id": f"o{number}", "order.amount": amount, "order.currency": "EUR"}
        return span(trace, f"a{number}{amount}", "1", attributes=named)

    trace = span(bad=True, attributes=ANN), order("1", "9"), order("1", "10.55559"), order("2", "many")
    elsewhere = order("3", "5", trace="2"), order("4", "5", owner=BOB)
    answer = ask(*trace, *elsewhere)
    assert answer.customers["ann"].orders == {"o1", "o2"}
    assert answer.customers["ann"].amount == answer.amount_at_risk == {"EUR": Decimal("10.5555")}
    good = span("3", second=1, attributes=ANN)
    assert ask(*trace, *elsewhere, good).amount_at_risk == {}


def test_an_order_of_two_customers_is_at_risk_once() -> None:
    """With the larger of the two amounts."""
    amounts = {"order.id": "o", "order.currency": "EUR"}
    one = span(bad=True, attributes={**ANN, **amounts, "order.amount": "5"})
    other = span("2", bad=True, attributes={**BOB, **amounts, "order.amount": "7"})
    assert ask(one, other).amount_at_risk == {"EUR": Decimal(7)}
