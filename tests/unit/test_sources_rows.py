"""Row changes as Debezium tells them: what is kept of each, and what makes two of them the same."""

import base64
import json

import pytest

from collectors.sources.debezium import Message, row_changes
from collectors.sources.events import RowChange
from collectors.sources.reading import BadBody, Json
from collectors.sources.source import Columns
from tests import senders
from tests.senders import ROW, end, envelope, wrapped

NOW_NS = 1_795_341_900_000_000_000


def told(value: object, columns: Columns | None = None, **message: object) -> list[RowChange]:
    """The row changes of a message."""
    as_sent: Json = json.loads(senders.body(value))
    made = Message(as_sent, NOW_NS, **message)  # type: ignore[arg-type]
    return [event for event in row_changes(made, columns or Columns()) if isinstance(event, RowChange)]


def one(value: object, columns: Columns | None = None, **message: object) -> RowChange:
    (event,) = told(value, columns, **message)
    return event


def test_an_update_is_kept_whole() -> None:
    """Where it happened, when, in which transaction, and what the row said before and after."""
    row = one(envelope())
    assert (row.connector, row.db, row.schema, row.table, row.op) == ("inventory", "shop", "inventory", "stock", "u")
    assert (row.time_ns, row.captured_ns) == (1795341600000500000, 1795341600250000000)
    assert (row.position, row.tx, row.tx_order) == ("lsn=100", "571", 2)
    assert (json.loads(row.after), json.loads(row.before)["on_hand"]) == (ROW, 8)
    assert (row.topic, row.partition, row.offset, row.snapshot) == ("", -1, 0, False)


def test_columns_say_whose_it_is() -> None:
    """Customer, order, idempotency key, counter and stock, by the names that settings give them."""
    row = one(envelope())
    assert (row.customer, row.order_id, row.idempotency_key) == ("c-1", "o-1", "e-1")
    assert (row.sequence, row.quantity) == (12, 7.0)
    legacy = envelope(after={"SKU": "A-1", "ON_HAND": "7.5", "KUNDE": 17, "SEQ": None, "VERSION": "3"})
    row = one(legacy, Columns(customer=("kunde",)))
    assert (row.customer, row.quantity, row.sequence) == ("17", 7.5, 3)


@pytest.mark.parametrize(
    ("number", "name"), [(7.0, "7"), (-7.0, "-7"), (2.0**53, f"{2**53}"), (7.5, ""), (2.0**60, "")]
)
def test_an_id_may_come_as_a_whole_double(number: float, name: str) -> None:
    """As Debezium writes decimals where it is told to, such as Oracle's keys; not what a double can't tell apart."""
    assert one(envelope(after={"id": number, "customer_id": number})).customer == name


@pytest.mark.parametrize("odd", [True, {}, [], "x", "1e999", 1e30, 10**30, ""])
def test_a_column_of_an_odd_type_says_nothing(odd: object) -> None:
    """A column may be called `version` and hold anything."""
    row = one(envelope(after={"id": 1, "version": odd, "on_hand": odd, "customer_id": odd if odd != "x" else None}))
    assert row.sequence is None
    assert row.quantity is None or isinstance(odd, float | int)


def test_with_and_without_the_schema_it_is_the_same() -> None:
    """Whether a converter adds it is a setting of the connector."""
    assert one(wrapped(envelope())) == one(envelope())


def test_a_deletion_has_no_row_after_it() -> None:
    """Whose it was is told by the row before; it has no counter and no stock any more."""
    row = one(envelope("d"))
    assert (row.after, row.customer, row.sequence, row.quantity) == ("", "c-1", None, None)


def test_a_snapshot_is_marked() -> None:
    """Its rows did not change just then."""
    assert one(envelope("r")).snapshot
    assert one(envelope("c", source={**envelope()["source"], "snapshot": True})).snapshot  # type: ignore[dict-item]


def test_a_truncation_and_a_message_are_kept() -> None:
    """Neither has a row; a message is what its sender wrote into the log."""
    truncated = one(envelope("t", before=None, after=None))
    assert (truncated.op, truncated.key, truncated.after) == ("t", "", "")
    message = one(envelope("m", before=None, after=None, message={"prefix": "audit", "content": "aGk="}))
    assert (message.op, json.loads(message.after)["prefix"]) == ("m", "audit")


def test_a_transactions_end_says_how_many_there_were() -> None:
    """So that completeness can be checked; its beginning says nothing."""
    marker = one(end(3))
    assert (marker.op, marker.tx, marker.tx_order) == ("end", "571", 3)
    assert told({"status": "BEGIN", "id": "571:100", "event_count": None, "data_collections": None}) == []


@pytest.mark.parametrize(
    "name", ["00000025:00000d08:0025", "9a0bb3a2-8b44-11f0-9d0c-0242ac120002:23", "0a001c00b4030000"]
)
def test_the_id_of_a_transaction_stays_as_other_connectors_write_it(name: str) -> None:
    """Only PostgreSQL's adds what differs from event to event: SQL Server, MySQL and Oracle do not."""
    assert one(envelope(transaction={"id": name, "total_order": 1})).tx == name


def _decimal(field: str, scale: int) -> dict[str, object]:
    """A column of the schema, as Kafka Connect tells a NUMERIC of so many digits after the point."""
    name = "org.apache.kafka.connect.data.Decimal"
    return {"type": "bytes", "name": name, "version": 1, "parameters": {"scale": str(scale)}, "field": field}


class TestDecimals:
    def test_those_of_a_schema_are_written_out(self) -> None:
        """By default Debezium tells them as bytes, with the digits after the point in the schema."""
        row = {**ROW, "on_hand": "A+c=", "total": "/w==", "large": "Aa" * 20, "note": "A+c="}
        columns = [
            _decimal("on_hand", 2),
            _decimal("total", 0),
            _decimal("large", 30),
            {"type": "string", "field": "note"},
        ]
        schema = {"type": "struct", "fields": [{"type": "struct", "field": "after", "fields": columns}]}
        told = one({"schema": schema, "payload": envelope(after=row)})
        after = json.loads(told.after)
        assert (after["on_hand"], after["total"], after["note"], told.quantity) == ("9.99", "-1", "A+c=", 9.99)
        assert after["large"].replace(".", "") == str(int.from_bytes(base64.b64decode("Aa" * 20)))
        assert len(after["large"].partition(".")[2]) == 30

    def test_one_that_says_its_digits_needs_no_schema(self) -> None:
        """As Oracle's NUMBER and PostgreSQL's NUMERIC without a size."""
        key = {"ID": {"scale": 0, "value": "AQ=="}}
        row = one(envelope(after={**ROW, "on_hand": {"scale": -2, "value": "Bw=="}}), key=key)
        assert (row.quantity, row.key) == (700.0, '{"ID":"1"}')

    @pytest.mark.parametrize(
        "odd", [{"scale": 0, "value": "!"}, {"scale": None, "value": "AQ=="}, {"scale": 10**9, "value": "AQ=="},
                {"scale": 0, "value": "A" * 4000}, {"scale": 0, "value": 7}, {"scale": 2, "value": "größe"}],
    )  # fmt: skip
    def test_what_is_none_stays_as_it_came(self, odd: object) -> None:
        """And says nothing of the stock."""
        row = one(envelope(after={**ROW, "on_hand": odd}))
        assert (json.loads(row.after)["on_hand"], row.quantity) == (odd, None)

    @pytest.mark.parametrize(
        "schema", [None, [], {"fields": None}, {"fields": [None, {"field": "after", "fields": 1}]}]
    )
    def test_a_schema_that_is_none_is_let_be(self, schema: object) -> None:
        """Whoever sends what."""
        assert one({"schema": schema, "payload": envelope()}) == one(envelope())


def test_a_tombstone_names_its_key() -> None:
    """With the wrapper too, and by where it stands in Kafka."""

    def tombstone(value: object, key: object) -> RowChange:
        return one(value, key=key, topic="shop.inventory.stock", partition=1, offset=5)

    row = tombstone(None, {"sku": "A-1"})
    assert (row.op, row.key, row.table, row.position) == (
        "tombstone", '{"sku":"A-1"}', "stock", "topic=shop.inventory.stock partition=1 offset=5",
    )  # fmt: skip
    assert tombstone(wrapped(None), wrapped({"sku": "A-1"})) == row


def test_heartbeats_and_schema_changes_say_nothing() -> None:
    """They are on topics of the same prefix."""
    assert told({"ts_ms": 5}) == []
    assert told({"source": {}, "databaseName": "shop", "ddl": "ALTER TABLE x", "tableChanges": []}) == []


class TestKey:
    def test_kafkas_key_goes_first(self) -> None:
        """In the same order of fields, whoever wrote it."""
        assert one(envelope(), key=wrapped({"b": 1, "a": 2}), topic="t").key == '{"a":2,"b":1}'

    def test_without_one_it_is_the_first_column(self) -> None:
        """The HTTP sink sends no keys."""
        assert one(envelope()).key == '{"sku":"A-1"}'

    @pytest.mark.parametrize(
        ("row", "key"),
        [({"sku": "A-1", "on_hand": 1}, '{"sku":"A-1"}'), ({"on_hand": 1, "sku": "A-1"}, '{"id":"A-1"}')],
    )
    def test_a_bare_one_is_named_as_its_column(self, row: dict[str, object], key: str) -> None:
        """Kafka Connect's ExtractField leaves no name: it is the row's first column, if that has it, or called `id`."""
        assert one(envelope(after=row), key="A-1", topic="t").key == key
        assert one(None, key="A-1", topic="t").key == '{"id":"A-1"}'

    def test_settings_name_the_key_where_that_is_wrong(self) -> None:
        """For every table, or for one."""
        assert one(envelope(), Columns(key=("SKU", "order_id"))).key == '{"order_id":"o-1","sku":"A-1"}'
        assert one(envelope(), Columns(key=("stock.order_id", "other.sku"))).key == '{"order_id":"o-1"}'


class TestIdentity:
    def test_a_repeated_delivery_has_the_same_id(self) -> None:
        """After a fault a connector sends again, seen later and told of how far it was; Kafka stores it elsewhere."""
        again = envelope(ts_ms=1795341999999)
        again["source"] = {**envelope()["source"], "sequence": '["100","100"]'}  # type: ignore[dict-item]
        first = one(envelope(), topic="t", partition=0, offset=1, key={"sku": "A-1"})
        assert one(again, topic="t", partition=0, offset=9, key={"sku": "A-1"}).id == first.id

    def test_the_same_message_applied_twice_has_two(self) -> None:
        """The same idempotency key at another position is no repetition of the delivery."""
        first, second = one(envelope(lsn=100)), one(envelope(lsn=101))
        assert first.idempotency_key == second.idempotency_key
        assert first.id != second.id

    def test_rows_at_one_position_are_told_apart(self) -> None:
        """A snapshot reads all rows at one; a change of the key is a deletion and a creation."""
        rows = [one(envelope("r", after={**ROW, "sku": f"A-{n}"})) for n in range(3)]
        assert len({row.id for row in rows}) == 3
        assert one(envelope("d")).id != one(envelope("c")).id

    @pytest.mark.parametrize(
        ("source", "position"),
        [
            ({"connector": "mysql", "file": "binlog.000003", "pos": 154, "row": 1, "gtid": None},
             "file=binlog.000003 pos=154 row=1"),
            ({"connector": "sqlserver", "change_lsn": "0:1:2", "commit_lsn": "0:1:3", "event_serial_no": 1},
             "change_lsn=0:1:2 commit_lsn=0:1:3 event_serial_no=1"),
            ({"connector": "oracle", "scn": "99", "ssn": 0, "txId": "0a"}, "scn=99 ssn=0"),
            ({"connector": "mongodb", "ord": 4, "ts_ms": 5, "collection": "stock"}, "ord=4 ts_ms=5"),
            ({"connector": "other", "sequence": "7"}, "sequence=7"),
            ({"connector": "other", "ts_ms": 5}, "ts_ms=5"),
        ],
    )  # fmt: skip
    def test_each_connectors_position(self, source: dict[str, object], position: str) -> None:
        """By the fields that it has."""
        assert one(envelope(source=source)).position == position

    def test_without_any_position_it_is_kafkas(self) -> None:
        """Better than none."""
        assert one(envelope(source={"connector": "x"}), topic="t", partition=2, offset=3).position == (
            "topic=t partition=2 offset=3"
        )


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"id": 1}, "op"),
        ({"id": 1, "ddl": "ALTER TABLE x"}, "op"),
        ({"id": 1, "tableChanges": 3, "source": "import"}, "op"),
        ({"id": 1, "status": "BEGIN", "ts_ms": 1}, "op"),
        ({"id": 1, "status": "END", "event_count": 3}, "op"),
        ("text", ""),
        ({**envelope(), "op": "x"}, "op"),
        ({**envelope(), "source": None}, "source"),
        ({**envelope(), "source": {"ts_ms": "noon"}}, "source.ts_ms"),
        ({**envelope(), "ts_ms": 10**18}, "ts_ms"),
        ({**envelope(), "after": [1]}, "after"),
        ({**envelope(), "transaction": {"id": "1", "total_order": -1}}, "transaction.total_order"),
        ({**end(), "event_count": None}, "event_count"),
    ],
)
def test_what_is_no_change_event_is_named(value: object, field: str) -> None:
    """A flattened row above all: it does not say what happened."""
    with pytest.raises(BadBody) as caught:
        told(value)
    assert caught.value.faults[0].field == field


def test_mongodbs_documents_are_rows_too() -> None:
    """They come as JSON text."""
    row = one(envelope(after='{"_id": {"$oid": "6"}, "customer_id": "c-9", "on_hand": 2}'))
    assert (row.customer, row.quantity) == ("c-9", 2.0)


def test_mongodbs_types_are_read_as_what_they_are() -> None:
    """Extended JSON marks those that JSON lacks: numbers, times and ids are kept plain, in the key as well."""
    id_ = '{"$oid": "596e275826f08b2730779e1f"}'
    document = {
        "_id": json.loads(id_), "customer_id": {"$numberLong": "1004"}, "on_hand": {"$numberDecimal": "7.5"},
        "version": {"$numberLong": "12"}, "at": {"$date": {"$numberLong": "5"}}, "place": {"$oid": "a", "row": 2},
    }  # fmt: skip
    sent = envelope(after=json.dumps(document), source={"connector": "mongodb", "name": "shop", "collection": "stock"})
    row = one(sent)
    assert (row.customer, row.sequence, row.quantity) == ("1004", 12, 7.5)
    assert json.loads(row.after) == {
        "_id": "596e275826f08b2730779e1f", "customer_id": "1004", "on_hand": "7.5", "version": "12", "at": "5",
        "place": {"$oid": "a", "row": 2},
    }  # fmt: skip
    assert row.key == '{"_id":"596e275826f08b2730779e1f"}'
    keys = [one(sent, key={"id": text}, topic="t").key for text in (id_, "1004", '"A-1"', "no document")]
    assert keys == ['{"id":"596e275826f08b2730779e1f"}', '{"id":1004}', '{"id":"A-1"}', '{"id":"no document"}']


@pytest.mark.parametrize(
    "text", ['{"_id": NaN}', '{"_id": 1e999}', "[" * 200 + "]" * 200, '{"a": ' * 150 + "1" + "}" * 150]
)
def test_a_text_that_is_no_document_stays_as_it_came(text: str) -> None:
    """Such as one with a number that JSON does not know, or that is nested too deeply to be told again."""
    row = one(envelope(after=text, before=None))
    assert (json.loads(row.after), row.key, row.quantity) == (text, "", None)


def test_half_a_character_in_a_document_is_replaced() -> None:
    """In what is read out of it; a whole one stays."""
    row = one(envelope(after=r'{"_id": "a\ud800", "customer_id": "\ud83d\ude00 \udfff"}'))
    assert (row.key, row.customer) == ('{"_id":"a?"}', "😀 ?")
