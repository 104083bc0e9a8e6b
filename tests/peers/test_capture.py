"""Row changes as they come about in earnest: PostgreSQL writes them, Debezium reads them, Apache Kafka keeps them."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from confluent_kafka import Producer

from queries.store import Store
from tests import senders
from tests.integration.command import Up, up
from tests.maven import classpath
from tests.peers.capture import Kafka, Postgres, debezium
from tests.processes import soon
from triage.service import Service, running
from triage.setting_types import Address
from triage.settings import Settings

pytestmark = [pytest.mark.integration, pytest.mark.java, pytest.mark.full]

HERE = Path(__file__).parent
MESSAGES, PARTITIONS = 20_000, 3
TABLE = """
    CREATE SCHEMA inventory;
    CREATE TABLE inventory.stock (
        sku text PRIMARY KEY, on_hand numeric(10, 2) NOT NULL, weight numeric, sequence int NOT NULL,
        event_id text NOT NULL, order_id text NOT NULL, customer_id text NOT NULL, changed timestamptz DEFAULT now());
    INSERT INTO inventory.stock VALUES ('A-1', 7, 1.25, 1, 'e-1', 'o-1', 'c-1');
    INSERT INTO inventory.stock VALUES ('A-2', 3, NULL, 1, 'e-2', 'o-2', 'c-2');
"""
CHANGES = """
    BEGIN;
    UPDATE inventory.stock SET on_hand = 6.5, sequence = 2, event_id = 'e-3', order_id = 'o-3' WHERE sku = 'A-1';
    INSERT INTO inventory.stock VALUES ('A-3', 9.99, 0.5, 1, 'e-4', 'o-4', 'c-3');
    UPDATE inventory.stock SET on_hand = -1, sequence = 2 WHERE sku = 'A-2';
    COMMIT;
    DELETE FROM inventory.stock WHERE sku = 'A-3';
"""
CHANGED = """
    SELECT Op, Key, Customer, OrderId, Sequence, Quantity, JSONExtractString(After, 'weight') AS weight, IsSnapshot
    FROM (SELECT * FROM cdc_events ORDER BY Captured LIMIT 1 BY Id)
    WHERE Op != 'end'
    ORDER BY Offset
"""


@pytest.fixture(scope="module")
def jars() -> str:
    return classpath(HERE / "java")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Where PostgreSQL's user may go too."""
    with TemporaryDirectory() as path:
        Path(path).chmod(0o755)
        yield Path(path)


def made(home: Path, name: str) -> Path:
    """A directory of somebody's own."""
    directory = home / name
    directory.mkdir()
    return directory


@pytest.fixture(scope="module")
def kafka(jars: str, home: Path) -> Iterator[Kafka]:
    broker = Kafka(jars, made(home, "kafka"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def postgres(home: Path) -> Iterator[Postgres]:
    server = Postgres(made(home, "postgres"))
    server.start()
    yield server
    server.stop()


@contextmanager
def reading(kafka: Kafka, data: Path, topics: str) -> Iterator[tuple[Service, Store]]:
    """A service that reads these topics."""
    nowhere = Address("127.0.0.1", 0)
    settings = Settings(
        data=data, otlp_grpc=nowhere, otlp_http=nowhere, web=nowhere,
        kafka_bootstrap_servers=kafka.address, kafka_topics=(topics,), kafka_group=data.name,
    )  # fmt: skip
    with running(settings) as (service, store):
        yield service, store


@pytest.mark.timeout(600)
@pytest.mark.parametrize("schemas", [True, False], ids=["with schemas", "without"])
def test_what_happened_in_postgresql_is_in_the_tables(
    jars: str, home: Path, kafka: Kafka, postgres: Postgres, tmp_path: Path, *, schemas: bool
) -> None:
    """Snapshot, changes, deletion, tombstone and whole transactions; a restart of Debezium tells nothing twice."""
    prefix = "wrapped" if schemas else "plain"
    decimals = "precise" if schemas else "string"  # what settings.md asks for where the schema is left out
    settings = {"provide_transaction_metadata": "true", "heartbeat_interval_ms": 1000, "topic_prefix": prefix}
    settings |= {"slot_name": prefix, "publication_name": prefix, "decimal_handling_mode": decimals}
    postgres.execute(f"DROP SCHEMA IF EXISTS inventory CASCADE; {TABLE}")
    connect = made(home, f"connect-{prefix}")
    with reading(kafka, tmp_path / prefix, rf"^{prefix}[.].*") as (service, store):
        rows = "SELECT uniqExactIf(Id, Op != 'end') AS changes, uniqExactIf(Id, Op = 'end') AS ends FROM cdc_events"
        with debezium(jars, connect, kafka, postgres, schemas=schemas, **settings):
            soon(lambda: store.select(rows).row(0)[0] == 2, "the snapshot's rows")
            postgres.execute(CHANGES)
            soon(lambda: store.select(rows).row(0) == (7, 2), "four changes, a tombstone, and two ends")
        postgres.execute("UPDATE inventory.stock SET on_hand = 5 WHERE sku = 'A-1'")
        with debezium(jars, connect, kafka, postgres, schemas=schemas, **settings):
            soon(lambda: store.select(rows).row(0) == (8, 3), "what changed while Debezium was away")
        changes = store.select(CHANGED).rows()
        assert changes == [
            ("r", '{"sku":"A-1"}', "c-1", "o-1", 1, 7.0, "1.25", True),
            ("r", '{"sku":"A-2"}', "c-2", "o-2", 1, 3.0, "", True),
            ("u", '{"sku":"A-1"}', "c-1", "o-3", 2, 6.5, "1.25", False),
            ("c", '{"sku":"A-3"}', "c-3", "o-4", 1, 9.99, "0.5", False),
            ("u", '{"sku":"A-2"}', "c-2", "o-2", 2, -1.0, "", False),
            ("d", '{"sku":"A-3"}', "", "", None, None, "", False),
            ("tombstone", '{"sku":"A-3"}', "", "", None, None, "", False),
            ("u", '{"sku":"A-1"}', "c-1", "o-3", 2, 5.0, "1.25", False),
        ]
        assert whole(store) == [(1, 1), (1, 1), (3, 3)]
        now = datetime.now(UTC)
        looked = {"from": now - timedelta(hours=1), "to": now + timedelta(minutes=2)}
        assert store.ask("detect/may_be_open", **looked).row(0) == (0,)
        assert not list((tmp_path / prefix / "quarantine").iterdir())
        assert b"triage_kafka_errors_total 0.0" in service.metrics.text()


def whole(store: Store) -> list[tuple[int, int]]:
    """Of each transaction whose end was told: how many changes it had, and how many came."""
    ended = """
        SELECT anyIf(TxOrder, Op = 'end') AS told, uniqExactIf(TxOrder, Op IN ('c', 'u', 'd')) AS came
        FROM cdc_events
        WHERE Tx IN (SELECT Tx FROM cdc_events WHERE Op = 'end')
        GROUP BY Tx
    """
    return sorted(store.select(ended).rows())


@pytest.mark.timeout(600)
def test_what_was_taken_back_is_not_read(kafka: Kafka, tmp_path: Path) -> None:
    """Of a producer's transaction that was aborted; and nothing waits for the marks that Kafka puts between."""
    kafka.topic("taken.inventory.stock", 1)
    producer = Producer({"bootstrap.servers": kafka.address, "transactional.id": "t", "linger.ms": 0})
    producer.init_transactions(60)
    for number in range(20):
        producer.begin_transaction()
        producer.produce("taken.inventory.stock", senders.body(senders.envelope(lsn=number)))
        producer.flush()
        if number % 2:
            producer.abort_transaction(60)
        else:
            producer.commit_transaction(60)
    with reading(kafka, tmp_path / "taken", "^taken[.].*") as (service, store):
        soon(lambda: store.select("SELECT count() FROM cdc_events").row(0) == (10,), "what was committed")
        soon(lambda: b"triage_kafka_lag_messages 0.0" in service.metrics.text(), "no lag")
        assert store.select("SELECT DISTINCT Offset % 4 FROM cdc_events").rows() == [(0,)]


@pytest.mark.timeout(900)
def test_after_kill_9_of_either_every_message_is_there(kafka: Kafka, tmp_path: Path) -> None:
    """The service while it reads, and the broker; those that come twice have one Id."""
    kafka.topic("killed.inventory.stock", PARTITIONS)
    producer = Producer({"bootstrap.servers": kafka.address, "acks": "all", "enable.idempotence": True})
    for number in range(MESSAGES):
        sent = senders.body(senders.envelope(lsn=number))
        producer.produce(
            "killed.inventory.stock", sent, senders.body({"sku": f"A-{number}"}), partition=number % PARTITIONS
        )
        if number % 1000 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0
    env = {"TRIAGE_KAFKA_BOOTSTRAP_SERVERS": kafka.address, "TRIAGE_KAFKA_TOPICS": "^killed[.].*"}
    for at_least in (1, MESSAGES // 4):
        with up("--segment-age", "200ms", cwd=tmp_path, env=env) as service:  # killed where this ends
            soon(lambda: counted(service) >= at_least, "some were read")  # noqa: B023 - called within the round
    data = tmp_path / "triage-data"
    with up("--segment-age", "200ms", cwd=tmp_path, env=env) as service:
        soon(lambda: counted(service) > 0, "some were read")
        kafka.stop(signal.SIGKILL)
        time.sleep(2)
        kafka.start()
        soon(lambda: kafka.committed("killed.inventory.stock", PARTITIONS, "triage") == MESSAGES, "all is read", 240)
        soon(lambda: not list((data / "segments").glob("*-*")), "all is loaded", 240)
        assert service.stop() == 0
    with closing(Store.open(f"chdb://{data}/clickhouse")) as store:
        rows = store.select("SELECT uniqExact(Id) AS ids, uniqExact(Partition, Offset) AS places FROM cdc_events")
        assert rows.row(0) == (MESSAGES, MESSAGES)


def counted(service: Up) -> float:
    """Messages that it has read since it started."""
    text = httpx.get(f"{service.url}/metrics", timeout=10, trust_env=False).raise_for_status().text
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("triage_kafka_messages_total "))
