"""What others are handed of an incident in the data, as its page shows it: first rows, first lines, downloads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from queries.store import Store
from triage.compensation.model import Action
from triage.compensation.plan import orders_of, plan
from triage.compensation.proposing import FIRST_COME, ONE_WAY, data_symptoms, reconciliation, worth
from triage.compensation.text import plan_sentence, rows_sentence
from triage.compensation.wire import PROPOSAL, LineJson, PlanJson
from triage.incident.model import Incident
from triage.rows.wire import ItemJson, ReconciliationJson

SHOWN = 8


@dataclass(frozen=True)
class Handouts:
    """The sentences over all of it, and the beginning of each list."""

    rows_said: str
    rows: Sequence[ItemJson]
    rows_left: int
    plan_said: str
    proposal: str
    lines: Sequence[LineJson]
    lines_left: int


def handouts(store: Store, incident: Incident, now: datetime) -> Handouts | None:
    """Of an incident in the data; None of any other. Raises StoreError."""
    if not data_symptoms(incident):
        return None
    items = reconciliation(store, incident, now)
    lines = plan(items, worth(store.ask, orders_of(items), incident.began, now))
    wrong = sorted(items, key=lambda item: -abs(item.difference or 0))
    rows = ReconciliationJson.page(incident.id, now, items, wrong[:SHOWN], None)
    told = PlanJson.page(incident.id, now, lines, [FIRST_COME, ONE_WAY], 0, len(lines), None)
    people = [line for line in told.items if line.action is not Action.REPLAY]
    return Handouts(
        rows_said=rows_sentence(rows),
        rows=rows.items,
        rows_left=rows.rows - len(rows.items),
        plan_said=plan_sentence(told),
        proposal=PROPOSAL,
        lines=people[:SHOWN],
        lines_left=told.lines - len(people[:SHOWN]),
    )
