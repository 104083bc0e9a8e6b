"""The runbook as data: rows in the order in which they are tried, and who owns what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase

from triage.runbook.matchers import Matcher, all_match
from triage.symptom import Symptom


@dataclass(frozen=True)
class Contact:
    """A person or team; `slack` is an id as Slack mentions it (U…, a group's S…) or a name to be read."""

    name: str
    slack: str = ""

    def __bool__(self) -> bool:
        return bool(self.name or self.slack)


NOBODY = Contact("")


@dataclass(frozen=True)
class Responder(Contact):
    """Who acts, and who is told once they have not answered for so long."""

    escalate_after: timedelta | None = None
    escalate_to: Contact = NOBODY


@dataclass(frozen=True)
class LikelyCause:
    """One of a row's causes in words, with the steps that come first if the evidence supports it."""

    text: str
    first: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """Where to read on."""

    title: str
    url: str


@dataclass(frozen=True)
class Row:
    """What answers an alert group: symptom → likely causes → immediate mitigation → who responds."""

    name: str
    matchers: tuple[Matcher, ...]
    symptom: str
    ended: str = ""
    """The symptom in the words of afterwards; empty where those of before will do."""
    causes: Mapping[str, LikelyCause] = field(default_factory=dict)
    mitigation: tuple[str, ...] = ()
    owner: Responder = Responder("")
    links: tuple[Link, ...] = ()
    sla: Contact = NOBODY

    def cause_in_words(self, cause: str) -> str:
        """That cause as the row says it; of one that it does not tell, all that it does."""
        known = self.causes.get(cause)
        return known.text if known else ", or ".join(each.text for each in self.causes.values())

    def steps(self, cause: str) -> tuple[str, ...]:
        """What to do, in order: what this cause wants first, then what always helps. Each once."""
        known = self.causes.get(cause)
        return tuple(dict.fromkeys((*(known.first if known else ()), *self.mitigation)))


@dataclass(frozen=True)
class Ownership:
    """Whose something is: a glob over the names of services, partners or KPIs."""

    kind: str  # service, partner, kpi
    pattern: str
    owner: Contact


KINDS = ("service", "partner", "kpi")


@dataclass(frozen=True)
class Runbook:
    """The whole table."""

    rows: tuple[Row, ...]
    owners: tuple[Ownership, ...] = ()

    def row(self, name: str) -> Row | None:
        """The row of that name."""
        return next((row for row in self.rows if row.name == name), None)

    def answering(self, symptom: Symptom) -> Row | None:
        """The first row whose matchers the symptom's labels meet."""
        labels = symptom.matched_labels
        return next((row for row in self.rows if all_match(row.matchers, labels)), None)

    def owner(self, kind: str, name: str) -> Contact:
        """Whose it is, by the first entry that fits; nobody's where none does."""
        fits = (each.owner for each in self.owners if each.kind == kind and fnmatchcase(name, each.pattern))
        return next(fits, NOBODY)
