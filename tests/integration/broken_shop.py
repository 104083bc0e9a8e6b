"""A shop that broke a few minutes ago, with the incident that the watch opened: for pages, figures and exports."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from queries import schema
from queries.store import Store
from tests.bench.staged import write
from triage.demo.model import Shop
from triage.demo.truth import Truth
from triage.incident.book import StoredBook
from triage.incident.impact import customers_on_rows
from triage.incident.model import Incident
from triage.runbook.live import LiveRunbook
from triage.watch import Watch, last_moment

HISTORY_S = 2700
FAULT_S = 240
AFTER_S = 30
RATE = 4.0
EVERY = timedelta(seconds=10)


@dataclass(frozen=True)
class Broken:
    """The store, what really happened, and when the shop closed: a few seconds ago."""

    store: Store
    truth: Truth
    ends: datetime

    @property
    def incident(self) -> Incident:
        """The latest incident, as it stands."""
        return StoredBook(self.store).incidents()[0]


@contextmanager
def broken_shop(
    directory: Path, scenario: str, *, seed: int = 3, rate: float = RATE, history_s: float = HISTORY_S,
    fault_s: float = FAULT_S,
) -> Iterator[Broken]:  # fmt: skip
    """A store of its own. The fault still lasts when the shop closes; a watch has looked at its last minutes."""
    with closing(Store.open(f"chdb://{directory}/clickhouse")) as store:
        schema.apply(store)
        ends = last_moment(datetime.now(UTC), EVERY)
        closes_s = ends.timestamp()
        shop = Shop(scenario, seed, rate, rhythm=lambda _: 1.0)  # at any hour of the day
        fault = shop.fault(closes_s - fault_s, closes_s)
        truth = Truth(shop, fault)
        write(store, shop, closes_s - fault_s - history_s, closes_s, [fault], [truth])
        watch_the_end(store, ends, fault_s)
        yield Broken(store, truth, ends)


def watch_the_end(store: Store, ends: datetime, seconds: float) -> None:
    """Passes over the last minutes, few of them: when the fault is young, and at the end."""
    watch = Watch(store, StoredBook(store), LiveRunbook(), customers_of=customers_on_rows(store), past=True)
    for before in (seconds / 2, 0):
        watch.look(ends - timedelta(seconds=before // 10 * 10))
