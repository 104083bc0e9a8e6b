"""The shop's customers: the same people every day, each known by their number."""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from random import Random


class NamedAt(Enum):
    """Where in a request's telemetry its customer is named."""

    GATEWAY = "gateway"
    """The app's token says so at the door."""
    DEEPER = "deeper"
    """A session cookie that only the service behind the gateway understands."""
    LOG = "log"
    """No span says it, but a log record in one does."""


@dataclass(frozen=True, slots=True)
class Shopper:
    """One customer. `keeps_login`: browses logged in; the others log in when they buy."""

    id: str
    named_at: NamedAt
    keeps_login: bool
    currency: str
    agent: str
    on_legacy: bool
    """Their account still exists in the monolith too, so that it can take their orders."""
    patience: int
    """How often they try again when something fails."""


_AGENTS = (
    "ShopApp/7.2 (iOS 26.1)",
    "ShopApp/7.1 (Android 17)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/144.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_6) Safari/605.1.15",
)
_CURRENCIES = ("EUR", "EUR", "EUR", "EUR", "EUR", "CHF", "CHF", "GBP", "SEK", "PLN")
_NAMED_AT = (NamedAt.GATEWAY,) * 15 + (NamedAt.DEEPER,) * 4 + (NamedAt.LOG,)


@lru_cache(maxsize=100_000)
def shopper(seed: int, number: int) -> Shopper:
    """Customer `number` of the shop `seed`: always the same person."""
    dice = Random(seed * 1_000_003 + number)
    odd = number % 997 == 11  # ids are opaque text, and some shops make use of that
    return Shopper(
        id=f"K/{number}@é" if odd else f"c-{number:05d}",
        named_at=dice.choice(_NAMED_AT),
        keeps_login=dice.random() < 0.6,
        currency=dice.choice(_CURRENCIES),
        agent=dice.choice(_AGENTS),
        on_legacy=dice.random() < 0.3,
        patience=dice.choice((0, 1, 1, 2, 3)),
    )
