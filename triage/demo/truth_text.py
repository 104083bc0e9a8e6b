"""The truth as JSON: what happened, when and why, and the exact set of customers hit, each with its outcome.

Where requests failed or were slow, the question that finds the customers comes first, and under `also` others with
their answers. Where the symptom is no request's, `question` is null: of figures (`kpi-drop`) nobody was hit by
anything that can be seen, and `kept_from_buying` says whom it kept from it. In the data (`inventory-…`) it is the
customers on the rows that are wrong, with these rows: the stale updates, or the second and later applications. Nothing
failed visibly for them, so that their outcome is `masked`.
"""

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from triage.demo.answer import Answer, Hit, total, worth
from triage.demo.fault import Scenario
from triage.demo.model import Shop
from triage.demo.request import SECOND_NS, Order
from triage.demo.stock import RowChange, StockMove

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True)
class Account:
    """All that there is to tell of one fault; times in ns since 1970."""

    shop: Shop
    scenario: Scenario
    start_ns: int | None
    end_ns: int | None
    as_of_ns: int
    answers: tuple[Answer, ...]
    rows: tuple[RowChange, ...]
    """Those that are wrong by this fault."""
    unsold: tuple[tuple[str, Order], ...]
    """The orders that could not be sent, and whose they are ("" where the telemetry does not name them)."""


def truth_json(account: Account) -> str:
    """The document, with a newline at its end."""
    scenario = account.scenario
    written: dict[str, Json] = {
        "scenario": scenario.name,
        "seed": account.shop.seed,
        "rate": account.shop.rate,
        "fault": scenario.fault,
        "cause": scenario.cause,
        "start": None if account.start_ns is None else rfc3339(account.start_ns),
        "end": None if account.end_ns is None else rfc3339(account.end_ns),
        "as_of": rfc3339(account.as_of_ns),
    }
    answers = [_written(answer) for answer in account.answers]
    if scenario.unsold:
        written |= _NOBODY | {"kept_from_buying": _kept(account.unsold), "also": [*answers]}
    elif scenario.in_rows:
        hit = _on_rows(account.rows)
        written |= _NOBODY | {"masked": len(hit), "rows": len(account.rows), "customers": [*hit], "also": [*answers]}
    else:
        written |= answers[0] | {"also": [*answers[1:]]}
    return json.dumps(written, indent=1, ensure_ascii=False) + "\n"


_NOBODY: dict[str, Json] = {
    "question": None,
    "not_recovered": 0,
    "recovered": 0,
    "masked": 0,
    "failures": 0,
    "failed_requests": 0,
    "unattributed_failures": 0,
    "ambiguous_failures": 0,
    "amount_at_risk": {},
    "customers": [],
}


def _kept(unsold: tuple[tuple[str, Order], ...]) -> dict[str, Json]:
    return {
        "customers": [*sorted({customer for customer, _ in unsold if customer})],
        "orders": len(unsold),
        "amount": {**total((order.amount, order.currency) for _, order in unsold)},
    }


def _on_rows(rows: tuple[RowChange, ...]) -> list[Json]:
    """The customers whom the rows name, each with theirs."""
    by_customer: dict[str, list[tuple[RowChange, StockMove]]] = defaultdict(list)
    for row in rows:
        if row.because is not None:
            by_customer[row.because.customer].append((row, row.because))
    return [
        {
            "customer": customer,
            "outcome": "masked",
            "first": rfc3339(min(row.at_ns for row, _ in theirs)),
            "last": rfc3339(max(row.at_ns for row, _ in theirs)),
            "orders": [*sorted({move.order for _, move in theirs})],
            "rows": [_written_row(row, move) for row, move in theirs],
        }
        for customer, theirs in sorted(by_customer.items())
    ]


def _written_row(row: RowChange, move: StockMove) -> Json:
    return {
        "connector": row.table.connector,
        "table": f"{row.table.schema}.{row.table.name}",
        "key": row.after[row.table.key],
        "time": rfc3339(row.at_ns),
        "position": row.position,
        "order": move.order,
        "sku": move.sku,
        "sequence": row.after["sequence"],
        "idempotency_key": row.after.get("idempotency_key", row.after.get("event_id")),
    }


def _written(answer: Answer) -> dict[str, Json]:
    question: dict[str, Json] = {name: value or None for name, value in asdict(answer.question).items()}
    question |= {"from": rfc3339(answer.from_ns), "to": rfc3339(answer.to_ns)}
    return {
        "question": question,
        "not_recovered": answer.count("not_recovered"),
        "recovered": answer.count("recovered"),
        "masked": answer.count("masked"),
        "failures": answer.failures,
        "failed_requests": answer.failed_requests,
        "unattributed_failures": answer.unattributed_failures,
        "ambiguous_failures": 0,
        "amount_at_risk": {**worth(hit for hit in answer.hits if hit.outcome == "not_recovered")},
        "customers": [_written_hit(hit) for hit in answer.hits],
    }


def _written_hit(hit: Hit) -> dict[str, Json]:
    return {
        "customer": hit.customer,
        "outcome": hit.outcome,
        "failures": hit.failures,
        "failed_requests": hit.failed_requests,
        "first": rfc3339(hit.first_ns),
        "last": rfc3339(hit.last_ns),
        "recovered_at": None if hit.recovered_ns is None else rfc3339(hit.recovered_ns),
        "last_attempt": rfc3339(hit.last_attempt_ns),
        "orders": [*sorted(hit.orders)],
        "amount": {**hit.amount},
    }


def rfc3339(time_ns: int) -> str:
    """A time in ns since 1970 to the nanosecond, as `2026-11-22T10:00:00.000000000Z`."""
    return f"{datetime.fromtimestamp(time_ns // SECOND_NS, UTC):%Y-%m-%dT%H:%M:%S}.{time_ns % SECOND_NS:09d}Z"
