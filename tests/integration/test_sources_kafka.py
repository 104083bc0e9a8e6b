"""Row changes from Kafka: every message on disk before its offset is committed, from librdkafka's own brokers."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from collectors.kinds import Kind, Overloaded
from collectors.loader import Backoff
from collectors.metrics import Metrics
from collectors.quarantine import Quarantine
from collectors.sources import kafka
from collectors.sources.debezium import Message, row_changes
from collectors.sources.events import Event
from collectors.sources.kafka import KafkaRows
from collectors.sources.kafka_config import KafkaConfig, read_properties
from collectors.sources.source import Columns
from tests import senders
from tests.processes import SOON_S, soon
from triage.configuration import SettingsError, load
from triage.service import running
from triage.setting_types import Address
from triage.settings import Settings

pytestmark = pytest.mark.integration

_names = count(1)


class Broker:
    """Brokers in this process, on loopback, and a producer for them."""

    def __init__(self) -> None:
        self._producer = Producer({"test.mock.num.brokers": 1, "log_level": 0})
        (broker,) = self._producer.list_topics(timeout=10).brokers.values()
        self.address = f"{broker.host}:{broker.port}"

    def send(self, topic: str, *values: object, key: object = None) -> None:
        for value in values:
            sent = value if isinstance(value, bytes) or value is None else senders.body(value)
            self._producer.produce(topic, sent, None if key is None else senders.body(key), partition=0)
        assert self._producer.flush(10) == 0

    def committed(self, topic: str, group: str) -> int:
        """The offset from which the group would go on; below 0 if it has committed none."""
        with closing(Consumer({"bootstrap.servers": self.address, "group.id": group})) as consumer:
            (place,) = consumer.committed([TopicPartition(topic, 0)], timeout=10)
            return place.offset


@pytest.fixture(scope="module")
def broker() -> Broker:
    return Broker()


class Kept:
    """An `append` that remembers, or refuses."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.fault: Callable[[bytes], Exception | None] = lambda line: None

    async def append(self, kind: Kind, record: bytes) -> None:
        assert kind is Kind.EVENTS
        if fault := self.fault(record):
            raise fault
        self.lines.append(record)

    @property
    def bodies(self) -> list[dict[str, object]]:
        return [json.loads(line)["Body"] for line in self.lines]


class Bench:
    """A topic and a group of their own, and what reads them."""

    def __init__(self, broker: Broker, directory: Path) -> None:
        self.broker = broker
        number = next(_names)
        self.topic, self.group = f"t{number}.inventory.stock", f"g{number}"
        forgotten = {"session.timeout.ms": "6000", "heartbeat.interval.ms": "500"}  # by brokers that let nobody leave
        self.config = KafkaConfig(broker.address, (f"^t{number}[.].*",), self.group, forgotten)
        self.kept, self.metrics = Kept(), Metrics()
        self.quarantine = directory / "quarantine"

    @contextmanager
    def reading(self) -> Iterator[None]:
        self.metrics = Metrics()
        rows = KafkaRows(
            self.config,
            Columns(),
            self.kept.append,
            self.metrics,
            Quarantine(self.quarantine),
            away=Backoff(0.1, 0.5),
        )
        try:
            yield
        finally:
            rows.stop()

    def send(self, *values: object, key: object = None) -> None:
        self.broker.send(self.topic, *values, key=key)

    @property
    def committed(self) -> int:
        return self.broker.committed(self.topic, self.group)

    def counted(self, name: str) -> float:
        value = self.metrics.registry.get_sample_value(f"triage_{name}")
        return -1 if value is None else value


@pytest.fixture
def bench(broker: Broker, tmp_path: Path) -> Bench:
    return Bench(broker, tmp_path)


def test_each_message_is_kept_with_where_it_stood(bench: Bench) -> None:
    """Topic, partition, offset and key; deletions with the tombstone that follows."""
    bench.send(senders.envelope(), senders.wrapped(senders.envelope("d", 101)), None, key={"sku": "A-1"})
    bench.send(senders.end())
    with bench.reading():
        soon(lambda: len(bench.kept.lines) == 4, "four messages")
        soon(lambda: bench.committed == 4, "their offsets")
    rows = bench.kept.bodies
    assert [row["op"] for row in rows] == ["u", "d", "tombstone", "end"]
    assert [(row["topic"], row["partition"], row["offset"]) for row in rows] == [
        (bench.topic, 0, number) for number in range(4)
    ]
    assert {row["key"] for row in rows[:3]} == {'{"sku":"A-1"}'}
    assert bench.counted("kafka_messages_total") == 4


def test_nothing_is_committed_before_it_is_on_disk(bench: Bench) -> None:
    """A refusal holds the batch; a process that ends meanwhile leaves it for the next one."""
    bench.send(*(senders.envelope(lsn=number) for number in range(10)))
    offered = threading.Event()

    def refuse(line: bytes) -> Exception | None:
        offered.set()
        return Overloaded("too much waits to be loaded", 1) if len(bench.kept.lines) >= 5 else None

    bench.kept.fault = refuse
    with bench.reading():
        assert offered.wait(SOON_S)
        soon(lambda: len(bench.kept.lines) == 5, "what is taken")
        assert bench.committed < 0
    assert bench.committed < 0
    bench.kept.fault = lambda line: None
    with bench.reading():
        soon(lambda: len(bench.kept.lines) == 15, "all of them again")
        soon(lambda: bench.committed == 10, "their offsets")
    assert len({str(row["id"]) for row in bench.kept.bodies}) == 10


def test_what_was_refused_is_taken_once_there_is_room(bench: Bench) -> None:
    """Without a new connection, and what was taken is not offered again."""
    refusals = iter([Overloaded("full", 1)] * 3)
    bench.kept.fault = lambda line: next(refusals, None)
    bench.send(*(senders.envelope(lsn=number) for number in range(5)))
    with bench.reading():
        soon(lambda: bench.committed == 5, "offsets")
    assert len(bench.kept.lines) == 5


def test_a_bad_message_goes_to_the_quarantine_and_holds_up_nobody(bench: Bench) -> None:
    """With where it stood, and why."""
    bench.send(senders.envelope(lsn=1), b"\x00Avro", {"sku": "flat"}, b"[" * 50_000, senders.envelope(lsn=2))
    with bench.reading():
        soon(lambda: bench.committed == 5, "offsets")
    assert [row["offset"] for row in bench.kept.bodies] == [0, 4]
    (report,) = (json.loads(file.read_text()) for file in bench.quarantine.glob("*.json"))
    assert len(report["records"]) == 3
    assert "envelope is wanted" in report["records"][1]["why"]
    (body,) = bench.quarantine.glob("*.refused")
    assert [json.loads(line)["offset"] for line in body.read_text().splitlines()] == [1, 2, 3]
    assert bench.metrics.registry.get_sample_value("triage_quarantined_requests_total", {"kind": "events"}) == 3


def test_odd_text_holds_up_nobody(bench: Bench) -> None:
    """A decimal that is none stays as it came, and half a character in a document is replaced."""
    decimal = {"id": 1, "note": {"scale": 2, "value": "größe"}}
    document = json.dumps({"_id": "\ud800"})
    bench.send(senders.envelope("c", after=decimal), senders.envelope("c", after=document), senders.envelope())
    with bench.reading():
        soon(lambda: bench.committed == 3, "offsets")
    rows = bench.kept.bodies
    assert [row["key"] for row in rows] == ['{"id":1}', '{"_id":"?"}', '{"sku":"A-1"}']
    assert json.loads(str(rows[0]["after"])) == decimal
    assert list(bench.quarantine.glob("*.json")) == []


def test_a_message_that_fails_a_reader_of_ours_goes_to_the_quarantine_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever nobody thought of: a fault in one message would come again with it for ever."""

    def stumbles(told: Message, columns: Columns) -> Iterator[Event]:
        if told.offset == 1:
            raise LookupError("nobody thought of this")
        return row_changes(told, columns)

    monkeypatch.setattr(kafka, "row_changes", stumbles)
    bench.send(*(senders.envelope(lsn=number) for number in range(3)))
    with bench.reading():
        soon(lambda: bench.committed == 3, "offsets")
    assert [row["offset"] for row in bench.kept.bodies] == [0, 2]
    (report,) = (json.loads(file.read_text()) for file in bench.quarantine.glob("*.json"))
    assert report["why"] == "the message can't be read (LookupError: nobody thought of this)"
    (body,) = bench.quarantine.glob("*.refused")
    assert json.loads(body.read_text())["offset"] == 1


def test_a_fault_of_its_own_begins_anew(bench: Bench) -> None:
    """Such as a disk that takes nothing: the connection is made again, and the message comes again."""
    faults = iter([OSError("no space"), RuntimeError("a bug")])
    bench.kept.fault = lambda line: next(faults, None)
    bench.send(senders.envelope())
    with bench.reading():
        soon(lambda: bench.committed == 1, "offset")
        assert bench.counted("kafka_errors_total") >= 2
    assert len(bench.kept.lines) == 1


def test_brokers_that_are_away_are_tried_again(bench: Bench) -> None:
    """It is seen in the figures, and read on from once they are there."""
    bench.send(senders.envelope())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    bench.config = replace(bench.config, servers=f"127.0.0.1:{port}")
    with bench.reading():
        soon(lambda: bench.counted("kafka_errors_total") > 0, "an error in the figures")
        assert bench.counted("kafka_brokers") == 0
        with forwarded(port, bench.broker.address):
            soon(lambda: len(bench.kept.lines) == 1, "the message")
            soon(lambda: bench.counted("kafka_brokers") > 0, "a broker in the figures")


@contextmanager
def forwarded(port: int, to: str) -> Iterator[None]:
    """Whatever comes to the port goes there, and back."""
    host, _, there = to.rpartition(":")

    def pump(left: socket.socket, right: socket.socket) -> None:
        with left, right:
            try:
                while data := left.recv(65536):
                    right.sendall(data)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                here, _ = listener.accept()
            except OSError:
                return
            out = socket.create_connection((host, int(there)))
            for pair in ((here, out), (out, here)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    listener = socket.create_server(("127.0.0.1", port))
    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_a_running_service_has_the_rows_in_its_tables(broker: Broker, tmp_path: Path) -> None:
    """By settings alone; what a replay brings again has the same Id."""
    broker.send("shop.inventory.stock", *[senders.envelope(lsn=7)] * 2, senders.envelope(lsn=8), key={"sku": "A-1"})
    nowhere = Address("127.0.0.1", 0)
    settings = Settings(
        data=tmp_path / "data",
        otlp_grpc=nowhere,
        otlp_http=nowhere,
        web=nowhere,
        kafka_bootstrap_servers=broker.address,
        kafka_topics=("^shop[.].*",),
    )
    with running(settings) as (service, store):
        rows = "SELECT count() AS n, uniqExact(Id) AS ids FROM cdc_events"
        soon(lambda: store.select(rows).row(0) == (3, 2), "three rows of two changes")
        assert b"triage_kafka_messages_total 3.0" in service.metrics.text()
        assert store.select("SELECT DISTINCT Topic, Customer FROM cdc_events").rows() == [
            ("shop.inventory.stock", "c-1")
        ]


class TestSettings:
    def test_properties_come_from_a_file(self, tmp_path: Path) -> None:
        """As librdkafka names them; comments are left out, and an equals sign may be part of a value."""
        file = tmp_path / "kafka.properties"
        file.write_text("# who we are\nsecurity.protocol = SASL_SSL\n\nsasl.password=a=b#c\n")
        assert read_properties(file) == {"security.protocol": "SASL_SSL", "sasl.password": "a=b#c"}

    @pytest.mark.parametrize(
        ("text", "said"),
        [("hunter2", "line 1: write name=value"), ("\ngroup.id=x", "line 2: group.id is not for this file"),
         ("enable.auto.commit=true", "is not for this file")],
    )  # fmt: skip
    def test_a_wrong_file_is_said_in_a_sentence(self, tmp_path: Path, text: str, said: str) -> None:
        """Without what stands in it."""
        file = tmp_path / "kafka.properties"
        file.write_text(text)
        with pytest.raises(ValueError, match=said) as caught:
            read_properties(file)
        assert "hunter2" not in str(caught.value)
        with pytest.raises(ValueError, match="cannot be read"):
            read_properties(tmp_path / "absent")

    def test_what_delivery_rests_on_is_no_property(self) -> None:
        """The brokers and the group are those of the settings, whatever the properties say."""
        config = KafkaConfig("a:1", ("t",), "g", {"group.id": "x", "bootstrap.servers": "b:1", "client.id": "y"})
        told = config.librdkafka(print, print)
        assert [told[name] for name in ("bootstrap.servers", "group.id", "client.id")] == ["a:1", "g", "y"]

    def test_a_property_that_there_is_not_is_said_at_the_start(self, bench: Bench) -> None:
        """Not in a thread, where nobody would see it."""
        bench.config = replace(bench.config, properties={"sasl.pasword": "hunter2"})
        with pytest.raises(ValueError, match=r"sasl\.pasword") as caught, bench.reading():
            pass
        assert "hunter2" not in str(caught.value)

    def test_a_pattern_that_is_none_is_said_at_the_start(self, bench: Bench) -> None:
        """By the setting that is wrong, with what it says."""
        bench.config = replace(bench.config, topics=("shop.stock", "^shop("))
        with pytest.raises(ValueError, match=r"^kafka_topics: write .* not 'shop\.stock, \^shop\('$"), bench.reading():
            pass

    def test_brokers_without_topics_are_an_error(self) -> None:
        """Which are meant can't be guessed."""
        with pytest.raises(SettingsError, match="kafka_topics"):
            load({"kafka_bootstrap_servers": "kafka:9092"})
