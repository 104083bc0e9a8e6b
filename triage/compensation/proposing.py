"""The reconciliation and the plan of an incident, from the store, as of a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from queries.store import Store
from triage.compensation.charges import charged
from triage.compensation.model import Action, Line
from triage.compensation.plan import orders_of, plan
from triage.detectors.inventory import inventory
from triage.incident.model import Incident
from triage.rows.kinds import kinds_of
from triage.rows.model import Item
from triage.rows.reconcile import reconciled
from triage.rows.worth import worth
from triage.symptom import Symptom

FIRST_COME = (
    "Orders that can't be served are those beyond the right stock: first come, first served, by the order in which the"
    " database's log has them, so the latest are cancelled."
)
ONE_WAY = "Set a stock or replay its events, not both: lines that settle the same put the same thing right."
ONE_CHARGE = "Pay a charge back once, though several tables tell of it: refunds that settle the same are of one charge."


@dataclass(frozen=True)
class Proposed:
    """The lines of a plan, and what is to be said of all of them."""

    lines: Sequence[Line]
    notes: Sequence[str]


def data_symptoms(incident: Incident) -> list[Symptom]:
    """Those that rows of databases are about."""
    symptoms = (each.symptom for each in incident.symptoms)
    return [each for each in symptoms if each.detector == inventory.__name__ and kinds_of(each)]


def reconciliation(store: Store, incident: Incident, as_of: datetime) -> list[Item]:
    """What each system says of every row concerned, and what it should say. Raises StoreError."""
    return reconciled(store.ask, data_symptoms(incident), as_of)


def proposed(store: Store, incident: Incident, as_of: datetime, items: Sequence[Item] | None = None) -> Proposed:
    """What would make good what the incident did, as known at `as_of`; `items` are its reconciliation, where known.

    Raises StoreError.
    """
    items = reconciliation(store, incident, as_of) if items is None else items
    lines = plan(items, worth(store.ask, orders_of(items), incident.began, as_of))
    notes = notes_of(lines)
    if any(each.symptom.question is not None for each in incident.symptoms):
        charges = charged(store.ask, incident, as_of)
        lines, notes = [*_untold(charges.lines, lines), *lines], [*charges.notes, *notes]
    return Proposed(lines, notes)


def _untold(charges: Sequence[Line], lines: Sequence[Line]) -> list[Line]:
    """What spans tell, without the refunds of charges that rows tell of, too, and of orders that are cancelled."""
    refunded = {line.settles for line in lines if line.action is Action.REFUND}
    cancelled = {line.order for line in lines if line.action is Action.CANCEL}
    return [
        line
        for line in charges
        if line.action is not Action.REFUND
        or (line.settles not in refunded if line.settles else line.order not in cancelled)
    ]


def notes_of(lines: Sequence[Line]) -> list[str]:
    """What is to be said of all lines of a plan for rows."""
    actions = {line.action for line in lines}
    charges = [line.settles for line in lines if line.action is Action.REFUND and line.settles]
    said = {
        ONE_CHARGE: len(set(charges)) < len(charges),
        FIRST_COME: Action.CANCEL in actions,
        ONE_WAY: Action.REPLAY in actions,
    }
    return [note for note, is_due in said.items() if is_due]
