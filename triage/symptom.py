"""What a detector finds: a typed symptom, with the cause that its evidence supports and the question of who was hit."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

import polars as pl

from queries.store import Value
from triage.model import Question
from triage.window import Window

ALERTS = "alerts"
"""The part of a pass that takes up what other systems tell."""


class Severity(StrEnum):
    """How bad it is, as Alertmanager's users name it."""

    CRITICAL = "critical"  # customers are failing at a critical operation
    WARNING = "warning"
    INFO = "info"


class Cause(StrEnum):
    """The likely causes that a detector tells apart; runbook.yaml speaks of them by these names."""

    PROVIDER_FAILING = "provider-failing"  # a service behind the gateway fails
    BAD_DEPLOY = "bad-deploy"  # the failures are of a version that has just begun to serve
    SCHEMA_CHANGE = "schema-change"  # what fails is reading or validating what was sent
    EVENT_ORDER = "event-order"  # row changes arrive out of order
    NO_IDEMPOTENCY = "no-idempotency"  # the same message is applied more than once
    LOST_EVENTS = "lost-events"  # row changes are missing
    OVERSOLD = "oversold"  # more was sold than there was
    SYSTEMS_DISAGREE = "systems-disagree"  # two systems hold different values, and neither's changes say why
    ERP_SYNC = "erp-sync"  # a synchronous call to a partner takes the time
    CACHE_MISSES = "cache-misses"  # the cache no longer answers, and what is behind it takes the time
    SLOW_HOP = "slow-hop"  # another hop takes the time
    TOKEN_EXPIRED = "token-expired"  # the partner refuses who we are (401, 403)
    CONTRACT_DRIFT = "contract-drift"  # the partner refuses what we say (400, 422), or we what they say
    PARTNER_DOWN = "partner-down"  # the partner fails by itself (5xx, no answer)
    NO_TECHNICAL_ERROR = "no-technical-error"  # a business figure moved and nothing fails
    SENDER_SILENT = "sender-silent"  # nothing arrives where there was something
    UNKNOWN = "unknown"


Key: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""A detector, and what its symptom is about."""


@dataclass(frozen=True)
class Symptom:
    """A finding about one subject, as it stands at the time of a pass.

    `subject` names what it is about by the contract's words (service, operation, route, partner, kpi, table, …), and
    with the detector's name is its identity: the same pair in the next pass is the same symptom. `from_` is the first
    failing (slow, wrong) request or row, `to` None while it lasts. `value` and `usual` are in `unit`. `question` asks
    who was hit, None where the rows concerned tell it instead (symptoms in the data). `suspect` is the service to
    blame as far as the evidence goes, `services` all that are concerned; `because` says in numbers why this cause.
    """

    detector: str
    subject: Mapping[str, str]
    from_: datetime
    to: datetime | None
    severity: Severity
    sentence: str
    value: float
    usual: float
    unit: str
    cause: Cause = Cause.UNKNOWN
    because: str = ""
    question: Question | None = None
    suspect: str = ""
    services: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """What makes two findings the same symptom."""
        return self.detector, tuple(sorted(self.subject.items()))

    @property
    def found_by(self) -> str:
        """The part of a pass that looks for it: a detector's name, or `ALERTS` for what another system told."""
        if "alert" in self.subject:
            return ALERTS
        return "kpi_moved" if "kpi" in self.subject else self.detector

    @property
    def matched_labels(self) -> dict[str, str]:
        """What the runbook's matchers see: `alertname`, `cause`, `severity`, the subject, and the detector's own."""
        own = {"alertname": self.detector, "cause": self.cause.value, "severity": self.severity.value}
        return {**self.labels, **self.subject, **own}


class Ask(Protocol):
    """Asks the store a question of the catalogue by name: `store.ask`."""

    def __call__(self, name: str, /, **parameters: Value) -> pl.DataFrame: ...


Detector: TypeAlias = Callable[[Window, Ask], Iterator[Symptom]]
"""A plain function. The window ends at the pass's "now"; nothing that began later may be read."""
