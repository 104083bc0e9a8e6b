"""Who was affected as CSV, for support and legal: each customer in a line that stands for itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from triage.model import AffectedCustomer, Outcome, Question
from triage.money import digits
from triage.spreadsheet import line
from triage.window import format_number, format_time

COLUMNS = (
    "customer", "outcome", "failures", "first", "last", "recovered_at", "last_attempt",
    "orders", "amount", "trace_id", "span_id", "service", "operation", "error",
    "what_failed", "amount_value", "currency", "incident", "from", "to", "as_of",
)  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """What is said in every line: the incident ("" for none), the window, and as of when.

    `words` say what failed for those without a failing span, such as customers on wrong rows.
    """

    from_: datetime
    to: datetime
    as_of: datetime
    incident: str = ""
    slower_than_ms: float | None = None
    words: str = ""

    @staticmethod
    def of(question: Question, now: datetime, words: str = "") -> "Sheet":
        """Of an answer to a question that was asked now."""
        return Sheet(
            question.from_, question.to, question.as_of or now, question.incident or "", question.slower_than_ms, words
        )


def csv_lines(items: Iterable[AffectedCustomer], sheet: Sheet) -> Iterator[str]:
    """The header and then one line for each customer, with their first piece of evidence: docs/affected.md.

    Orders and amounts (`49.9 EUR`) are joined with `; `; `amount_value` and `currency` have them apart, for adding up.
    """
    yield line(COLUMNS)
    whole = (sheet.incident, *map(format_time, (sheet.from_, sheet.to, sheet.as_of)))
    for item in items:
        yield line([*_cells(item), _what_failed(item, sheet), *_apart(item), *whole])


def _cells(item: AffectedCustomer) -> list[str]:
    shown = item.evidence[0] if item.evidence else None
    return [
        item.customer,
        item.outcome.value,
        str(item.failures),
        format_time(item.first),
        format_time(item.last),
        format_time(item.recovered_at) if item.recovered_at else "",
        format_time(item.last_attempt) if item.last_attempt else "",
        "; ".join(item.orders),
        "; ".join(f"{digits(amount)} {currency}" for currency, amount in item.amount.items()),
        *((shown.trace_id, shown.span_id, shown.service, shown.operation, shown.error) if shown else [""] * 5),
    ]


def _apart(item: AffectedCustomer) -> tuple[str, str]:
    """The amounts and their currencies, in the same order."""
    return "; ".join(map(digits, item.amount.values())), "; ".join(item.amount)


def _what_failed(item: AffectedCustomer, sheet: Sheet) -> str:
    """In plain words: what went wrong for them, and how it ended."""
    if not item.evidence:
        return sheet.words
    shown = item.evidence[0]
    if sheet.slower_than_ms is not None:
        said = f"{shown.operation} at {shown.service} took longer than {format_number(sheet.slower_than_ms)} ms"
    else:
        said = f"{shown.operation} at {shown.service} failed" + (f": {shown.error}" if shown.error else "")
    return f"{said}; {ENDINGS[item.outcome]}"


ENDINGS = {
    Outcome.NOT_RECOVERED: "what they wanted has not gone well since",
    Outcome.RECOVERED: "it has gone well since",
    Outcome.MASKED: "a retry or a fallback saved it, they noticed nothing",
}
