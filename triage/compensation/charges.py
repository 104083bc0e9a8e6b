"""Orders that failing requests left half done: charged and not placed, or the reverse, as far as telemetry shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from triage.compensation.model import Action, Evidence, Line, key_of
from triage.incident.model import Incident
from triage.rows.concerned import utc
from triage.rows.worth import worth
from triage.symptom import Ask

CHARGING = r"\b(charge|charges|capture|captures|payments?)\b"
"""What spans that charge are called: `POST /v1/charges`, `capture`."""
SETTLED = timedelta(seconds=30)


@dataclass(frozen=True)
class Charged:
    """The lines, and what is to be said where there are none."""

    lines: tuple[Line, ...]
    notes: tuple[str, ...]


def charged(ask: Ask, incident: Incident, as_of: datetime) -> Charged:
    """What to refund or collect after an incident's failing requests, as known at `as_of`. Raises StoreError.

    Charges of the last half minute are left out: their requests may go on.
    """
    to = min(incident.ended or as_of, as_of - SETTLED)
    if to <= incident.began:
        return Charged((), (YOUNG,))
    frame = ask("incidents/charges", **{"from": incident.began}, to=to, as_of=as_of, words=CHARGING)
    amounts = worth(ask, (str(row["order_id"]) for row in frame.iter_rows(named=True)), incident.began, as_of)
    lines = tuple(_line(row, amounts.get(str(row["order_id"]), {})) for row in frame.iter_rows(named=True))
    return Charged(lines, (SEEN if lines else NONE,))


YOUNG = "Failing requests: too young to tell which orders they left half done; ask again in a minute."
NONE = (
    "Failing requests: no client span called charge, capture or payment shows an order charged and not placed, placed"
    " and not charged, or charged twice. What the telemetry does not show, the payment provider's report may."
)
SEEN = (
    "Failing requests: charges are client spans called charge, capture or payment, and an order was placed where the"
    " request that charges it went well, then or later. Compare with the payment provider's report."
)


def _line(row: Mapping[str, object], amount: Mapping[str, Decimal]) -> Line:
    well, placed, order = int(str(row["charges_well"])), bool(row["is_placed"]), str(row["order_id"])
    if well and not placed:
        action, reason = Action.REFUND, "it was charged, and no request to place it has gone well since"
    elif well:
        action, reason = Action.REFUND, f"it was charged in {well} requests: refund all but one"
    else:
        action, reason = (
            Action.COLLECT,
            f"it was placed, and all {row['charges_failed']} charges for it failed: collect, unless paid otherwise",
        )
    evidence = Evidence(
        trace_id=str(row["trace_id"]), span_id=str(row["span_id"]), time=utc(cast(datetime, row["time"]))
    )
    customer = str(row["customer"] or "")
    return Line(action, key_of(action, order), reason, order=order, customer=customer, amount=amount, evidence=evidence)
