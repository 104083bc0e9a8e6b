"""The answer to "which customers were affected?" as a person reads it in a terminal."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from triage.model import Outcome
from triage.money import amounts
from triage.terminal import columns, printable
from triage.wire import AffectedJson, CustomerJson, QuestionJson

OUTCOMES = {
    Outcome.NOT_RECOVERED: "● not recovered",
    Outcome.RECOVERED: "◐ recovered",
    Outcome.MASKED: "○ never noticed",
}
FAILURE, SLOW_SPAN, ROW = "failure", "slow span", "wrong row change"
"""What is counted for a customer."""
NUMBER = {FAILURE: "FAILURES", SLOW_SPAN: "SLOW", ROW: "ROWS"}
WHAT = {FAILURE: "WHAT FAILED", SLOW_SPAN: "WHAT WAS SLOW", ROW: "WHAT FAILED"}
ORDERS_SHOWN = 3


def affected_text(answer: AffectedJson, width: int | None = None, counted: str = "") -> Iterator[str]:
    """The answer line by line: the sentence, how sure it is, the customers. `width` in characters clips the table.

    `counted` is what its failures are, where the question does not say it: FAILURE, SLOW_SPAN or ROW.
    """
    counted = counted or (FAILURE if answer.question.slower_than_ms is None else SLOW_SPAN)
    yield sentence(answer)
    yield from evidence(answer, counted)
    if answer.items:
        yield ""
        yield from customer_table(answer, width, counted)
    hidden = answer.customers - len(answer.items)
    if hidden > 0:
        yield f"… and {hidden:,} more"


def sentence(answer: AffectedJson) -> str:
    """Who was hit and how they are, in plain words."""
    what = f"{subject(answer.question)} {_span(answer.from_, answer.to)}"
    if not answer.customers:
        was = "was" if answer.exact else "is known to be"
        return f"No customer {'can be named for' if answer.failures else f'{was} affected by'} {what}."
    were = "1 customer was" if answer.customers == 1 else f"{answer.customers:,} customers were"
    were = were if answer.exact else f"At least {were}"
    how = [
        f"{count:,} {words}"
        for count, words in (
            (answer.not_recovered, "not recovered"),
            (answer.recovered, "recovered"),
            (answer.masked, "never noticed"),
        )
        if count
    ]
    return f"{were} affected by {what}: {', '.join(how)}."


def evidence(answer: AffectedJson, counted: str) -> Iterator[str]:
    """How much the answer rests on, and what it can't tell."""
    if answer.failures:
        parts = [_count(answer.failures, counted)]
        if counted != ROW:
            parts = [f"{parts[0]} in {_count(answer.failed_requests, 'request')}"]
        if counted != ROW and answer.attribution is not None:
            parts.append(f"{_percent(answer.attribution)} of them name their customer")
        if answer.amount_at_risk:
            parts.append(f"{amounts(answer.amount_at_risk)} at risk")
        yield " · ".join(parts)
    elif not answer.customers and not answer.question.incident:
        yield "No span matches, as far as telemetry arrived: `triage doctor` says how much did, and what it lacks"
    if answer.unattributed_failures:
        yield f"{_count(answer.unattributed_failures, counted)} could not be attributed to any customer"
    if answer.ambiguous_failures:
        yield f"{_count(answer.ambiguous_failures, counted)} could belong to several customers, and count for none"
    if answer.caveat:
        yield f"Not exact: {printable(answer.caveat)}"


def customer_table(answer: AffectedJson, width: int | None, counted: str) -> Iterator[str]:
    """One line for each customer of this page, below the headings; times are UTC."""
    one_day = answer.from_.date() == max(answer.as_of, answer.to).date()
    rows = (_cells(item, "%H:%M:%S" if one_day else "%m-%d %H:%M:%S") for item in answer.items)
    headings = ("CUSTOMER", "OUTCOME", NUMBER[counted], "FIRST", "LAST", "LAST TRY", "AMOUNT", "ORDERS", "TRACE")
    return columns((*headings, WHAT[counted]), rows, right={NUMBER[counted], "AMOUNT"}, width=width)


def subject(question: QuestionJson) -> str:
    """What had to fail to count."""
    slow = question.slower_than_ms
    if question.incident:
        return f"incident {printable(question.incident)}"
    words = "any failure" if slow is None else f"anything slower than {f'{slow:,}'.removesuffix('.0')} ms"
    limits = {
        "in": question.service,
        "of operation": question.operation,
        "on route": question.route,
        "towards": question.partner,
        "of version": question.version,
    }
    if slow is None and any(limits.values()):
        words = "failures"
    return " ".join([words, *(f"{word} {printable(value)}" for word, value in limits.items() if value)])


def _cells(item: CustomerJson, clock: str) -> Sequence[str]:
    shown = item.evidence[0] if item.evidence else None
    orders = " ".join(item.orders[:ORDERS_SHOWN]) + (" …" if len(item.orders) > ORDERS_SHOWN else "")
    return (
        item.customer,
        OUTCOMES[item.outcome],
        f"{item.failures:,}",
        _time(item.first, clock),
        _time(item.last, clock),
        _time(item.last_attempt, clock) if item.last_attempt else "unknown",
        amounts(item.amount),
        orders,
        shown.trace_id if shown else "",
        f"{shown.service} {shown.operation}: {shown.error or 'no error text'}" if shown else "",
    )


def _span(from_: datetime, to: datetime) -> str:
    until = _time(to, "%H:%M:%S" if from_.astimezone(UTC).date() == to.astimezone(UTC).date() else "%Y-%m-%d %H:%M:%S")
    return f"between {_time(from_, '%Y-%m-%d %H:%M:%S')} and {until} UTC"


def _time(moment: datetime, clock: str) -> str:
    return moment.astimezone(UTC).strftime(clock)


def _count(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def _percent(ratio: float) -> str:
    """Never rounded up to all, nor down to none."""
    if ratio in {0.0, 1.0}:
        return f"{ratio * 100:.0f} %"
    return f"{min(max(ratio * 100, 0.1), 99.9):.1f} %"
