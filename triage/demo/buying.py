"""Placing an order: through the new checkout, or through the monolith where that fails and the customer is on it."""

from triage.demo.catalogue import (
    BOOK,
    BOOK_LATER,
    CHARGE,
    INSERT_ORDER,
    INSERT_ORDERS,
    PLACE_ORDER,
    PUBLISH,
    QUOTE,
    RESERVE,
    SELECT_CUSTOMERS,
    TO_CHECKOUT,
    TO_LEGACY_CHECKOUT,
    UPDATE_STOCK,
)
from triage.demo.errands import Errand, enter_shop, leave_shop, price
from triage.demo.request import Attributes, Order, Severity
from triage.demo.shopper import NamedAt
from triage.demo.stock import Kind
from triage.demo.tape import Open, Tape

DECLINED = 0.01
"""The share of cards that the payment provider declines: 402, no fault of the shop's."""

BOOKED_LATER = 0.3
"""The share of orders (collected in a store) that the ERP is told of after the customer has their answer."""


def place(order: Order) -> Errand:
    def errand(tape: Tape) -> None:
        tape.order = order
        named: Attributes = order.attributes if tape.visitor.named_at is NamedAt.GATEWAY else ()
        enter_shop(tape, PLACE_ORDER, "/checkout", named)
        later = tape.dice.random() < BOOKED_LATER
        status, checkout = _new_checkout(tape, order, later)
        if status >= 500 and tape.visitor.on_legacy:
            status, checkout = _legacy_checkout(tape, order), None
        leave_shop(tape, status)
        tape.bought = status == 201
        if tape.bought and later and checkout is not None:
            _book_later(tape, order, checkout)

    return errand


def _new_checkout(tape: Tape, order: Order, later: bool) -> tuple[int, Open | None]:
    """The status that the checkout answers, and its span where it got to work."""
    if trouble := tape.call(TO_CHECKOUT, (*order.attributes, ("order.skus", order.skus))):
        return trouble.status, None
    checkout = tape.here()
    reserved: list[str] = []
    status = _steps(tape, order, later, reserved)
    for reservation in reserved:
        after_ms = 300 + 2500 * (int(reservation, 16) % 1024 / 1024)  # inventory reads of it by a queue
        tape.moves(Kind.COMMIT if status == 201 else Kind.RELEASE, reservation, order, after_ms)
    if status == 201:
        tape.alone(PUBLISH, (("order.id", order.id),))
        tape.log(Severity.INFO, "order placed", (("order.id", order.id),))
    else:
        severity = Severity.ERROR if status >= 500 else Severity.WARN
        tape.log(severity, f"order not placed: {status}", (("order.id", order.id),))
    tape.back(status)
    return status, checkout


def _steps(tape: Tape, order: Order, later: bool, reserved: list[str]) -> int:
    """What the checkout does for an order, up to the first step that fails; notes what it reserved."""
    if not price(tape, QUOTE, *order.skus, binding=True):
        return 502
    reservation = _reserve(tape, order)
    if not reservation:
        return 503
    reserved.append(reservation)
    declined = tape.dice.random() < DECLINED
    for resend in (0, 1, 2):
        trouble = tape.ask(CHARGE, status=402 if declined else 201, resend=resend)
        if trouble is None:
            break
    else:
        return 502
    if declined:
        return 402
    tape.alone(INSERT_ORDER)
    if not later and tape.ask(BOOK, (("order.id", order.id),), status=201):
        tape.log(Severity.WARN, "the ERP does not take the order, it is queued", (("order.id", order.id),))
    return 201


def _reserve(tape: Tape, order: Order) -> str:
    """The reservation of all that is ordered, or "" where there is none."""
    for resend in (0, 1):
        if tape.call(RESERVE, resend=resend) is None:
            reservation = tape.alone(UPDATE_STOCK).span_id.hex()
            tape.moves(Kind.RESERVE, reservation, order)
            tape.back(201)
            return reservation
    return ""


def _legacy_checkout(tape: Tape, order: Order) -> int:
    if tape.call(TO_LEGACY_CHECKOUT, (("order.id", order.id),)):
        return 503
    tape.alone(SELECT_CUSTOMERS)
    sale = tape.alone(INSERT_ORDERS).span_id.hex()
    tape.moves(Kind.SALE, sale, order)
    tape.log(Severity.INFO, "order taken by the monolith", (("order.id", order.id),))
    tape.back(201)
    return 201


def _book_later(tape: Tape, order: Order, checkout: Open) -> None:
    tape.go_on(checkout)
    tape.enter_here(BOOK_LATER)
    trouble = tape.ask(BOOK, (("order.id", order.id),), status=201)
    tape.leave(0, trouble)
