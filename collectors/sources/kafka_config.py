"""How Kafka is reached: brokers, topics, group, and a file of librdkafka's properties for whatever else there is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import KafkaError

OURS = {
    "enable.auto.commit": False,  # an offset is committed once what was read is on disk
    "enable.auto.offset.store": False,
    "auto.offset.reset": "earliest",
    "session.timeout.ms": 10_000,  # how soon what a killed process read is read by another
    "topic.metadata.refresh.interval.ms": 10_000,  # how soon a new topic is found that the pattern names
    "reconnect.backoff.ms": 250,
    "reconnect.backoff.max.ms": 10_000,
    "statistics.interval.ms": 5_000,
    "log.connection.close": False,
    "client.id": "triage",
}
NOT_YOURS = ("bootstrap.servers", "group.id", "enable.auto.commit", "enable.auto.offset.store")


@dataclass(frozen=True)
class KafkaConfig:
    """`topics` are names, or patterns where they begin with ^."""

    servers: str
    topics: tuple[str, ...]
    group: str
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)

    def librdkafka(self, error: Callable[[KafkaError], None], statistics: Callable[[str], None]) -> dict[str, object]:
        """As librdkafka wants it."""
        fixed = {"bootstrap.servers": self.servers, "group.id": self.group, "error_cb": error, "stats_cb": statistics}
        return {**OURS, **self.properties, **fixed}


def read_properties(file: Path) -> dict[str, str]:
    """`name=value` lines; `#` begins a comment. Raises ValueError with a sentence that repeats no value."""
    where = f"kafka_properties: {file}"
    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError as error:
        raise ValueError(f"{where} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{where} is not UTF-8") from None
    properties: dict[str, str] = {}
    for number, text in enumerate(map(str.strip, lines), 1):
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise ValueError(f"{where}, line {number}: write name=value")
        if name.strip() in NOT_YOURS:
            raise ValueError(f"{where}, line {number}: {name.strip()} is not for this file")
        properties[name.strip()] = value.strip()
    return properties
