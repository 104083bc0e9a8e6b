"""Brings back what a pass no longer looks at: incidents whose postmortem is due soon, or of which not all was told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage.incident.book import Book
from triage.incident.due import DUE_AFTER, FORGET_AFTER, reminder_due
from triage.incident.model import Incident
from triage.slack.owed import owed

EVERY = timedelta(minutes=5)
LATE = timedelta(days=1)
"""For so long after its end an incident comes back until all is told; then the reminder of its postmortem is due."""


@dataclass
class Reminding:
    """Tells `tell` of the incidents of a pass, and now and then of others. Raises StoreError."""

    book: Book
    tell: Callable[[Sequence[Incident], datetime], None]
    looked: datetime | None = None

    def __call__(self, incidents: Sequence[Incident], now: datetime) -> None:
        """After a pass."""
        if self.looked is not None and now - self.looked < EVERY:
            self.tell(incidents, now)
            return
        self.looked = now
        ids = {one.id for one in incidents}
        over = self.book.incidents(now - DUE_AFTER - FORGET_AFTER)
        self.tell([*incidents, *(one for one in over if one.id not in ids and _comes_back(one, now))], now)


def _comes_back(incident: Incident, now: datetime) -> bool:
    """Its postmortem is due soon, or not all was told: the watcher was away, or Slack refused for long."""
    lately = incident.resolved_at is not None and now - incident.resolved_at < LATE
    return reminder_due(incident, now) or (lately and owed(incident, now, updates=False) is not None)
