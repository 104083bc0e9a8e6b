"""Reminds of postmortems: incidents that are long over come back to the sender when theirs is due soon."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage.incident.book import Book
from triage.incident.due import DUE_AFTER, FORGET_AFTER, reminder_due
from triage.incident.model import Incident

EVERY = timedelta(minutes=5)


@dataclass
class Reminding:
    """Tells `tell` of the incidents of a pass, and now and then of those whose postmortem is due. Raises StoreError."""

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
        self.tell([*incidents, *(one for one in over if one.id not in ids and reminder_due(one, now))], now)
