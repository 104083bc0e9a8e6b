"""Debezium's change events, as its HTTP sink posts them (one or an array) and as Kafka brings them.

With or without the schema/payload wrapper. A heartbeat, the beginning of a transaction and a change of the schema
tell nothing that is kept.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from collectors.sources.connect_json import unwrapped
from collectors.sources.events import LONGEST_NAME, Event, RowChange
from collectors.sources.positions import position
from collectors.sources.proof import Unproven, by_token, is_fresh, same
from collectors.sources.reading import BadBody, Fault, Json, Name, Payload, Text, canonical, compact, parse, validated
from collectors.sources.rows import as_row, document, key_of, meaning
from collectors.sources.source import Columns, Delivery, Source, Trust

MS, US = 10**6, 10**3
LATEST_MS = 9_223_372_036_854
MARKER = frozenset({"status", "id", "event_count", "data_collections"})
POSTGRESQL_TX = re.compile(r"(\d+):\d+", re.ASCII)


def _row_or_none(value: object) -> object:
    if not isinstance(value, dict | str | None):
        raise ValueError("must be a row, an object")
    return value


RowOrNone = Annotated[object, AfterValidator(_row_or_none)]


class Times(Payload):
    """A time as finely as it is told."""

    ts_ms: int | None = Field(None, ge=0, le=LATEST_MS)
    ts_us: int | None = Field(None, ge=0, le=LATEST_MS * 1000)
    ts_ns: int | None = Field(None, ge=0, lt=1 << 63)

    @property
    def ns(self) -> int | None:
        """In nanoseconds since 1970."""
        if self.ts_ns is not None:
            return self.ts_ns
        if self.ts_us is not None:
            return self.ts_us * US
        return None if self.ts_ms is None else self.ts_ms * MS


class Origin(Times):
    """`source`: where in the database's log the change stands; which fields say so differs by connector."""

    connector: Text = ""
    name: Text = ""
    db: Text = ""
    schema_: Text = Field("", alias="schema")
    table: Text = ""
    collection: Text = ""
    snapshot: str | bool | None = None
    tx_id: Name | None = Field(None, alias="txId")


class Transaction(Payload):
    """Where in its transaction the change stands."""

    id: Name
    total_order: int = Field(0, ge=0, lt=1 << 64)


class Envelope(Times):
    """A change event."""

    op: Literal["c", "u", "d", "r", "t", "m"]
    source: Origin
    before: RowOrNone = None
    after: RowOrNone = None
    transaction: Transaction | None = None


class Ended(Times):
    """The marker at a transaction's end: how many events there were."""

    status: Literal["END"]
    id: Name
    event_count: int = Field(ge=0, lt=1 << 64)


@dataclass(frozen=True)
class Message:
    """A change event on its way: its value, and what the transport says."""

    value: Json
    received_ns: int
    key: Json = None
    topic: str = ""
    partition: int = -1
    offset: int = 0


def prove(trust: Trust, delivery: Delivery) -> None:
    """A Standard Webhooks signature (`authentication.type=standard-webhooks`); without a secret, the token."""
    if not trust.debezium:
        by_token(trust, delivery, "TRIAGE_DEBEZIUM_SECRET")
        return
    message, sent = delivery.header("webhook-id"), delivery.header("webhook-timestamp")
    if not is_fresh(sent, delivery.received_ns):
        raise Unproven("webhook-timestamp is no time of the last five minutes")
    signed = f"{message}.{sent}.".encode() + delivery.body
    mac = base64.b64encode(hmac.new(_secret(trust.debezium), signed, hashlib.sha256).digest()).decode()
    if not any(same(one, f"v1,{mac}") for one in delivery.header("webhook-signature").split()):
        raise Unproven("webhook-signature is not the signature of this body with TRIAGE_DEBEZIUM_SECRET")


def _secret(text: str) -> bytes:
    try:
        return base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise Unproven("TRIAGE_DEBEZIUM_SECRET is no base64, so that no signature can be right") from None


def read(delivery: Delivery, columns: Columns) -> Iterator[Event]:
    """Each change event of a request."""
    told = parse(delivery.body)
    many = told if isinstance(told, list) else [told]
    for number, value in enumerate(many):
        where = f"[{number}]" if isinstance(told, list) else ""
        if value is not None:  # a tombstone without its key says nothing
            yield from row_changes(Message(value, delivery.received_ns), columns, where)


def row_changes(message: Message, columns: Columns, where: str = "") -> Iterator[Event]:
    """What a message tells: nothing or one event. Raises BadBody."""
    value = unwrapped(message.value)
    if value is None:
        yield _tombstone(message)
    elif not isinstance(value, dict):
        raise BadBody([Fault(where, "must be a change event, an object")])
    elif "op" in value:
        yield _row_change(message, value, columns, where)
    elif value.keys() >= MARKER and value["status"] == "END":
        yield _end(message, value, where)
    elif not _says_nothing(value):
        raise BadBody([Fault(f"{where}.op" if where else "op", "is missing: Debezium's whole envelope is wanted")])


def _transaction(name: str) -> str:
    """A transaction's id: without where in the log each of its events stands, which PostgreSQL's connector adds."""
    found = POSTGRESQL_TX.fullmatch(name)
    return found[1] if found else name


def _says_nothing(value: dict[str, Json]) -> bool:
    is_beginning = value.keys() >= MARKER and value["status"] == "BEGIN"
    is_heartbeat = "ts_ms" in value and value.keys() <= {"ts_ms", "ts_us", "ts_ns"}
    is_schema_change = isinstance(value.get("source"), dict) and value.keys() & {"ddl", "tableChanges"} != set()
    return is_beginning or is_heartbeat or is_schema_change


def _row_change(message: Message, value: dict[str, Json], columns: Columns, where: str) -> RowChange:
    envelope = validated(Envelope, value, where)
    source = envelope.source
    before, after = as_row(value.get("before")), as_row(value.get("after"))
    table = source.table or source.collection
    at = position(value["source"]) or _offset(message)
    key = _key(message, key_of(after or before, table, columns), source.connector)
    was = compact(before or value.get("before"))
    written = compact(value.get("message") if envelope.op == "m" else after or value.get("after"))
    said = meaning(before, after, columns)
    captured = envelope.ns if envelope.ns is not None else message.received_ns
    return RowChange(
        id=_id(source.name or source.connector, source.db, source.schema_, table, at, envelope.op, key, was, written),
        time_ns=source.ns if source.ns is not None else captured,
        captured_ns=captured,
        connector=(source.name or source.connector)[:LONGEST_NAME],
        db=source.db[:LONGEST_NAME],
        schema=source.schema_[:LONGEST_NAME],
        table=table[:LONGEST_NAME],
        op=envelope.op,
        key=key,
        before=was,
        after=written,
        position=at,
        tx=_transaction(envelope.transaction.id) if envelope.transaction else source.tx_id or "",
        tx_order=envelope.transaction.total_order if envelope.transaction else 0,
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        snapshot=envelope.op == "r" or str(source.snapshot or "false").lower() != "false",
        customer=said.customer,
        order_id=said.order_id,
        idempotency_key=said.idempotency_key,
        sequence=said.sequence,
        quantity=said.quantity,
    )  # fmt: skip


def _key(message: Message, said: dict[str, Json], connector: str = "") -> str:
    """Kafka's key, else what the row says. A bare value (ExtractField$Key) is of the row's column, or else of `id`."""
    key = said if message.key is None else unwrapped(message.key)
    if isinstance(key, dict) and connector == "mongodb" and isinstance(text := key.get("id"), str):
        key = {"id": document(text) or text}
    if not isinstance(key, dict):
        key = said if [*map(str, said.values())] == [str(key)] else {"id": key}
    return canonical(key) if key else ""


def _end(message: Message, value: dict[str, Json], where: str) -> RowChange:
    ended = validated(Ended, value, where)
    at = ended.ns if ended.ns is not None else message.received_ns
    return RowChange(
        id=_id("end", message.topic, ended.id, compact(value.get("data_collections"))),
        time_ns=at,
        captured_ns=at,
        op="end",
        after=compact(value.get("data_collections")),
        tx=_transaction(ended.id),
        tx_order=ended.event_count,
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
    )


def _tombstone(message: Message) -> RowChange:
    """What follows a deletion, so that Kafka may forget the key."""
    key = _key(message, {})
    return RowChange(
        id=_id("tombstone", _offset(message), key),
        time_ns=message.received_ns,
        captured_ns=message.received_ns,
        op="tombstone",
        table=message.topic.rpartition(".")[2][:LONGEST_NAME],
        key=key,
        position=_offset(message),
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
    )


def _offset(message: Message) -> str:
    return f"topic={message.topic} partition={message.partition} offset={message.offset}" if message.topic else ""


def _id(*parts: str) -> str:
    return hashlib.sha256(canonical([*parts]).encode()).hexdigest()[:32]


DEBEZIUM = Source("debezium", prove, read, signs=lambda trust: bool(trust.debezium))
