"""Orders that failing requests left half done: charged and not placed, or the reverse, as far as telemetry shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypedDict, cast

from triage.compensation.model import Action, Evidence, Line, charged_again, key_of
from triage.incident.model import Incident
from triage.rows.concerned import LOOKBACK, utc
from triage.rows.worth import worth
from triage.symptom import Ask

CHARGING = r"\b(charge|charges|capture|captures|payments?)\b"
"""What spans that charge are called: `POST /v1/charges`, `capture`."""
ASKING = "get|list|fetch|find|retrieve|search|delete|voids?"
NO_CHARGE = (
    rf"(^|[^A-Za-z])(({ASKING.upper()}|HEAD|OPTIONS)([^A-Za-z]|$)|({ASKING})([^a-z]|$))"
    rf"|({ASKING.title()})([^a-z]|$)"
    r"|(?i:refund|cancel|revers)"
)
"""What those of them are called that only ask of a payment, or undo it: with such a verb as a word of its own, anywhere
(`GET /v1/payments/{id}`, `charges.list`, `payments.Api/GetPayment`), or as `refund payment`."""
SETTLED = timedelta(seconds=30)
"""So long a request goes on at most."""

Charge = TypedDict("Charge", {"1": str, "2": str, "3": datetime})
"""The trace, the span, its time: as charges.sql gives them."""


@dataclass(frozen=True)
class Charged:
    """The lines, and what is to be said where there are none."""

    lines: tuple[Line, ...]
    notes: tuple[str, ...]


def charged(ask: Ask, incident: Incident, as_of: datetime) -> Charged:
    """What to refund or collect after an incident's failing requests, as known at `as_of`. Raises StoreError.

    Of the orders that were charged in the incident (what fails in a request may come before its charge, or after), by
    what has become of them since. Charges of the last half minute are not paid back yet: their requests may go on.
    """
    settled = as_of - SETTLED
    if settled <= incident.began:
        return Charged((), (YOUNG,))
    window = {"from": incident.began - SETTLED, "to": min((incident.ended or as_of) + SETTLED, settled)}
    known = {"before": incident.began - LOOKBACK, "settled": settled, "as_of": as_of}
    frame = ask("incidents/charges", **window, **known, words=CHARGING, other_words=NO_CHARGE)
    amounts = worth(ask, (str(row["order_id"]) for row in frame.iter_rows(named=True)), incident.began, as_of)
    lines = tuple(
        line for row in frame.iter_rows(named=True) for line in _lines(row, amounts.get(str(row["order_id"]), {}))
    )
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


NOT_PLACED = "it was charged, and no request to place it has gone well since"


def _lines(row: Mapping[str, object], amount: Mapping[str, Decimal]) -> Iterator[Line]:
    """A refund for each charge that went well and is not due; what is to be collected, where none went well."""
    order, placed = str(row["order_id"]), bool(row["is_placed"])
    charges = _of_each_request(cast(Sequence[Charge], row["went_well"]))
    common = Line(Action.REFUND, "", NOT_PLACED, order=order, customer=str(row["customer"] or ""), amount=amount)
    if not charges:
        yield _collected(common, row)
    if placed:
        common = replace(common, reason=f"it was charged in {len(charges)} requests, and this charge is one too many")
    for number, charge in enumerate(charges[placed:], start=1):
        further, again = [str(number)] if number > 1 else [], number if placed else number - 1
        yield replace(
            common,
            idempotency_key=key_of(Action.REFUND, order, *further),
            settles=charged_again(order, again) if again else "",
            evidence=_evidence(charge),
        )


def _collected(common: Line, row: Mapping[str, object]) -> Line:
    return replace(
        common,
        action=Action.COLLECT,
        idempotency_key=key_of(Action.COLLECT, common.order),
        reason=f"it was placed, and all {row['charges_failed']} charges for it failed: collect, unless paid otherwise",
        evidence=_evidence({"1": str(row["trace_id"]), "2": str(row["span_id"]), "3": cast(datetime, row["time"])}),
    )


def _of_each_request(charges: Sequence[Charge]) -> list[Charge]:
    """The first charge of each request: those that follow within it are taken for the same."""
    found: dict[str, Charge] = {}
    for charge in charges:
        found.setdefault(charge["1"], charge)
    return list(found.values())


def _evidence(charge: Charge) -> Evidence:
    return Evidence(trace_id=charge["1"], span_id=charge["2"], time=utc(charge["3"]))
