"""Row changes from Kafka: a thread that reads Debezium's topics, and commits an offset once what was read is on disk.

A message may come again after a fault, and then has the same Id. One that is no change event, or that can't be read, is
set aside in the quarantine, and holds up nobody.
"""

import asyncio
import base64
import json
import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from threading import Event as Signal
from threading import Thread

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as KafkaMessage

from collectors.kinds import Append, Kind, Outcome, Refused
from collectors.loader import Backoff
from collectors.metrics import Metrics
from collectors.quarantine import Quarantine
from collectors.sift import RefusedRecord
from collectors.sources.debezium import Message, row_changes
from collectors.sources.events import line
from collectors.sources.kafka_config import KafkaConfig
from collectors.sources.reading import BadBody, Fault, Json, parse
from collectors.sources.source import Columns

BATCH = 500  # messages
WAIT_S = 0.5  # for the first of them
REFUSED_S = 120.0  # how long a batch is offered again before the connection is begun anew; Kafka allows five minutes
JOIN_S = 10.0
AWAY = Backoff(0.5, 30.0)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bad:
    """A message that is no change event, or can't be read, and why."""

    message: KafkaMessage
    why: str


class KafkaRows:
    """Reads until it is stopped; while the brokers are away it tries again, ever more slowly."""

    def __init__(
        self,
        config: KafkaConfig,
        columns: Columns,
        append: Append,
        metrics: Metrics,
        quarantine: Quarantine,
        *,
        away: Backoff = AWAY,
    ) -> None:
        """Raises ValueError where the configuration can't be right."""
        self._config = config
        self._columns = columns
        self._append = append
        self._metrics = metrics
        self._quarantine = quarantine
        self._away = away
        self._brokers_up = 0
        self._lag = 0
        self._stopping = Signal()
        metrics.watch("kafka_brokers", "Kafka brokers that are connected", lambda: self._brokers_up)
        metrics.watch("kafka_lag_messages", "Messages not read yet, of the partitions read here", lambda: self._lag)
        self._first: Consumer | None = self._consumer()
        self._thread = Thread(target=self._work, name="kafka", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finishes the batch under way and leaves the group. A second call does nothing."""
        self._stopping.set()
        self._thread.join(JOIN_S)

    def _consumer(self) -> Consumer:
        try:
            consumer = Consumer(self._config.librdkafka(self._failed_connection, self._statistics), logger=log)
        except (KafkaException, TypeError, ValueError) as error:
            raise ValueError(f"kafka_properties: {_words(error)}") from None
        try:
            consumer.subscribe([*self._config.topics])
        except (KafkaException, TypeError, ValueError):
            topics = ", ".join(self._config.topics)
            raise ValueError(f"kafka_topics: write names, or after ^ regular expressions, not {topics!r}") from None
        return consumer

    def _work(self) -> None:
        attempt = 0
        with asyncio.Runner() as runner:
            while not self._stopping.is_set():
                began = time.monotonic()
                try:
                    consumer, self._first = self._first or self._consumer(), None
                    with closing(consumer):
                        self._read(consumer, runner)
                except Exception as error:
                    expected = isinstance(error, KafkaException | Refused | OSError | ValueError)
                    log.warning("reading from Kafka begins anew: %s", _words(error), exc_info=not expected)
                    self._failed(error)
                    attempt = 1 if time.monotonic() - began > self._away.longest_s else attempt + 1
                    self._stopping.wait(self._away.delay_s(attempt))

    def _read(self, consumer: Consumer, runner: asyncio.Runner) -> None:
        while not self._stopping.is_set():
            messages = [message for message in consumer.consume(BATCH, WAIT_S) if self._is_whole(message)]
            if messages and self._keep(messages, runner):
                self._commit(consumer, messages)

    def _is_whole(self, message: KafkaMessage) -> bool:
        """Whether it is a message, and not what Kafka says instead of one."""
        error = message.error()
        if error is None:
            return True
        if error.fatal():
            raise KafkaException(error)
        if error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:  # a pattern that matches no topic yet
            self._failed(KafkaException(error))
        return False

    def _keep(self, messages: Sequence[KafkaMessage], runner: asyncio.Runner) -> bool:
        """Whether all that they tell is on disk, in segments or in the quarantine."""
        lines, bad = read_each(messages, self._columns)
        if not runner.run(self._append_all(lines)):
            return False
        if bad:
            self._set_aside(bad)
        self._metrics.count(Kind.EVENTS, Outcome.ACCEPTED, len(lines))
        self._metrics.kafka_messages.inc(len(messages))
        return True

    async def _append_all(self, lines: Iterable[bytes]) -> bool:
        """Offers them until all are taken; False once the process is to stop. Raises Refused after a while."""
        left, until = list(lines), time.monotonic() + REFUSED_S
        while left:
            answers = await asyncio.gather(*(self._append(Kind.EVENTS, each) for each in left), return_exceptions=True)
            refused = [answer for answer in answers if isinstance(answer, BaseException)]
            left = [each for each, answer in zip(left, answers, strict=True) if isinstance(answer, BaseException)]
            if refused:
                if not isinstance(refused[0], Refused) or time.monotonic() > until:
                    raise refused[0]
                if await asyncio.to_thread(self._stopping.wait, refused[0].retry_after_s):
                    return False
        return True

    def _set_aside(self, bad: Sequence[Bad]) -> None:
        first = bad[0].message
        name = f"kafka-{(first.topic() or '')[:150]}-{first.partition()}-{first.offset()}"
        records = [
            RefusedRecord(index, len(one.message.value() or b""), one.why[:1000]) for index, one in enumerate(bad)
        ]
        self._quarantine.set_aside(name, b"".join(_as_line(one.message) for one in bad), records)
        self._metrics.quarantined.labels(kind=Kind.EVENTS.value).inc(len(bad))
        log.warning("%d messages are no change events, or can't be read; in the quarantine: %s", len(bad), name)

    def _commit(self, consumer: Consumer, messages: Sequence[KafkaMessage]) -> None:
        """What can't be committed comes again, with the same Ids."""
        after: dict[tuple[str, int], int] = {}
        for message in messages:
            after[message.topic() or "", message.partition() or 0] = (message.offset() or 0) + 1
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in after.items()]
        try:
            consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            log.warning("an offset is not committed: %s", _words(error))
            self._failed(error)

    def _failed_connection(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._brokers_up = 0
        log.warning("Kafka: %s", error.str())
        self._failed(KafkaException(error))

    def _statistics(self, text: str) -> None:
        told = json.loads(text)
        self._brokers_up = sum(broker["state"] == "UP" and broker["nodeid"] >= 0 for broker in told["brokers"].values())
        partitions = (part for topic in told["topics"].values() for part in topic["partitions"].values())
        self._lag = sum(max(0, part.get("consumer_lag", 0)) for part in partitions)

    def _failed(self, error: Exception) -> None:
        self._metrics.kafka_errors.inc()
        self._metrics.error("kafka", error)


def read_each(messages: Iterable[KafkaMessage], columns: Columns) -> tuple[list[bytes], list[Bad]]:
    """The lines of all that can be read, and the others."""
    lines: list[bytes] = []
    bad: list[Bad] = []
    for message in messages:
        try:
            lines += read(message, columns)
        except BadBody as error:
            bad.append(Bad(message, str(error)))
        except Exception as error:  # read again, it would fail again, and nothing behind it would ever be read
            where = (message.topic(), message.partition(), message.offset())
            log.warning("the message at %s, partition %s, offset %s can't be read", *where, exc_info=True)
            bad.append(Bad(message, f"the message can't be read ({type(error).__name__}: {error})"))
    return lines, bad


def read(message: KafkaMessage, columns: Columns) -> list[bytes]:
    """The lines of a message. Raises BadBody."""
    kind, at_ms = message.timestamp()
    value = message.value()
    try:
        told = Message(
            value=parse(value) if value else None,
            received_ns=at_ms * 10**6 if kind and at_ms > 0 else time.time_ns(),
            key=_key(message.key()),
            topic=message.topic() or "",
            partition=message.partition() or 0,
            offset=message.offset() or 0,
        )
        return [line(event) for event in row_changes(told, columns)]
    except RecursionError:
        raise BadBody([Fault("", "the message is nested too deeply")]) from None


def _key(key: bytes | None) -> Json:
    """The key; as text where it is no JSON."""
    if not key:
        return None
    try:
        return parse(key)
    except BadBody:
        return key.decode("utf-8", "replace")


def _as_line(message: KafkaMessage) -> bytes:
    """The message as it stands in the quarantine: one JSON line, its bytes in base64."""
    stands = {"topic": message.topic(), "partition": message.partition(), "offset": message.offset()}
    raw = {"key": message.key() or b"", "value": message.value() or b""}
    return json.dumps(stands | {name: base64.b64encode(part).decode() for name, part in raw.items()}).encode() + b"\n"


def _words(error: BaseException) -> str:
    """What went wrong, as librdkafka says it."""
    said = error.args[0] if error.args else error
    return said.str() if isinstance(said, KafkaError) else str(said)
