"""The postmortem of an incident, from the store: gathered, drafted, and redacted where that is asked for."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from queries.store import Store
from triage.incident.acting import Act, known
from triage.incident.book import StoredBook
from triage.incident.impact import CustomersOf
from triage.incident.model import Incident
from triage.postmortem.draft import drafted
from triage.postmortem.facts import Facts, gather
from triage.postmortem.key import NoKey, redaction_key
from triage.postmortem.model import PostmortemJson, SectionName, VerificationJson
from triage.postmortem.redaction import redacted, redaction
from triage.postmortem.verification import verify
from triage.postmortem.writing import write


@dataclass(frozen=True)
class Office:
    """Where postmortems are made: a store, who names customers on rows, what links begin with, and the directory that
    keeps the secret of pseudonyms."""

    store: Store
    customers_of: CustomersOf
    base_url: str
    data: Path | None

    def document(self, id_: str, *, redact: bool = False) -> PostmortemJson:
        """The postmortem as of now. Raises NoIncident, NoKey, StoreError."""
        facts = self._facts(id_)
        if not redact:
            return drafted(facts)
        if self.data is None:
            raise NoKey("there is no data directory to keep the secret of pseudonyms in")
        hide = redaction(facts, redaction_key(self.data))
        return drafted(facts, redacted(facts, hide), hide.free)

    def write(self, id_: str, section: SectionName, act: Act, based_on: int | None = None) -> Incident:
        """Keeps an author's text. Raises NoIncident, ValueError, Overtaken, StoreError."""
        return write(StoredBook(self.store), self._facts(id_), section, act, based_on)

    def verify(self, id_: str, act: Act) -> VerificationJson:
        """Runs the verification plan. Raises NoIncident, StoreError."""
        return verify(self.store, id_, datetime.now(UTC), self.customers_of, act)

    def _facts(self, id_: str) -> Facts:
        incident = known(StoredBook(self.store), id_)
        return gather(self.store, incident, datetime.now(UTC), self.customers_of, self.base_url)
