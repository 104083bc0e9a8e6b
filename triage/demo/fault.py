"""A fault: what a scenario does to the shop, when, and the question that finds those it did it to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from random import Random

from triage.demo.request import MS_NS, Operation, Order, Trouble
from triage.demo.shopper import Shopper


@dataclass(frozen=True)
class Question:
    """What to ask `affected` for; an empty field asks for any."""

    service: str = ""
    operation: str = ""
    route: str = ""
    partner: str = ""
    version: str = ""
    slower_than_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What is about to happen when a scenario may strike: a call served, or a partner asked."""

    operation: Operation
    version: str
    visitor: Shopper
    order: Order | None
    dice: Random


Strike = Callable[[Step], Trouble | None]


def _spares(_: Step) -> Trouble | None:
    return None


@dataclass(frozen=True, eq=False)
class Scenario:
    """One way in which the shop breaks. The first of `questions` is the one that the truth answers."""

    name: str
    fault: str
    cause: str
    questions: tuple[Question, ...]
    places: frozenset[Operation] = frozenset()
    """The operations at which `strike` is asked for a trouble."""
    strike: Strike = _spares
    released: tuple[tuple[str, str], ...] = ()
    """Service and version that half of its hosts run while the fault is on."""
    cache_hits: float | None = None
    """The share of look-ups that the cache answers while the fault is on, where it is not the usual one."""
    contracts: tuple[tuple[str, str], ...] = ()
    """Partner and version of its contract that its answers name while the fault is on."""
    unsold: float = 0.0
    """The share of customers whose browser does not send an order while the fault is on."""
    late: float = 0.0
    """The share of reservations that inventory holds up after it has read the row, while the fault is on."""
    twice: float = 0.0
    """The share of orders' pieces that inventory books twice while the fault is on."""

    @property
    def in_rows(self) -> bool:
        """Whether it can be seen in the rows of databases, and in no request."""
        return bool(self.late or self.twice)

    @property
    def breaks(self) -> bool:
        """Whether anything goes wrong that does not on any day."""
        return bool(self.cause)

    @property
    def in_requests(self) -> bool:
        """Whether requests fail or are slow by it, so that its first question finds those whom it hit."""
        return self.breaks and not self.unsold and not self.in_rows


@dataclass
class Fault:
    """When a scenario is on, in seconds since 1970. It may be begun while the shop is open."""

    scenario: Scenario
    start_s: float = inf
    end_s: float = inf
    start_ns: float = field(init=False)
    end_ns: float = field(init=False)

    def __post_init__(self) -> None:
        self.begin(self.start_s, self.end_s)

    def begin(self, start_s: float, end_s: float = inf) -> None:
        """Sets the fault's window; requests that were made before keep how they went."""
        self.start_s, self.end_s = round(start_s, 3), round(end_s, 3)
        self.start_ns, self.end_ns = _ns(start_s), _ns(end_s)

    def on(self, at_ns: int) -> bool:
        return self.start_ns <= at_ns < self.end_ns


def _ns(seconds: float) -> float:
    return seconds if seconds == inf else round(seconds * 1000) * MS_NS
