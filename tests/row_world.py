"""Small worlds of row changes, put into a store as Debezium tells them: who changes which row when, of what system."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from collectors.sources import debezium
from collectors.sources.events import line
from collectors.sources.source import Columns, Delivery
from queries.store import Store

T0 = 1_790_085_600
LAG_S = 0.1
Row = Mapping[str, str | int | float | None]
_tokens = count(1)


@dataclass(frozen=True)
class Change:
    """One row that changed so many seconds after T0; changes of one `tx` belong together."""

    system: str
    table: str
    at_s: float
    after: Row
    op: str = "u"
    before: Row | None = None
    tx: str = ""
    number: int = 1
    lag_s: float = LAG_S
    db: str = "db"


@dataclass
class World:
    """What was told: changes and the ends of transactions; `lost` ones happened, and never came.

    `to_ms`: times are told to the millisecond, as old connectors do. `binlog`: to the second, with a place in a
    file, as MySQL's does without GTIDs; a change's number is its row's in its statement.
    """

    changes: list[Change] = field(default_factory=list)
    lost: list[Change] = field(default_factory=list)
    ended: bool = False
    to_ms: bool = False
    binlog: bool = False

    def tell(self, store: Store, columns: Columns | None = None) -> None:
        """Inserts it all."""
        told: list[dict[str, object]] = [
            _envelope(place, change, self.to_ms) | (_in_binlog(place, change) if self.binlog else {})
            for place, change in enumerate(self.changes)
        ]
        told += _ends([*self.changes, *self.lost]) if self.ended else []
        body = json.dumps(told).encode()
        lines = [line(event) for event in debezium.read(Delivery({}, body, T0 * 10**9), columns or Columns())]
        joined = b"".join(each if each.endswith(b"\n") else each + b"\n" for each in lines)
        store.insert("events", joined, f"rows-{next(_tokens)}")


def moment(second: float) -> datetime:
    """So many seconds after T0."""
    return datetime.fromtimestamp(T0 + second, UTC)


def stock(
    system: str, at_s: float, sku: str, on_hand: int, order: str = "", customer: str = "", **more: object
) -> Change:
    """A count of one sku, set for an order."""
    column = {"shop": ("sku", "on_hand", "order_id", "customer_id")}.get(
        system, ("SKU", "ON_HAND", "ORDER_ID", "CUSTOMER_ID")
    )
    after = dict(zip(column, (sku, on_hand, order or None, customer or None), strict=True))
    table = "shop.stock" if system == "shop" else "erp.STOCK"
    return Change(system, table, at_s, after, **more)  # type: ignore[arg-type]  # what is given has the fields' types


def _envelope(place: int, change: Change, to_ms: bool) -> dict[str, object]:
    schema, _, table = change.table.partition(".")
    at_ns = int((T0 + change.at_s) * 10**9)
    return {
        "op": change.op,
        "before": change.before,
        "after": change.after,
        "source": {
            "connector": "postgresql", "name": change.system, "db": change.db, "schema": schema, "table": table,
            "lsn": 1000 + place, "snapshot": str(change.op == "r").lower(), **_times(at_ns, to_ms),
        },
        "transaction": {"id": change.tx, "total_order": change.number} if change.tx else None,
        **_times(at_ns + int(change.lag_s * 10**9), to_ms),
    }  # fmt: skip


def _in_binlog(place: int, change: Change) -> dict[str, object]:
    db, _, table = change.table.partition(".")
    at = {"file": "binlog.000003", "pos": 1000 + 400 * (place - change.number), "row": change.number - 1}
    return {
        "source": {
            "connector": "mysql", "name": change.system, "db": db, "table": table, "snapshot": "false", "gtid": None,
            "ts_ms": int(T0 + change.at_s) * 1000, **at,
        }
    }  # fmt: skip


def _times(at_ns: int, to_ms: bool) -> dict[str, int]:
    return {"ts_ms": at_ns // 10**6} if to_ms else {"ts_ms": at_ns // 10**6, "ts_ns": at_ns}


def _ends(changes: Sequence[Change]) -> Iterable[dict[str, object]]:
    by_tx: dict[str, list[Change]] = {}
    for change in changes:
        if change.tx:
            by_tx.setdefault(change.tx, []).append(change)
    for tx, of_it in by_tx.items():
        tables = Counter(change.table for change in of_it)
        yield {
            "status": "END",
            "id": tx,
            "event_count": len(of_it),
            "data_collections": [{"data_collection": name, "event_count": many} for name, many in tables.items()],
            "ts_ns": int((T0 + max(change.at_s for change in of_it) + LAG_S) * 10**9),
        }
