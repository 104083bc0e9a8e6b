"""What a visitor asks of the shop, one function an errand: a Tape in, how the shop answered (HTTP status) on it."""

from collections.abc import Callable
from random import Random

from triage.demo.catalogue import (
    ACCOUNT,
    ADD_TO_CART,
    AGREEMENTS,
    CART,
    CONDITIONS,
    FULFIL,
    HOME,
    LEGACY_CONTENT,
    LEGACY_SEARCH,
    LOGIN,
    ORDER_STATUS,
    PAGE_CACHE,
    PAY_BUTTON,
    PRICE,
    PRICE_CACHE,
    PRODUCT,
    SEARCH,
    SELECT_CONTENT,
    SELECT_CUSTOMERS,
    SELECT_ORDERS,
    SELECT_PRODUCTS,
    STOCK,
    STOCK_CACHE,
    TO_ACCOUNT,
    TO_ADD,
    TO_CART,
    TO_HOME,
    TO_LOGIN,
    TO_PRODUCT,
    TO_SEARCH,
    TO_SHIPMENT,
    WMS_SHIP,
    WMS_STATUS,
    WMS_STOCK,
    Hop,
)
from triage.demo.request import Attributes, Link, Operation, Order, Severity, http_trouble
from triage.demo.shopper import NamedAt
from triage.demo.tape import Tape

Errand = Callable[[Tape], None]


def enter_shop(tape: Tape, operation: Operation, path: str, more: Attributes = ()) -> None:
    """The gateway takes the request; it knows the customer where their app says who they are."""
    named = tape.name("customer.id") if tape.logged_in and tape.visitor.named_at is NamedAt.GATEWAY else ()
    tape.enter(operation, (("url.path", path), ("user_agent.original", tape.visitor.agent), *named, *more))


def leave_shop(tape: Tape, status: int = 200) -> None:
    tape.leave(status, http_trouble(status) if status >= 500 else None)


def home(tape: Tape) -> None:
    enter_shop(tape, HOME, "/")
    if not _page(tape, TO_HOME):
        return leave_shop(tape, 500)
    _content(tape, "home")
    tape.back()
    return leave_shop(tape)


def search(tape: Tape) -> None:
    """The search is still the monolith's."""
    enter_shop(tape, SEARCH, "/search")
    if not _page(tape, TO_SEARCH):
        return leave_shop(tape, 500)
    status = 200
    if tape.call(LEGACY_SEARCH) is None:
        tape.alone(SELECT_PRODUCTS)
        tape.log(Severity.INFO, "search done", (("search.hits", int(tape.dice.random() * 60)),))
        tape.back()
    else:
        status = 502
    tape.back(status)
    return leave_shop(tape, status)


def product(tape: Tape) -> None:
    """A product's page does without price or stock where it can't have them: such failures stay unseen."""
    sku = any_sku(tape.dice)
    enter_shop(tape, PRODUCT, f"/products/{sku[4:]}")
    if not _page(tape, TO_PRODUCT, (("product.id", sku),)):
        return leave_shop(tape, 500)
    _content(tape, sku)
    if not price(tape, PRICE, sku):
        tape.log(Severity.WARN, "price unavailable, showing the last known one")
    if not stock(tape):
        tape.log(Severity.WARN, "stock unknown, showing none")
    tape.back()
    return leave_shop(tape)


def cart(tape: Tape) -> None:
    """The browser is told which pay button to show."""
    enter_shop(tape, CART, "/cart")
    if not _page(tape, TO_CART):
        return leave_shop(tape, 500)
    tape.log(Severity.INFO, "flag evaluated", _flag(tape), event="feature_flag.evaluation")
    price(tape, PRICE, "cart")
    tape.back()
    return leave_shop(tape)


def add_to_cart(tape: Tape) -> None:
    """Nothing is put into a cart unless its stock is known."""
    sku = any_sku(tape.dice)
    enter_shop(tape, ADD_TO_CART, "/cart/items")
    if tape.call(TO_ADD, (("product.id", sku),)):
        return leave_shop(tape, 500)
    status = 201 if stock(tape) or stock(tape, resend=1) else 503
    if status == 201:
        tape.log(Severity.INFO, "item added to cart", (("product.id", sku),))
    else:
        tape.log(Severity.ERROR, "item not added to cart: stock unknown", (("product.id", sku),))
    tape.back(status)
    return leave_shop(tape, status)


def login(tape: Tape) -> None:
    """Nobody is known at the door; the monolith says who it is."""
    enter_shop(tape, LOGIN, "/login")
    if tape.call(TO_LOGIN, tape.name("enduser.id")):
        return leave_shop(tape, 503)
    tape.alone(SELECT_CUSTOMERS)
    tape.log(Severity.INFO, "login succeeded")
    tape.back()
    return leave_shop(tape)


def account(tape: Tape) -> None:
    enter_shop(tape, ACCOUNT, "/account/orders")
    if tape.call(TO_ACCOUNT):
        return leave_shop(tape, 500)
    tape.alone(SELECT_CUSTOMERS)
    tape.alone(SELECT_ORDERS)
    tape.log(Severity.INFO, "orders listed")
    tape.back()
    return leave_shop(tape)


def order_status(order: Order) -> Errand:
    def errand(tape: Tape) -> None:
        tape.order = order
        enter_shop(tape, ORDER_STATUS, f"/orders/{order.id}", (("order.id", order.id),))
        status = 502
        if tape.call(TO_SHIPMENT, order.attributes) is None:
            known = 200 if tape.dice.random() < 0.97 else 404  # not booked there yet, and the adapter says so
            status = 502 if tape.ask(WMS_STATUS, status=known, quiet=True) else 200
            tape.back(status)
        leave_shop(tape, status)

    return errand


def fulfil(order: Order, placed: Link) -> Errand:
    """An order that was placed reaches the warehouse, in a trace of its own that nobody waits for."""

    def errand(tape: Tape) -> None:
        tape.order = order
        tape.enter(FULFIL, (*tape.name("customer.id"), *order.attributes), (placed,))
        trouble = tape.ask(WMS_SHIP) and tape.ask(WMS_SHIP, resend=1)
        if trouble is None:
            tape.log(Severity.INFO, "shipment requested", (("order.id", order.id),))
        tape.leave(0, trouble)

    return errand


def any_sku(dice: Random) -> str:
    return f"sku-{int(4000 * dice.random() ** 2):04d}"


def cached(tape: Tape, hop: Hop, key: str) -> bool:
    """Looks into the cache; one that fails is as good as empty."""
    hit = tape.dice.random() < tape.weather.cache_hits
    if tape.call(hop, (("cache.key", key), ("cache.hit", hit))):
        return False
    tape.back(200 if hit else 204)
    return hit


def price(tape: Tape, hop: Hop, *skus: str, binding: bool = False) -> bool:
    """Asks for prices, twice if need be. On a cache miss the ERP is asked for its conditions.

    For a price that is `binding`, an order's, also for the customer's agreements.
    """
    for resend in (0, 1):
        if tape.call(hop, resend=resend):
            continue
        if not all(_priced(tape, sku, binding) for sku in skus):
            tape.back(502)
            continue
        tape.back()
        return True
    tape.log(Severity.WARN, "no price after two attempts")
    return False


def _priced(tape: Tape, sku: str, binding: bool) -> bool:
    if cached(tape, PRICE_CACHE, f"price:{sku}"):
        return True
    return tape.ask(CONDITIONS) is None and not (binding and tape.ask(AGREEMENTS))


def stock(tape: Tape, resend: int = 0) -> bool:
    """Asks for the stock. On a cache miss the warehouse is asked; where it fails, yesterday's count will do."""
    if tape.call(STOCK, resend=resend):
        return False
    if not cached(tape, STOCK_CACHE, "stock") and tape.ask(WMS_STOCK):
        tape.log(Severity.WARN, "warehouse does not answer, using yesterday's count")
    tape.back()
    return True


def _content(tape: Tape, key: str) -> None:
    """What a page shows around its goods. On a cache miss the monolith, which wrote it, is asked; or it stays empty."""
    if cached(tape, PAGE_CACHE, key):
        return
    if tape.call(LEGACY_CONTENT):
        tape.log(Severity.WARN, "content unavailable, the page goes without")
        return
    tape.alone(SELECT_CONTENT)
    tape.back()


def _flag(tape: Tape) -> Attributes:
    said: Attributes = (
        ("feature_flag.key", PAY_BUTTON),
        ("feature_flag.result.variant", "express" if tape.weather.hides_pay_button(tape.visitor) else "classic"),
        ("feature_flag.result.reason", "split" if tape.weather.unsold else "default"),
        ("feature_flag.provider.name", "launchdarkly"),
    )
    return (*said, ("feature_flag.context.id", tape.visitor.id)) if tape.logged_in else said


def _page(tape: Tape, hop: Hop, attributes: Attributes = ()) -> bool:
    """A page that is only read is asked for again when it fails."""
    return tape.call(hop, attributes) is None or tape.call(hop, attributes, resend=1) is None
