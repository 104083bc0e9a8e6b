"""The shop: shop time in, requests out. Pure: the same seed, opening and fault give the same requests to the bit."""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from math import exp, inf
from random import Random

from triage.demo.fault import Fault
from triage.demo.request import SECOND_NS, Request
from triage.demo.rhythm import rhythm
from triage.demo.scenarios import scenario_named
from triage.demo.shopper import Shopper, shopper
from triage.demo.tape import Tape
from triage.demo.visit import Move, Visit, visit
from triage.demo.weather import Stage

REQUESTS_A_VISIT = 6.3
"""The mean; a test measures it."""

CUSTOMERS_PER_RATE = 300
"""Customers of the shop for each request a second."""

_Due = tuple[int, int, Move, Visit, Shopper, Random]
"""When, a number that breaks ties, what, whose visit, and its dice."""


class Shop:
    """The shop in one scenario. `rate` is requests a second on average, `rhythm` how many times that it is when.

    Raises UnknownScenario.
    """

    def __init__(
        self,
        scenario: str = "calm",
        seed: int = 1,
        rate: float = 20.0,
        rhythm: Callable[[float], float] = rhythm,
    ) -> None:
        self.scenario = scenario_named(scenario)
        self._rhythm = rhythm
        self.seed, self.rate = seed, rate
        self.customers = max(40, int(rate * CUSTOMERS_PER_RATE))

    def fault(self, start_s: float = inf, end_s: float = inf) -> Fault:
        """This shop's fault, on from `start_s` to `end_s` (seconds since 1970); it may be begun later too."""
        return Fault(self.scenario, start_s, end_s)

    def between(self, start_s: float, end_s: float = inf, *faults: Fault) -> Iterator[Request]:
        """The requests that start in `[start_s, end_s)`, in order of start, of a shop that opens at `start_s`.

        Several faults may be on at a time. A request is made when it is taken: a fault that is begun meanwhile
        touches those taken later.
        """
        ids = Random(f"{self.seed} {start_s}")  # ids differ from one opening to the next, what people do does not
        dice, stage = Random(f"{self.seed} visits"), Stage(self.seed, int(start_s * SECOND_NS), faults, ids)
        due: list[_Due] = []
        second = 0
        while start_s + second < end_s:
            self._let_in(due, start_s, second, dice, stage)
            second += 1
            until_ns = int(min(start_s + second, end_s) * SECOND_NS)
            while due and due[0][0] < until_ns:
                yield _play(due, stage)

    def _let_in(self, due: list[_Due], start_s: float, second: int, dice: Random, stage: Stage) -> None:
        """The visitors who come in during one second."""
        mean = self.rate * self._rhythm(start_s + second) / REQUESTS_A_VISIT
        for number in range(_poisson(mean, dice)):
            at_ns = int((start_s + second + dice.random()) * SECOND_NS)
            who = shopper(self.seed, int(self.customers * dice.random() ** 1.6))  # some come often
            own_dice = Random(dice.getrandbits(64))
            moves = visit(who, at_ns, own_dice, stage)
            heappush(due, (at_ns, second << 20 | number, next(moves), moves, who, own_dice))


def _play(due: list[_Due], stage: Stage) -> Request:
    """Plays the next move, and asks its visitor for the one after."""
    at_ns, order, move, moves, who, dice = heappop(due)
    tape = Tape(at_ns, who, move.logged_in, stage.weather(at_ns), dice, stage.ids)
    move.errand(tape)
    request = tape.request(move.opens_visit, move.unsold)
    try:
        following = moves.send(request)
    except StopIteration:
        return request
    heappush(due, (following.at_ns, order, following, moves, who, dice))
    return request


def _poisson(mean: float, dice: Random) -> int:
    """How many, by Knuth's multiplication; in parts, so that a large mean does not run out of digits."""
    count = 0
    while mean > 0:
        part = min(mean, 50.0)
        left, product = exp(-part), dice.random()
        while product > left:
            count += 1
            product *= dice.random()
        mean -= part
    return count
