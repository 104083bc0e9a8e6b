"""Symptoms as detectors find them, and a runbook: small makers for tests."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from triage.incident.book import MemoryBook, is_over
from triage.incident.grouping import FLAP, Calls
from triage.incident.keeping import Found, Seen, kept
from triage.incident.model import Event, Incident
from triage.model import Question
from triage.runbook import SHIPPED
from triage.runbook.model import Runbook
from triage.runbook.read import load_runbook
from triage.symptom import Ask, Cause, Severity, Symptom

T0 = datetime(2026, 11, 22, 10, 2, tzinfo=UTC)
RUNBOOK = load_runbook(SHIPPED)
EVERY = timedelta(seconds=10)


def at(seconds: float) -> datetime:
    """So many seconds after T0."""
    return T0 + timedelta(seconds=seconds)


def gateway_errors(service: str = "payment", value: float = 0.31, *, cause: Cause = Cause.PROVIDER_FAILING) -> Symptom:
    """5xx at the gateway that begin at a service."""
    return Symptom(
        detector="gateway_errors",
        subject={"service": service},
        from_=T0,
        to=None,
        severity=Severity.CRITICAL,
        sentence=f"5xx at the gateway: {100 * value:.0f} % of POST /checkout failed in the last 30 s",
        value=value,
        usual=0.002,
        unit="ratio",
        cause=cause,
        because=f"31 failing requests begin to fail at {service}",
        question=Question(T0, at(30), service=service),
        suspect=service,
        services=frozenset({service}),
        labels={"gateway": "gateway", "operation": "POST /checkout"},
    )


def other(detector: str, subject: Mapping[str, str], suspect: str = "", **more: object) -> Symptom:
    """A symptom of another detector."""
    made: dict[str, object] = {
        "detector": detector, "subject": subject, "from_": T0, "to": None, "severity": Severity.WARNING,
        "sentence": f"{detector} of {dict(subject)}", "value": 0.4, "usual": 0.01, "unit": "ratio", "suspect": suspect,
        "services": frozenset({suspect} if suspect else ()),
    }  # fmt: skip
    return Symptom(**(made | more))  # type: ignore[arg-type]  # what is made has the fields' types


class Passes:
    """A watcher's passes over a book in memory, without a store."""

    def __init__(self, calls: Calls | None = None, runbook: Runbook = RUNBOOK, book: MemoryBook | None = None) -> None:
        self.book = book or MemoryBook()
        self.seen = Seen()
        self.calls = calls or Calls()
        self.runbook = runbook

    def look(self, seconds: float, *symptoms: Symptom, failed: frozenset[str] = frozenset()) -> list[Event]:
        """A pass so many seconds after T0; what it wrote."""
        found = Found(at(seconds), symptoms, failed, self.calls)
        known = self.book.incidents(at(seconds) - FLAP)
        events = kept(found, known, self.runbook, self.seen, partial(is_over, self.book))
        self.book.write(events)
        return events

    def looks(self, from_: float, to: float, *symptoms: Symptom) -> None:
        """Passes every ten seconds."""
        for seconds in range(int(from_), int(to), 10):
            self.look(seconds, *symptoms)

    @property
    def incidents(self) -> list[Incident]:
        """All of them, the latest opened first."""
        return self.book.incidents()

    @property
    def only(self) -> Incident:
        """The one that there is."""
        (one,) = self.incidents
        return one


class Told:
    """Detectors that find what they are told to."""

    def __init__(self, *symptoms: Symptom) -> None:
        self.symptoms: Sequence[Symptom] = symptoms

    def __call__(self, ask: Ask, now: datetime, *, failed: object = None) -> Sequence[Symptom]:
        return self.symptoms
