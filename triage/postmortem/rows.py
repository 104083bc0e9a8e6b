"""Whether the rows that an incident made wrong say by now what is right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from queries.errors import StoreError
from queries.store import Store
from triage.compensation.proposing import data_symptoms, reconciliation
from triage.incident.model import Incident
from triage.postmortem.wording import counted
from triage.rows.model import Item


@dataclass(frozen=True)
class Rows:
    """How many rows are concerned, how many of them are not right, and of how many that can't be told."""

    concerned: int = 0
    wrong: int = 0
    untold: int = 0

    @property
    def words(self) -> str:
        """The same in a sentence, without its point."""
        if not self.concerned:
            return "What the rows concerned say could not be compared"
        wrong = f"{self.wrong:,} must be put right" if self.wrong else ""
        untold = f"of {self.untold:,} what is right can't be told" if self.untold else ""
        how = ", ".join(filter(None, (wrong, untold))) or "none is wrong any more"
        return f"{counted(self.concerned, 'row')} {'is' if self.concerned == 1 else 'are'} concerned: {how}"


def rows_now(store: Store, incident: Incident, now: datetime) -> Rows | None:
    """As the rows are known now; none concerned where they can't be read, None where no symptom is about rows."""
    if not data_symptoms(incident):
        return None
    try:
        items = reconciliation(store, incident, now)
    except StoreError:
        return Rows()
    return counts(items)


def counts(items: Sequence[Item]) -> Rows:
    """How many rows of a reconciliation are right."""
    return Rows(len(items), sum(item.is_wrong for item in items), sum(item.is_untold for item in items))
