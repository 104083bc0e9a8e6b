"""What a postmortem is drafted from: the incident, whom it hit, what changed, and the symptom over time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from queries.errors import StoreError
from queries.store import Store
from triage.changes import Change, changes
from triage.incident.fold import SYMPTOM
from triage.incident.impact import CustomersOf, hit_by
from triage.incident.model import Impact, Incident, Kind
from triage.incident.naming import naming
from triage.incident.series import Series, symptom_series
from triage.model import AffectedCustomer, Evidence
from triage.postmortem.rows import Rows, rows_now
from triage.suspects import BEFORE
from triage.symptom import Symptom
from triage.window import Window

AROUND = timedelta(minutes=20)
"""What a figure shows before it began and after it ended, at least."""
MOST_ERRORS = 3


@dataclass(frozen=True)
class SaidBySpans:
    """What `count` failing spans of a service say, and the first of them."""

    first: Evidence
    count: int


@dataclass(frozen=True)
class Facts:
    """All that is known, as of `now`. `series` is the naming symptom's, None where it has none.

    `errors` are the commonest of the customers' evidence, told apart before a name in them is replaced. `rows` is None
    where no symptom is about any.
    """

    incident: Incident
    impact: Impact
    customers: tuple[AffectedCustomer, ...]
    changes: tuple[Change, ...]
    series: Series | None
    now: datetime
    base_url: str = ""
    redacted: bool = False
    errors: tuple[SaidBySpans, ...] = ()
    rows: Rows | None = None

    @property
    def symptom(self) -> Symptom:
        """The one that names the incident."""
        return naming([each.symptom for each in self.incident.symptoms])

    @property
    def found(self) -> Symptom:
        """The one that it was opened for, as it stood then."""
        told = [each for each in self.incident.timeline if each.kind == Kind.SYMPTOM]
        first = [each for each in told if each.time == told[0].time]
        return naming([SYMPTOM.validate_json(each.details) for each in first])

    @property
    def window(self) -> Window:
        """What figures show."""
        return around(self.incident, self.now)

    @property
    def page(self) -> str:
        """The incident's page."""
        return f"{self.base_url}/incidents/{self.incident.id}"


def around(incident: Incident, now: datetime) -> Window:
    """An incident's time with some before and after."""
    lasted = (incident.ended or now) - incident.began
    before = max(AROUND, min(lasted / 2, BEFORE))
    to = min((incident.ended or now) + before, max(now, incident.began + timedelta(minutes=1)))
    return Window(incident.began - before, to)


def gather(store: Store, incident: Incident, now: datetime, customers_of: CustomersOf, base_url: str = "") -> Facts:
    """Reads them. Raises StoreError."""
    hit = hit_by(store, incident, now, customers_of)
    until = max(incident.ended or now, incident.began + timedelta(minutes=1))
    told = changes(store.ask, Window(incident.began - BEFORE, until))
    return Facts(
        incident=incident,
        impact=hit.impact,
        customers=hit.customers,
        changes=tuple(told),
        series=_series(store, incident, now),
        now=now,
        base_url=base_url,
        errors=errors(hit.customers),
        rows=rows_now(store, incident, now),
    )


def errors(customers: Iterable[AffectedCustomer]) -> tuple[SaidBySpans, ...]:
    """What the failing spans say that are kept as evidence, the commonest first."""
    said: dict[tuple[str, str], list[Evidence]] = {}
    for each in (piece for item in customers for piece in item.evidence if piece.error):
        said.setdefault((each.service, each.error), []).append(each)
    commonest = sorted(said.values(), key=len, reverse=True)[:MOST_ERRORS]
    return tuple(SaidBySpans(spans[0], len(spans)) for spans in commonest)


def _series(store: Store, incident: Incident, now: datetime) -> Series | None:
    """A figure that can't be read costs the figure alone."""
    symptoms: Iterable[Symptom] = [each.symptom for each in incident.symptoms]
    try:
        return symptom_series(store.ask, naming(symptoms), around(incident, now))
    except StoreError:
        return None
