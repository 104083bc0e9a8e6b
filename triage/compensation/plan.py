"""The plan from the reconciliation: plain functions, no store. docs/reconciliation.md has the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from triage.compensation.model import Action, Evidence, Line, charged_again, key_of
from triage.rows.columns import columns_of
from triage.rows.model import Item, RowChange, Said, Wrong, rounded
from triage.window import format_number

Worth = Mapping[str, Mapping[str, Decimal]]
"""What orders are worth, by currency; one that is not known is left out."""

AMOUNTS = ("amount", "total", "total_amount", "grand_total")
CURRENCIES = ("currency", "currency_code")
MOST_DIGITS = 15
"""A sum has fewer before its point, and fewer noughts behind it; a text such as `1e-999999` would have a million."""
CHARGES = ("charge", "payment", "capture", "invoice", "billing")
"""A table with one of these in its name, and an amount in its rows, holds what customers were charged."""
ORDERS = ("order", "orders")
"""How the name of a table ends that holds orders; others, such as shipments, may only name theirs."""
ORDER_OF_ACTIONS = {action: place for place, action in enumerate(Action)}


def plan(items: Iterable[Item], worth: Worth) -> list[Line]:
    """The lines for some items, in the order of Action, then by table, row, and time; each idempotency key once."""
    found: dict[str, Line] = {}
    for item in items:
        for line in _lines(item, worth):
            found.setdefault(line.idempotency_key, line)
    found |= _refunds(found.values())
    return sorted(found.values(), key=lambda line: ORDER_OF_ACTIONS[line.action])


def _refunds(lines: Iterable[Line]) -> Mapping[str, Line]:
    """The refunds of orders by their keys, each with which of its order's charges too many it settles, as they came.

    Rows of one amount in different tables are of one charge: a payment, say, and its invoice.
    """
    told: Counter[object] = Counter()
    charges: dict[str, list[object]] = {}
    found: dict[str, Line] = {}
    refunds = (line for line in lines if line.action is Action.REFUND and line.order)
    for line in sorted(refunds, key=lambda line: (line.evidence.time, line.evidence.row)):
        amount = frozenset(line.amount.items())
        told[row := (line.order, line.system, line.table, amount)] += 1
        of_order, charge = charges.setdefault(line.order, []), (amount, told[row])
        if charge not in of_order:
            of_order.append(charge)
        found[line.idempotency_key] = replace(line, settles=charged_again(line.order, of_order.index(charge) + 1))
    return found


def orders_of(items: Iterable[Item]) -> set[str]:
    """The orders whose worth a plan would tell."""
    found: set[str] = set()
    for item in items:
        found |= {each.change.order for each in item.wrong} | {each.change.order for each in item.served}
    return found - {""}


def _lines(item: Item, worth: Worth) -> Iterator[Line]:
    for wrong in item.wrong:
        if not item.gone or wrong.kind == "open":
            yield from _of_wrong(item, wrong, worth)
    if not item.gone:
        yield from _oversold(item, worth)
        yield from _counts(item)
        yield from (_missing(item, numbers) for numbers in item.missing)
        if item.difference != 0:  # what is right already needs none
            yield from (_replay(item, change, _settles(item)) for change in item.replay)
    yield from (line for said in item.apart for line in _behind(item, said))


def _counts(item: Item) -> Iterator[Line]:
    """What puts a stock right; nothing where it is right already."""
    if not item.column or not item.said:
        return
    verdict = item.verdict
    if verdict.value is None and not item.unsettled:
        yield _counted(item, Action.COUNT, None, f"what is right can't be told: {verdict.because}")
    elif item.difference:
        yield _counted(item, Action.SET_COUNT, verdict.value, f"{verdict.because}{_unsure(item, 'set')}")


def _counted(item: Item, action: Action, becomes: float | None, reason: str, settles: str = "") -> Line:
    return Line(
        action,
        key_of(action, *_thing(item)),
        reason,
        item.system,
        item.table,
        item.key,
        was=item.value,
        becomes=becomes,
        settles=settles or _settles(item),
        evidence=_evidence(item.wrong[0].change) if item.wrong else Evidence(),
    )


def _thing(item: Item) -> tuple[str, ...]:
    """What is put right: the row, and the changes that made it wrong."""
    return item.system, item.table, item.names, *(each.change.id for each in item.wrong)


def _settles(item: Item) -> str:
    """What the lines for a row settle; the same for all systems that differ on it, unless its own must be set, too."""
    if not item.apart or item.difference:
        return key_of("settles", *_thing(item))
    places = sorted({each.place for each in item.said})
    wrong = [*item.wrong, *(each for said in item.said for each in said.wrong)]
    ids = sorted({each.change.id for each in wrong})
    return key_of("settles", item.names, *(name for place in places for name in place), *ids)


def _oversold(item: Item, worth: Worth) -> Iterator[Line]:
    """The orders beyond the stock: first come, first served, by the order in which the log has them."""
    short = beyond = -(item.verdict.value or 0.0)
    for after, served in enumerate(reversed(item.served)):
        if short <= 0:
            return
        change = served.change
        short = rounded(short - served.pieces)
        yield Line(
            Action.CANCEL,
            key_of(Action.CANCEL, change.order, *change.place, item.names),
            f"{format_number(served.pieces)} of {item.names} can't be served: {format_number(beyond)} more were sold"
            f" than there were, and of all orders since the last right count this one came {_place(after)}; refund"
            " what was paid",
            item.system,
            item.table,
            item.key,
            change.order,
            change.customer,
            worth.get(change.order, {}),
            evidence=_evidence(change),
        )


def _place(after: int) -> str:
    return f"late ({after} after it)" if after else "last"


def _of_wrong(item: Item, wrong: Wrong, worth: Worth) -> Iterator[Line]:
    change = wrong.change
    if wrong.kind == "again":
        yield _repeated(item, change, worth)
    elif wrong.kind == "absent" and len(item.said) > 1 and item.said[1].last is None:
        there = item.said[1]
        yield Line(
            Action.RECREATE,
            key_of(Action.RECREATE, there.system, there.table, item.names),
            f"{change.table} has it since {change.time:%H:%M:%S}, and it never came to {there.table}",
            there.system,
            there.table,
            item.key,
            change.order or item.names,
            change.customer,
            worth.get(change.order, {}) or _said_amount(change),
            evidence=_evidence(change),
        )
    elif wrong.kind == "open":
        yield Line(
            Action.REREAD,
            key_of(Action.REREAD, change.system, change.tx),
            f"transaction {change.tx} ended with more changes than came: take a snapshot of its tables",
            change.system,
            change.table,
            change.key,
            change.order,
            change.customer,
            evidence=_evidence(change),
        )


def _repeated(item: Item, change: RowChange, worth: Worth) -> Line:
    """A row that was inserted twice: a charge is refunded, an order cancelled, a booking voided.

    Alike bookings of one transaction are no repeats; where the log tells of none, somebody has to look.
    """
    amount: Mapping[str, Decimal] = _said_amount(change)
    if amount and any(word in change.table.casefold() for word in CHARGES):
        action, said = Action.REFUND, "was charged before"
    elif not item.column and _is_order(change):
        action, said, amount = Action.CANCEL, "was taken before", amount or worth.get(change.order, {})
    elif change.tells_transaction:
        action, said, amount = Action.VOID, "was booked before: the customer gets it once, and owes it once", {}
    else:
        action, amount = Action.COUNT, {}
        said = "repeats a booking, or is another of its transaction (the log tells of none, so count what is due)"
    return Line(
        action,
        key_of(action, *change.place, change.id),
        f"it {said}, under the same idempotency key {change.idempotency_key}",
        change.system,
        change.table,
        change.key,
        change.order,
        change.customer,
        amount,
        repeats=charged_again(change.order, 1) if action is Action.CANCEL else "",
        evidence=_evidence(change),
    )


def _is_order(change: RowChange) -> bool:
    """Whether the row is an order: it is keyed by what it names as its order, or lies in a table of orders."""
    keyed_by = [str(value) for value in columns_of(change.key).values()]
    return bool(change.order) and (keyed_by == [change.order] or change.table.casefold().endswith(ORDERS))


def _said_amount(change: RowChange) -> dict[str, Decimal]:
    """What the row itself says it is worth; nothing without a currency, or where it is no sum of money."""
    row = {name.casefold(): value for name, value in columns_of(change.row).items()}
    currency = next((str(row[name]) for name in CURRENCIES if row.get(name)), "")
    for name in AMOUNTS:
        value = row.get(name)
        if currency and isinstance(value, int | float | str) and not isinstance(value, bool):
            try:
                amount = Decimal(str(value))
            except ArithmeticError:
                continue
            if amount.is_finite() and abs(amount.adjusted()) < MOST_DIGITS:
                return {currency: amount}
    return {}


def _missing(item: Item, numbers: tuple[int, int]) -> Line:
    first, last = numbers
    which = f"change {first}" if first == last else f"changes {first} to {last}"
    return Line(
        Action.REREAD,
        key_of(Action.REREAD, item.system, item.table, item.names, str(first), str(last)),
        f"{which} of the row never came: take a snapshot of it",
        item.system,
        item.table,
        item.key,
        evidence=_evidence(item.wrong[0].change) if item.wrong else Evidence(),
    )


def _behind(item: Item, said: Said) -> Iterator[Line]:
    """What makes another system agree again: the changes that it has surely missed, or a count."""
    key = said.last.key if said.last else item.key
    there = replace(item, system=said.system, table=said.table, key=key, said=(said,), wrong=said.wrong)
    settles = _settles(there if item.difference else item)
    if said.missed:
        yield from (_replay(there, change, settles) for change in said.missed)
    else:
        yield _counted(there, Action.COUNT, None, _why_counted(item, said), settles)


def _why_counted(item: Item, said: Said) -> str:
    here = item.table
    if item.gone:
        return f"{here} has deleted the row: count what is there, then delete it, too, or insert it in {here} again"
    if not said.exists:
        return f"the row was deleted there: count what {here} still has, then insert it again, or delete it in both"
    if item.verdict.value is None:
        return f"it differs from {here}, and nothing tells which is right: count what is there"
    return f"what of {here} it has missed, or booked twice, can't be told: count what is there"


def _replay(item: Item, change: RowChange, settles: str) -> Line:
    place = item.system, item.table
    by = f"number {change.sequence}" if change.sequence is not None else "its place in the log"
    reason = "the changes since the last right count, without those that repeat another"
    if place != change.place:
        reason = f"{change.table} has it, and {item.table} has missed it{_unsure(item, 'apply')}"
    return Line(
        Action.REPLAY,
        key_of(Action.REPLAY, *place, change.id),
        f"apply it again, once, by {by}: {reason}",
        *place,
        item.key,
        change.order,
        change.customer,
        settles=settles,
        evidence=_evidence(change),
    )


def _unsure(item: Item, verb: str) -> str:
    """What is to be done first, unless it is confirmed what is right."""
    return "" if item.verdict.confirmed else f"; no second source confirms it, so count before you {verb} it"


def _evidence(change: RowChange) -> Evidence:
    by_kafka = bool(change.topic)
    return Evidence(
        row=change.id,
        time=change.time,
        position=change.position,
        topic=change.topic,
        partition=change.partition if by_kafka else None,
        offset=change.offset if by_kafka else None,
        sequence=change.sequence,
    )
