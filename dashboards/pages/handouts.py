"""What others are handed of an incident in the data, as its page shows it: first rows, first lines, downloads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from queries.store import Store
from triage.compensation.model import Action
from triage.compensation.proposing import data_symptoms, proposed, reconciliation
from triage.compensation.text import plan_sentence, rows_sentence
from triage.compensation.wire import PROPOSAL, LineJson, PlanJson
from triage.incident.model import Incident
from triage.rows.columns import columns_of
from triage.rows.wire import ItemJson, ReconciliationJson

SHOWN = 8
OF_EACH = 3


@dataclass(frozen=True)
class Handouts:
    """The sentences over all of it, and the beginning of each list."""

    rows_said: str
    rows: Sequence[ItemJson]
    rows_left: int
    plan_said: str
    proposal: str
    notes: Sequence[str]
    lines: Sequence[LineJson]
    lines_left: int


def handouts(store: Store, incident: Incident, now: datetime) -> Handouts | None:
    """Of an incident in the data; None of any other. Raises StoreError."""
    if not data_symptoms(incident):
        return None
    items = reconciliation(store, incident, now)
    made = proposed(store, incident, now, items)
    wrong = sorted(items, key=lambda item: -abs(item.difference or 0))
    rows = ReconciliationJson.page(incident.id, now, items, wrong[:SHOWN], None)
    told = PlanJson.page(incident.id, now, made.lines, made.notes, 0, len(made.lines), None)
    first = [*_some_of_each(told.items)]
    return Handouts(
        rows_said=rows_sentence(rows),
        rows=rows.items,
        rows_left=rows.rows - len(rows.items),
        plan_said=plan_sentence(told),
        proposal=PROPOSAL,
        notes=told.notes,
        lines=first,
        lines_left=told.lines - len(first),
    )


def _some_of_each(lines: Sequence[LineJson]) -> Iterator[LineJson]:
    """The first lines of each action, in the plan's order."""
    for action in Action:
        yield from [line for line in lines if line.action is action][:OF_EACH]


def row_name(key: str) -> str:
    """A row's key as it is said: its only value, or column by column."""
    columns = columns_of(key)
    if len(columns) == 1:
        return str(*columns.values())
    return ", ".join(f"{name} {value}" for name, value in columns.items()) or key
