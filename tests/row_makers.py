"""Row changes by hand, as small as a test wants them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from triage.rows.model import RowChange, Wrong
from triage.rows.thing import Other, Thing

T0 = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds after T0."""
    return T0 + timedelta(seconds=seconds)


def stock(seconds: float, on_hand: float, sequence: int | None = None, **more: object) -> RowChange:
    """The count of sku A after a change, in the shop."""
    return change(seconds, {"sku": "A", "on_hand": on_hand}, quantity=on_hand, sequence=sequence, **more)


def moved(seconds: float, pieces: float, key: str, order: str = "", customer: str = "", **more: object) -> RowChange:
    """Pieces of sku A that came or went."""
    row = {"movement": key, "sku": "A", "quantity": pieces}
    given = {"table": "shop.movements", "op": "c", "names": "A", "idempotency_key": key, **more}
    return change(seconds, row, quantity=pieces, order=order, customer=customer, **given)


def change(seconds: float, row: dict[str, object], **more: object) -> RowChange:
    """Any change: its id and transaction are made of when it was, unless they are given."""
    made: dict[str, object] = {
        "system": "shop", "table": "shop.stock", "id": f"id-{seconds}", "key": '{"sku":"A"}', "names": "A",
        "time": at(seconds), "captured": at(seconds), "op": "u", "row_before": "", "row": json.dumps(row),
        "position": f"lsn={seconds}", "tx": f"tx-{seconds}", "tx_order": 1, "topic": "", "partition": -1, "offset": 0,
        "idempotency_key": "", "customer": "", "order": "", "sequence": None, "quantity": None,
    }  # fmt: skip
    return RowChange(**(made | more))  # type: ignore[arg-type]  # what is made has the fields' types


def erp(seconds: float, on_hand: float) -> RowChange:
    """The count of sku A in the ERP."""
    row = {"SKU": "A", "ON_HAND": on_hand}
    return change(
        seconds, row, system="erp", table="erp.STOCK", key='{"SKU":"A"}', quantity=on_hand, id=f"erp-{seconds}"
    )


def thing(
    own: Sequence[RowChange], wrong: Sequence[Wrong], movements: Sequence[RowChange] = (), sign: int = 0,
    others: Sequence[Other] = (),
) -> Thing:  # fmt: skip
    """The stock of sku A in the shop."""
    return Thing("shop", "shop.stock", "A", own, wrong, movements, sign, others)
