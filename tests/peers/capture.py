"""What captures row changes in earnest, each in a process of its own: PostgreSQL, Debezium, Apache Kafka."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.processes import free_port, soon

POSTGRES_USER = "postgres"


class Java:
    """A program on a class path; what it says stands in a file."""

    def __init__(self, classpath: str, home: Path) -> None:
        self._classpath = classpath
        self.home = home
        self.log = home / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, program: str, *arguments: str) -> None:
        """To its end."""
        with self.log.open("ab") as log:
            subprocess.run(self._command(program, arguments), stdout=log, stderr=log, check=True, timeout=120)

    def start(self, program: str, *arguments: str) -> None:
        """Goes on meanwhile."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command(program, arguments), stdout=log, stderr=log)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends it; a second call does nothing."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def said(self) -> str:
        """The end of what it said."""
        return self.log.read_text("utf-8", "replace")[-3000:]

    def properties(self, name: str, values: Mapping[str, object]) -> str:
        """A file of properties in its home."""
        file = self.home / name
        file.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
        return str(file)

    def _command(self, program: str, arguments: tuple[str, ...]) -> list[str]:
        return ["java", "-Xmx512m", "-XX:+UseSerialGC", "-cp", self._classpath, program, *arguments]


class Kafka:
    """Apache Kafka: one broker that is its own controller, on loopback."""

    def __init__(self, classpath: str, home: Path) -> None:
        self._java = Java(classpath, home)
        port, controller = free_port(), free_port()
        self.address = f"127.0.0.1:{port}"
        self._settings = self._java.properties(
            "server.properties",
            {
                "process.roles": "broker,controller",
                "node.id": 1,
                "controller.quorum.voters": f"1@127.0.0.1:{controller}",
                "listeners": f"PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{controller}",
                "advertised.listeners": f"PLAINTEXT://{self.address}",
                "controller.listener.names": "CONTROLLER",
                "log.dirs": home / "logs",
                "offsets.topic.replication.factor": 1,
                "offsets.topic.num.partitions": 1,
                "transaction.state.log.replication.factor": 1,
                "transaction.state.log.min.isr": 1,
                "transaction.state.log.num.partitions": 1,
                "group.initial.rebalance.delay.ms": 0,
            },
        )
        self._java.run("kafka.tools.StorageTool", "format", "-t", "dHJpYWdlLXRlc3RzLWthZg", "-c", self._settings)

    def start(self) -> None:
        """Returns once it answers."""
        self._java.start("kafka.Kafka", self._settings)
        soon(self._answers, "Kafka answers")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """In order, or as told."""
        self._java.stop(how)

    def topic(self, name: str, partitions: int) -> None:
        """Makes a topic."""
        admin = AdminClient({"bootstrap.servers": self.address})
        (made,) = admin.create_topics([NewTopic(name, partitions, 1)]).values()
        made.result(30)

    def committed(self, topic: str, partitions: int, group: str) -> int:
        """How many messages of a topic the group has done with."""
        places = [TopicPartition(topic, number) for number in range(partitions)]
        with closing(Consumer({"bootstrap.servers": self.address, "group.id": group})) as consumer:
            return sum(max(0, place.offset) for place in consumer.committed(places, timeout=10))

    def _answers(self) -> bool:
        with suppress(KafkaException):
            return bool(AdminClient({"bootstrap.servers": self.address, "log_level": 0}).list_topics(timeout=2).brokers)
        return False


class Postgres:
    """A PostgreSQL server that writes down changes for others to follow; of a user who is not root."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.port = free_port()
        self._bin = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
        self._as = ["runuser", "-u", POSTGRES_USER, "--"] if os.getuid() == 0 else []
        if self._as:
            shutil.chown(home, POSTGRES_USER)
        self._run("initdb", "-D", str(home / "data"), "-U", POSTGRES_USER, "-A", "trust", "--no-sync")

    def start(self) -> None:
        """Returns once it answers."""
        options = f"-p {self.port} -k {self._home} -c listen_addresses=127.0.0.1 -c wal_level=logical -c fsync=off"
        self._run("pg_ctl", "-D", str(self._home / "data"), "-l", str(self._home / "log"), "-o", options, "-w", "start")

    def stop(self) -> None:
        """At once."""
        self._run("pg_ctl", "-D", str(self._home / "data"), "-m", "immediate", "stop")

    def execute(self, sql: str) -> None:
        """Runs statements; without BEGIN, each is a transaction."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", POSTGRES_USER, "-v", "ON_ERROR_STOP=1", "-q"]
        self._run("psql", *where, given=sql)

    def _run(self, program: str, *arguments: str, given: str = "") -> None:
        assert self._bin, "no PostgreSQL server on this machine"
        command = [*self._as, str(self._bin / program), *arguments]
        done = subprocess.run(
            command, input=given, capture_output=program == "psql", text=True, timeout=120, check=False, cwd="/",
        )  # fmt: skip
        assert done.returncode == 0, f"{program} failed: {done.stderr}"


@contextmanager
def debezium(
    classpath: str, home: Path, kafka: Kafka, postgres: Postgres, *, schemas: bool, **settings: object
) -> Iterator[Java]:
    """Kafka Connect with Debezium's connector, which follows the database `postgres` under the prefix `shop`."""
    connect, port = Java(classpath, home), free_port()
    worker = connect.properties(
        "worker.properties",
        {
            "bootstrap.servers": kafka.address,
            "listeners": f"http://127.0.0.1:{port}",
            "key.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "key.converter.schemas.enable": str(schemas).lower(),
            "value.converter.schemas.enable": str(schemas).lower(),
            "offset.storage.file.filename": home / "offsets",
            "offset.flush.interval.ms": 1000,
            "plugin.discovery": "service_load",
        },
    )
    connector = connect.properties(
        "connector.properties",
        {
            "name": "shop",
            "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
            "database.hostname": "127.0.0.1",
            "database.port": postgres.port,
            "database.user": POSTGRES_USER,
            "database.password": "",
            "database.dbname": "postgres",
            "topic.prefix": "shop",
            "plugin.name": "pgoutput",
            **{name.replace("_", "."): value for name, value in settings.items()},
        },
    )
    connect.start("org.apache.kafka.connect.cli.ConnectStandalone", worker, connector)
    try:
        soon(lambda: _is_running(port), "Debezium runs")
        yield connect
    finally:
        connect.stop()


def _is_running(port: int) -> bool:
    with suppress(OSError):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/connectors/shop/status", timeout=5) as answer:
            status = json.load(answer)
        return [task["state"] for task in status["tasks"]] == ["RUNNING"]
    return False
