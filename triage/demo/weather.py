"""How things stand in the shop at a moment: what runs, what strikes, and what is not as usual."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from zlib import crc32

from triage.demo.catalogue import CONTRACTS
from triage.demo.fault import Fault, Scenario, Strike
from triage.demo.fleet import Fleet, fleet, released, renewed
from triage.demo.releases import Calendar
from triage.demo.request import Operation
from triage.demo.shopper import Shopper

CACHE_HITS = 0.93


@dataclass(frozen=True, slots=True, eq=False)
class Weather:
    """`strikes` at each operation, in turn; `contracts` as partners' answers name them; `unsold` as a scenario's."""

    fleet: Fleet
    strikes: Mapping[Operation, tuple[Strike, ...]]
    contracts: Mapping[str, tuple[str, ...]]
    cache_hits: float = CACHE_HITS
    unsold: float = 0.0

    def hides_pay_button(self, visitor: Shopper) -> bool:
        """Whether this customer can't send an order; always the same ones."""
        return self.unsold > 0 and crc32(visitor.id.encode()) % 1000 < self.unsold * 1000


class Stage:
    """Where requests are played: the weather of each moment, and the source of ids."""

    def __init__(self, seed: int, opened_ns: int, faults: Sequence[Fault], ids: Random) -> None:
        self.ids = ids
        self._seed, self._faults, self._calendar = seed, tuple(faults), Calendar(seed, opened_ns)
        self._known: dict[tuple[int, tuple[Scenario, ...]], Weather] = {}
        self._fleets = [fleet(seed)]

    def weather(self, at_ns: int) -> Weather:
        """How things stand at `at_ns` (since 1970)."""
        on = tuple([fault.scenario for fault in self._faults if fault.on(at_ns)])
        releases = self._calendar.until(at_ns)
        return self._known.get((releases, on)) or self._made(releases, on)

    def _made(self, releases: int, on: tuple[Scenario, ...]) -> Weather:
        strikes: dict[Operation, tuple[Strike, ...]] = defaultdict(tuple)
        contracts, running = dict(CONTRACTS), self._running(releases)
        for scenario in on:
            running = released(running, self._seed, scenario.released)
            contracts |= dict(scenario.contracts)
            for place in scenario.places:
                strikes[place] += (scenario.strike,)
        weather = self._known[releases, on] = Weather(
            running,
            dict(strikes),
            {peer: (version,) for peer, version in contracts.items()},
            min((hits for scenario in on if (hits := scenario.cache_hits) is not None), default=CACHE_HITS),
            max((scenario.unsold for scenario in on), default=0.0),
        )
        return weather

    def _running(self, releases: int) -> Fleet:
        """The instances after so many ordinary releases."""
        for release in self._calendar.first(releases)[len(self._fleets) - 1 :]:
            self._fleets.append(renewed(self._fleets[-1], self._seed, release.service, release.version))
        return self._fleets[releases]
