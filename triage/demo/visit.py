"""A visit: what one customer does in the shop from coming in to leaving, and what they do when something fails."""

from collections.abc import Generator
from dataclasses import dataclass
from random import Random

from triage.demo import errands
from triage.demo.buying import place
from triage.demo.catalogue import PUBLISH
from triage.demo.errands import Errand
from triage.demo.request import SECOND_NS, Link, Order, Request
from triage.demo.shopper import Shopper
from triage.demo.weather import Stage

COMES_BACK = 0.45
"""The share of those who gave up that comes back later to try once more."""

FORGOT_SOMETHING = 0.15
"""The share of those who bought, or tried to, that orders once more in the same visit."""


@dataclass(frozen=True, slots=True)
class Move:
    """The next thing that a visitor does: when (ns since 1970), and what."""

    at_ns: int
    errand: Errand
    logged_in: bool
    opens_visit: bool = False
    unsold: Order | None = None
    """The order that they would have sent now, could they have."""


Visit = Generator[Move, Request, None]
"""Yields moves; is sent how each one went."""


def visit(shopper: Shopper, at_ns: int, dice: Random, stage: Stage) -> Visit:
    """A look around, and for some a purchase."""
    logged_in = shopper.keeps_login
    last = yield Move(at_ns, errands.home if dice.random() < 0.7 else errands.search, logged_in, opens_visit=True)
    for _ in range(dice.choice((1, 2, 3, 3, 4, 6))):
        last = yield Move(_think(last, dice), errands.product if dice.random() < 0.85 else errands.search, logged_in)
    if logged_in and dice.random() < 0.1:
        last = yield Move(_think(last, dice), errands.account, True)
    if dice.random() < 0.45:
        yield from _fill_cart(shopper, last, dice, stage)


def _fill_cart(shopper: Shopper, last: Request, dice: Random, stage: Stage) -> Visit:
    logged_in = shopper.keeps_login
    for _ in range(dice.choice((1, 1, 2, 3))):
        last = yield from _insist(shopper, Move(_think(last, dice), errands.add_to_cart, logged_in), dice)
        if last.failed:
            return
    last = yield Move(_think(last, dice), errands.cart, logged_in)
    if dice.random() < 0.3:
        return
    if not logged_in:
        last = yield from _insist(shopper, Move(_think(last, dice), errands.login, False), dice)
        if last.failed:
            return
    last = yield from _buy(shopper, _think(last, dice), dice, stage)
    if dice.random() < FORGOT_SOMETHING and last.unsold is None:
        at_ns = last.end_ns + int(dice.uniform(60, 500) * SECOND_NS)
        yield from _buy(shopper, at_ns, dice, stage)


def _buy(shopper: Shopper, at_ns: int, dice: Random, stage: Stage) -> Generator[Move, Request, Request]:
    order = _order(shopper, dice, stage.ids)
    errand = place(order)
    if stage.weather(at_ns).hides_pay_button(shopper):  # no button, no order: the cart once more, and away
        last = yield Move(at_ns, errands.cart, True, unsold=order)
        return last
    last = yield from _insist(shopper, Move(at_ns, errand, True), dice)
    if last.failed and dice.random() < COMES_BACK:
        back_ns = last.end_ns + int((90 + dice.random() * 400) * SECOND_NS)
        last = yield Move(back_ns, errand, True)
    if not last.bought:
        return last
    placed = _published(last)
    if placed is not None:
        last = yield Move(last.end_ns + int(dice.uniform(1, 8) * SECOND_NS), errands.fulfil(order, placed), True)
    if dice.random() < 0.4:
        last = yield Move(_think(last, dice), errands.order_status(order), True)
    return last


def _insist(shopper: Shopper, move: Move, dice: Random) -> Generator[Move, Request, Request]:
    """Does it, and again after a failure as often as the customer has patience."""
    last = yield move
    for _ in range(shopper.patience):
        if not last.failed:
            break
        last = yield Move(last.end_ns + int(dice.uniform(4, 25) * SECOND_NS), move.errand, move.logged_in)
    return last


def _order(shopper: Shopper, dice: Random, ids: Random) -> Order:
    skus = tuple(errands.any_sku(dice) for _ in range(dice.choice((1, 1, 2, 3, 5))))
    amount = round(sum(4 + int(sku[4:]) % 97 for sku in skus) * dice.choice((1.0, 0.9)) - 0.05, 2)
    return Order(f"o-{ids.getrandbits(40):010x}", amount, shopper.currency, skus)


def _published(request: Request) -> Link | None:
    """The message that an order went out with; the monolith sends none."""
    return next((Link(request.trace_id, span.span_id) for span in request.spans if span.operation is PUBLISH), None)


def _think(last: Request, dice: Random) -> int:
    """When the customer goes on, after having looked at what the last request brought."""
    return last.end_ns + int((1.5 + dice.expovariate(1 / 14)) * SECOND_NS)
