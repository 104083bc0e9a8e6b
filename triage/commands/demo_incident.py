"""What the demo tells of a fault that fails no request: the rows and the customers on them, or the figure that fell."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from queries.store import Store
from triage.compensation.plan import plan
from triage.compensation.proposing import data_symptoms, reconciliation
from triage.compensation.text import plan_sentence, reconciliation_text, rows_sentence
from triage.compensation.wire import PlanJson
from triage.detectors.kpi_moved import kpi_moved
from triage.incident.impact import customers_on_rows, hit_by
from triage.incident.model import Incident
from triage.model import AffectedCustomer
from triage.rows.wire import ReconciliationJson
from triage.terminal import columns

ROWS = 5
CUSTOMERS = ("CUSTOMER", "ROWS", "FIRST", "LAST", "ORDERS")


def incident_story(store: Store, incident: Incident, width: int | None, at: str) -> Iterator[str]:
    """The incident in some lines; `at` is the option with which commands find the service. Raises StoreError."""
    now = datetime.now(UTC)
    if incident.answer.likely_cause:
        yield f"Probably {incident.answer.likely_cause}. No request failed."
    if not data_symptoms(incident):
        yield from _figures(incident)
        return
    items = reconciliation(store, incident, now)
    rows = ReconciliationJson.page(incident.id, now, items, items, None)
    customers = hit_by(store, incident, now, customers_on_rows(store)).customers
    yield from ("", "Which customers are on the rows?", "")
    yield from columns(CUSTOMERS, map(_cells, customers[:ROWS]), right={"ROWS"}, width=width)
    yield from _left(customers)
    yield from ("", "What do the systems say, and what is right?")
    yield from reconciliation_text(rows, width, ROWS)
    lines = plan(items, {})
    yield ""
    yield f"To make it good: {plan_sentence(PlanJson.page(incident.id, now, lines, (), 0, 0, None))}"
    yield f"`triage incidents reconcile {incident.id}{at}` shows all of it, and `compensate` what to make good."


def rows_told(store: Store, incident: Incident) -> str:
    """How many rows it concerned in the end, or what its figure came to."""
    if not data_symptoms(incident):
        return " ".join(_figures(incident))
    now = datetime.now(UTC)
    items = reconciliation(store, incident, now)
    return rows_sentence(ReconciliationJson.page(incident.id, now, items, (), None))


def is_of_a_figure(incident: Incident) -> bool:
    """Whether it is about a figure of the shop's business."""
    return any(each.symptom.detector == kpi_moved.__name__ for each in incident.symptoms)


def _figures(incident: Incident) -> Iterator[str]:
    for each in incident.symptoms:
        yield f"{each.symptom.sentence}."
    yield "Customers who did not get to buy have no failing request that would name them."


def _cells(item: AffectedCustomer) -> tuple[str, ...]:
    return (
        item.customer,
        str(item.failures),
        f"{item.first.astimezone(UTC):%H:%M:%S}",
        f"{item.last.astimezone(UTC):%H:%M:%S}",
        ", ".join(item.orders[:3]),
    )


def _left(customers: Sequence[AffectedCustomer]) -> Iterator[str]:
    if len(customers) > ROWS:
        yield f"… and {len(customers) - ROWS:,} more"
