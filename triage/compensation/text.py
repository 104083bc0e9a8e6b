"""The reconciliation and the plan as a person reads them in a terminal."""

from collections.abc import Iterator

from triage.compensation.model import Action
from triage.compensation.wire import LineJson, PlanJson
from triage.money import amounts
from triage.rows.wire import ItemJson, ReconciliationJson
from triage.terminal import columns, printable
from triage.window import format_number

ROWS = 50
RECONCILED = ("ROW", "SYSTEM SAYS", "OTHERS SAY", "RIGHT", "ADD", "SURE", "WRONG CHANGES", "WHY")
PLANNED = ("LINE", "DO", "ROW", "FROM", "TO", "ORDER", "CUSTOMER", "AMOUNT", "EVIDENCE", "WHY")
WORDS = {
    Action.REFUND: ("refund", "refunds"),
    Action.CANCEL: ("order to cancel", "orders to cancel"),
    Action.COLLECT: ("payment to collect", "payments to collect"),
    Action.RECREATE: ("row to re-create", "rows to re-create"),
    Action.SET_COUNT: ("stock to set", "stocks to set"),
    Action.COUNT: ("row to count", "rows to count"),
    Action.REREAD: ("row to read again", "rows to read again"),
    Action.VOID: ("booking to void", "bookings to void"),
    Action.REPLAY: ("event to replay", "events to replay"),
}


def reconciliation_text(answer: ReconciliationJson, width: int | None = None, rows: int = ROWS) -> Iterator[str]:
    """A sentence, and a line for each row."""
    yield rows_sentence(answer)
    if answer.items:
        yield ""
        yield from columns(
            RECONCILED, map(_item, answer.items[:rows]), right={"RIGHT", "ADD", "WRONG CHANGES"}, width=width
        )
        yield from _more(answer.rows - min(rows, len(answer.items)))


def rows_sentence(answer: ReconciliationJson) -> str:
    """How many rows are wrong, and of how many what is right is not known."""
    if answer.note:
        return f"{answer.incident}: {answer.note}."
    unknown = f", of {answer.unknown:,} what is right can't be told" if answer.unknown else ""
    named = _count(answer.customers, "customer", "customers")
    return (
        f"{_count(answer.rows, 'row is', 'rows are')} concerned by {_count(answer.wrong_changes, 'change', 'changes')},"
        f" which name {named}: {answer.differing:,} must be put right{unknown}."
    )


def plan_text(answer: PlanJson, width: int | None = None, rows: int = ROWS) -> Iterator[str]:
    """What is to be done in one sentence, that nothing of it is executed, and a line for each thing."""
    yield plan_sentence(answer)
    yield answer.proposal
    yield from (printable(note) for note in answer.notes)
    if answer.items:
        yield ""
        yield from columns(
            PLANNED, map(_line, answer.items[:rows]), right={"LINE", "FROM", "TO", "AMOUNT"}, width=width
        )
        yield from _more(answer.lines - min(rows, len(answer.items)))


def plan_sentence(answer: PlanJson) -> str:
    """How much there is to do of each kind."""
    if not answer.lines:
        return "There is nothing to make good that the telemetry or the rows tell of."
    said = ", ".join(_count(many, *WORDS[action]) for action, many in answer.actions.items())
    back = amounts(answer.pay_back)
    unpriced = f" ({answer.unpriced} of unknown amount)" if answer.unpriced else ""
    return f"{said}.{f' To pay back: {back}{unpriced}.' if back else ''}"


def _item(item: ItemJson) -> tuple[str, ...]:
    own, *others = item.values
    return (
        f"{item.table} {item.key}",
        _said(own.value, own.exists),
        ", ".join(f"{each.table} {_said(each.value, each.exists)}" for each in others),
        "unknown" if item.right is None and item.column else _number(item.right),
        f"{'+' if item.difference > 0 else ''}{format_number(item.difference)}" if item.difference else "",
        "yes" if item.confirmed else "",
        f"{len(item.wrong)} {', '.join(item.kinds)}",
        item.because,
    )


def _line(one: LineJson) -> tuple[str, ...]:
    on = one.evidence
    place = f"{on.topic}/{on.partition}@{on.offset}" if on.topic else on.position or on.trace_id or ""
    return (
        str(one.line),
        one.action.replace("_", " "),
        f"{one.table or ''} {one.key or ''}".strip(),
        _number(one.was),
        _number(one.becomes),
        one.order or "",
        one.customer or "",
        amounts(one.amount),
        place,
        one.reason,
    )


def _said(value: float | None, exists: bool) -> str:
    return _number(value) or ("has it" if exists else "lacks it")


def _number(value: float | None) -> str:
    return "" if value is None else format_number(value)


def _count(many: int, one: str, more: str) -> str:
    return f"1 {one}" if many == 1 else f"{many:,} {more}"


def _more(left: int) -> Iterator[str]:
    if left > 0:
        yield f"… and {left:,} more (--format csv or json writes all)"
