"""Row changes as Debezium tells them: a change event each, in its order, and the end of each transaction.

Now and then the last ones come once more.
"""

import json
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random

from triage.demo.post import CDC_PATH, JSON, Post
from triage.demo.request import MS_NS, SECOND_NS
from triage.demo.stock import RowChange, Table

EVERY_S = 2
LAG_NS = 120 * MS_NS
BATCH = 250
RESTARTS_EVERY_S = 300.0
"""The mean time after which a connector starts anew, at the last offset that it has kept."""
SENT_AGAIN = 30
COMMIT = 48  # bytes of the log behind a transaction's last change, where it ends

Json = str | int | None | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class End:
    """The marker that follows the last change of a transaction."""

    changes: tuple[RowChange, ...]


class Feed:
    """One connector. It sends what it has every so many seconds of shop time, in arrays, at least once."""

    def __init__(self, connector: str, seed: int) -> None:
        self._dice = Random(f"{seed} {connector}")
        self._waiting: list[RowChange] = []
        self._sent: deque[RowChange | End] = deque(maxlen=SENT_AGAIN)
        self._next_ns = self._restart_ns = 0
        self.every_s = EVERY_S

    def add(self, change: RowChange) -> None:
        """Notes a row change; they come in order."""
        self._waiting.append(change)

    def due(self, now_ns: int, *, all_of_it: bool = False) -> Iterator[Post]:
        """What is to be sent now."""
        if not self._waiting or (now_ns < self._next_ns and not all_of_it):
            return
        self._next_ns = now_ns + self.every_s * SECOND_NS
        told = [_told(one, now_ns) for one in self._again(now_ns)]
        fresh = [*_with_ends(self._waiting)]
        told += [_told(one) for one in fresh]
        self._sent.extend(fresh)
        self._waiting = []
        for first in range(0, len(told), BATCH):
            body = json.dumps(told[first : first + BATCH], ensure_ascii=False, separators=(",", ":")).encode()
            yield Post(now_ns, CDC_PATH, JSON, body)

    def _again(self, now_ns: int) -> Iterable[RowChange | End]:
        """After a restart, those whose offset was not kept: they were sent before, and come in their order."""
        if now_ns < self._restart_ns:
            return ()
        began = not self._restart_ns
        self._restart_ns = now_ns + int(self._dice.expovariate(1 / RESTARTS_EVERY_S) * SECOND_NS)
        return () if began else list(self._sent)[-self._dice.randint(1, SENT_AGAIN) :]


def _with_ends(changes: Sequence[RowChange]) -> Iterator[RowChange | End]:
    """Each transaction's changes, and then its end. What is read for a snapshot is of no transaction."""
    for (_, op_is_read), group in groupby(changes, key=lambda change: (change.tx, change.op == "r")):
        of_one = tuple(group)
        yield from of_one
        if not op_is_read:
            yield End(of_one)


def _told(one: RowChange | End, captured_ns: int | None = None) -> dict[str, Json]:
    """As it is sent; captured a moment after it happened unless a time is given."""
    if isinstance(one, End):
        return marker(one)
    return envelope(one, one.at_ns + LAG_NS if captured_ns is None else captured_ns)


def marker(end: End) -> dict[str, Json]:
    """The end of a transaction: how many events it had in each table."""
    last = end.changes[-1]
    tables = Counter(_collection(change.table) for change in end.changes)
    return {
        "status": "END",
        "id": _event_tx(last, last.position + COMMIT),
        "event_count": len(end.changes),
        "data_collections": [{"data_collection": name, "event_count": count} for name, count in tables.items()],
        **_times(last.at_ns + LAG_NS),
    }


def _collection(table: Table) -> str:
    """A table as its connector names it: Oracle's with the database before it."""
    name = f"{table.schema}.{table.name}"
    return name if table.connector == "inventory" else f"SHOP.{name}"


def envelope(change: RowChange, captured_ns: int) -> dict[str, Json]:
    """A change event with its whole envelope, without the schema, as the connector makes it at `captured_ns`."""
    return {
        "before": None if change.before is None else {**change.before},
        "after": {**change.after},
        "source": _SOURCES[change.table.connector](change),
        "transaction": None
        if change.op == "r"
        else {"id": _event_tx(change, change.position), "total_order": change.number, "data_collection_order": 1},
        "op": change.op,
        **_times(captured_ns),
    }


def _postgresql(change: RowChange) -> dict[str, Json]:
    return {
        **_source(change, "postgresql", "inventory"),
        "sequence": f'["{change.position - 48}","{change.position}"]',
        "txId": change.tx,
        "lsn": change.position,
        "xmin": None,
    }


def _oracle(change: RowChange) -> dict[str, Json]:
    return {
        **_source(change, "oracle", "SHOP"),
        "sequence": None,
        "txId": _tx(change),
        "scn": str(change.position),
        "commit_scn": str(change.position + 2),
        "lcr_position": None,
        "rs_id": f"{change.tx >> 8:06x}.{change.position >> 9:08x}.{change.position & 0x1FF:04x}",
        "ssn": 0,
        "redo_thread": 1,
        "user_name": "SHOP",
        "redo_sql": None,
    }


def _source(change: RowChange, connector: str, db: str) -> dict[str, Json]:
    table: Table = change.table
    return {
        "version": "3.3.1.Final",
        "connector": connector,
        "name": table.connector,
        "snapshot": "true" if change.op == "r" else "false",
        "db": db,
        "schema": table.schema,
        "table": table.name,
        **_times(change.at_ns),
    }


def _tx(change: RowChange) -> str:
    """As the connector writes a transaction's id."""
    if change.table.connector == "inventory":
        return str(change.tx)
    return f"{change.tx & 0xFFFFFFFF:08x}00000000"


def _event_tx(change: RowChange, position: int) -> str:
    """As it stands in an event of the transaction: PostgreSQL's connector adds where in the log the event stands."""
    return f"{_tx(change)}:{position}" if change.table.connector == "inventory" else _tx(change)


def _times(at_ns: int) -> dict[str, Json]:
    return {"ts_ms": at_ns // MS_NS, "ts_us": at_ns // 1000, "ts_ns": at_ns}


_SOURCES = {"inventory": _postgresql, "monolith": _oracle}
