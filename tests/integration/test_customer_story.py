"""A customer's story says of them what the list of affected customers says, however odd the traces are."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from queries import schema
from queries.store import Store
from tests.loading import empty, load, meanings
from tests.odd_traces import Telemetry, everything, telemetry
from tests.odd_world import DEFAULT_KEYS, OWN_KEYS, Keys
from triage.affected.answer import affected
from triage.customer import read_customer
from triage.window import Window

pytestmark = pytest.mark.integration

Stores = dict[Keys, Store]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """A database for each way in which settings read attributes."""
    dsn = f"chdb://{tmp_path_factory.mktemp('story')}/clickhouse"
    opened = {}
    for name, keys in {"defaults": DEFAULT_KEYS, "own": OWN_KEYS}.items():
        opened[keys] = Store.open(dsn, database=name, handles=1)
        schema.apply(opened[keys], meanings=meanings(keys))
    yield opened
    for store in opened.values():
        store.close()


@pytest.mark.timeout(300)
@settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(telemetry())
def test_a_story_agrees_with_the_list(stores: Stores, sent: Telemetry) -> None:
    """Failures, outcome, recovery, last attempt and evidence of every affected customer, in worlds of odd traces."""
    store = stores[sent.keys]
    empty(store)
    load(store, sent)
    question = everything()
    window = Window(question.from_, question.to)
    answer = affected(store, question, limit=1000)
    for item in answer.items:
        told = read_customer(store, item.customer, window, datetime.now(UTC))
        assert len(told.failures) == item.failures, item.customer
        assert told.outcome == item.outcome, item.customer
        assert told.recovered_at == item.recovered_at, item.customer
        assert told.last_attempt == item.last_attempt, item.customer
        assert {(one.trace_id, one.span_id) for one in item.evidence} <= {
            (one.trace_id, one.span_id) for one in told.failures
        }
