"""The reconciliation and the plan of an incident, from the store, as of a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from queries.store import Store
from triage.compensation.charges import charged
from triage.compensation.model import Line
from triage.compensation.plan import orders_of, plan
from triage.detectors.inventory import inventory
from triage.incident.model import Incident
from triage.rows.concerned import LOOKBACK
from triage.rows.model import Item
from triage.rows.reconcile import reconciled
from triage.symptom import Ask, Symptom

AT_ONCE = 1000
FIRST_COME = (
    "Orders that can't be served are those beyond the right stock: first come, first served, by the order in which the"
    " database's log has them, so the latest are cancelled."
)
ONE_WAY = "Set a stock or replay its events, not both: lines with the same `settles` put the same thing right."


@dataclass(frozen=True)
class Proposed:
    """The lines of a plan, and what is to be said of all of them."""

    lines: Sequence[Line]
    notes: Sequence[str]


def data_symptoms(incident: Incident) -> list[Symptom]:
    """Those that rows of databases are about."""
    symptoms = (each.symptom for each in incident.symptoms)
    return [each for each in symptoms if each.detector == inventory.__name__ and "kind" in each.labels]


def reconciliation(store: Store, incident: Incident, as_of: datetime) -> list[Item]:
    """What each system says of every row concerned, and what it should say. Raises StoreError."""
    return reconciled(store.ask, data_symptoms(incident), as_of)


def proposed(store: Store, incident: Incident, as_of: datetime) -> Proposed:
    """What would make good what the incident did, as known at `as_of`. Raises StoreError."""
    items = reconciliation(store, incident, as_of)
    lines = plan(items, worth(store.ask, orders_of(items), incident.began, as_of))
    notes = [FIRST_COME, ONE_WAY] if items else []
    if any(each.symptom.question is not None for each in incident.symptoms):
        charges = charged(store.ask, incident, as_of)
        lines, notes = [*charges.lines, *lines], [*charges.notes, *notes]
    return Proposed(lines, notes)


def worth(ask: Ask, orders: set[str], began: datetime, as_of: datetime) -> Mapping[str, Mapping[str, Decimal]]:
    """What orders are worth, by currency: the largest amount that a span of theirs names. Raises StoreError."""
    found: dict[str, dict[str, Decimal]] = {}
    names = sorted(orders)
    for first in range(0, len(names), AT_ONCE):
        rows = ask(
            "incidents/order_amounts", **{"from": began - LOOKBACK}, to=as_of, orders=names[first : first + AT_ONCE]
        )
        for order, currency, amount in rows.rows():
            found.setdefault(str(order), {})[str(currency)] = Decimal(amount)
    return found
