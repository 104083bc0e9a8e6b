"""Whom the failing requests are blamed on: the services, or partners, at which they begin to fail, and how these do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias, TypedDict, cast

from triage.detectors.earlier import with_earlier
from triage.detectors.rates import LEAST_FAILURES, RECENT_S, Rates, together
from triage.symptom import Ask
from triage.window import Window


class Deepest(TypedDict):
    """A row of queries/detect/deepest_failures.sql."""

    suspect: str
    is_partner: bool
    caller: str
    version: str
    entry_service: str
    entry_operation: str
    requests: int
    invalid: int
    commonest: str
    first: datetime


Entry: TypeAlias = tuple[str, str]
"""A service at which requests enter, and its operation."""


@dataclass
class Suspect:
    """A service, or a partner, at which failing requests begin to fail."""

    name: str
    is_partner: bool
    entries: Counter[Entry] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    invalid: int = 0
    commonest: str = ""

    @property
    def subject(self) -> tuple[str, str]:
        """What a symptom of it is about."""
        return "partner" if self.is_partner else "service", self.name


@dataclass(frozen=True)
class Own:
    """How a suspect itself does: all its requests, and those of each version with when it was first seen."""

    all: Rates
    versions: Mapping[str, tuple[Rates, int]]

    @property
    def is_unknown(self) -> bool:
        """Whether nothing is known of its requests in the last five minutes."""
        return not self.all.requests.any()

    @property
    def surprise(self) -> float:
        """Of the whole, or of the version that does worst."""
        return max([self.all.excess.surprise, *(rates.excess.surprise for rates, _ in self.versions.values())])


def suspects(window: Window, ask: Ask, entered_at: Sequence[str]) -> list[Suspect]:
    """Those behind the visible failures of the last five minutes, the one behind most first."""
    found: dict[tuple[str, bool], Suspect] = {}
    since = window.to - timedelta(seconds=RECENT_S)
    rows = ask("detect/deepest_failures", entry_services=entered_at, **{"from": since}, to=window.to)
    for row in cast(Iterator[Deepest], rows.iter_rows(named=True)):
        key = row["suspect"], row["is_partner"]
        suspect = found.setdefault(key, Suspect(*key, commonest=row["commonest"]))
        suspect.entries[row["entry_service"], row["entry_operation"]] += row["requests"]
        suspect.versions[row["version"]] += row["requests"]
        suspect.requests += row["requests"]
        suspect.invalid += row["invalid"]
    enough = [suspect for suspect in found.values() if suspect.requests >= LEAST_FAILURES]
    return sorted(enough, key=lambda suspect: (-suspect.requests, suspect.name))


def own_rates(window: Window, ask: Ask, suspect: Suspect, began: datetime | None) -> Own:
    """How it does now and did before; if it is known to have `began`, before that."""
    between = {"from": window.from_, "to": window.to}
    if suspect.is_partner:
        rows = ask("detect/partner_errors", least=1, **between).iter_rows(named=True)
        own = [Rates.of(row, window.to, began) for row in rows if row["partner"] == suspect.name]
        return Own(with_earlier(together(own), ask, window.to, partner=suspect.name, began=began), {})
    versions = {
        str(row["version"]): (Rates.of(row, window.to, began), int(row["first"]))
        for row in ask("detect/service_errors", services=[suspect.name], **between).iter_rows(named=True)
    }
    all_of_it = together([rates for rates, _ in versions.values()])
    whole = with_earlier(all_of_it, ask, window.to, service=suspect.name, began=began)
    if began:  # of what each version did before that, little or nothing is known
        versions = {version: (rates.by_what_was_usual_of(whole), first) for version, (rates, first) in versions.items()}
    return Own(whole, versions)
