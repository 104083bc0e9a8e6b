"""Who calls whom during an incident, and on which of these calls the errors, or the added time, are unusual."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypedDict, cast

from triage.chance import surprise
from triage.entries import LATELY, entry_services
from triage.incident.model import Incident
from triage.symptom import ALERTS, Ask
from triage.window import Window

USUAL = timedelta(hours=2)
GUARD = timedelta(minutes=1)
LEAST_ERRORS = 3
TIMES_USUAL = 3.0
LEAST_RATIO = 0.02
FEW_CALLS = 50
"""Of fewer calls before, the share that failed is not yet known: it is taken to lie near 1 %."""
UNLIKELY = 7.0
"""Nats: chance alone makes one call in a thousand look so."""
LONGER = 1.5
LONGER_MS = 30.0


class Row(TypedDict):
    """A row of queries/incidents/call_rates.sql."""

    caller: str
    callee: str
    calls: int
    errors: int
    usual_calls: int
    usual_errors: int
    mean_ms: float | None
    usual_mean_ms: float | None
    is_partner: bool


@dataclass(frozen=True)
class Call:
    """One service's calls of another, or of a partner; `caller` '' where requests enter. Times are means in ms."""

    caller: str
    callee: str
    calls: int
    errors: int
    usual_calls: int
    usual_errors: int
    mean_ms: float | None
    usual_mean_ms: float | None
    is_partner: bool = False

    @property
    def fails(self) -> bool:
        """Whether it fails more than usual."""
        if self.errors < LEAST_ERRORS or not self.calls:
            return False
        usual = (self.usual_errors + 0.5) / (self.usual_calls + FEW_CALLS)
        is_more = self.errors / self.calls > max(TIMES_USUAL * usual, LEAST_RATIO)
        return is_more and surprise(self.errors, self.calls, usual) > UNLIKELY

    @property
    def added_ms(self) -> float:
        """By how much longer it takes than usual, 0 where that is nothing to speak of."""
        if self.mean_ms is None or self.usual_mean_ms is None:
            return 0.0
        added = self.mean_ms - self.usual_mean_ms
        return added if added > LONGER_MS and self.mean_ms > LONGER * self.usual_mean_ms else 0.0

    @property
    def is_unusual(self) -> bool:
        """Whether it fails more, or takes longer, than usual."""
        return self.fails or self.added_ms > 0


@dataclass(frozen=True)
class Graph:
    """All calls of an incident's time, and where it begins: the service or partner that its symptoms blame."""

    calls: Sequence[Call]
    begins_at: str

    def kind(self, name: str) -> str:
        """What is called so: a `service` or a `partner`; "" for neither."""
        called = [call for call in self.calls if call.callee == name]
        if any(call.is_partner for call in called):
            return "partner"
        return "service" if called or any(call.caller == name for call in self.calls) else ""

    def near(self) -> list[Call]:
        """The calls on the ways from where requests enter to where it begins, and the unusual ones beside them."""
        if not self.begins_at:
            return [call for call in self.calls if call.is_unusual]
        above = _reach({self.begins_at}, [(call.callee, call.caller) for call in self.calls])
        below = _reach({""}, [(call.caller, call.callee) for call in self.calls])
        on_way = above & below
        return [
            call
            for call in self.calls
            if (call.callee in on_way and (not call.caller or call.caller in on_way))
            or (call.is_unusual and (call.caller in on_way or call.callee in on_way))
        ]


def call_graph(ask: Ask, incident: Incident, window: Window) -> Graph:
    """The calls from when the incident began, against those of two hours before. Raises StoreError."""
    usual_to = incident.began - GUARD
    rows = ask(
        "incidents/call_rates",
        usual_from=usual_to - USUAL,
        usual_to=usual_to,
        **{"from": window.from_},
        to=window.to,
        entry_services=entry_services(ask, incident.began) or _gateways(ask, incident),
    ).to_dicts()
    calls = [Call(**row) for row in cast(list[Row], rows)]
    names = {name for call in calls for name in (call.caller, call.callee)}
    begins = (each.symptom.suspect for each in incident.symptoms)
    return Graph(calls, next((name for name in begins if name and name in names), ""))


def _gateways(ask: Ask, incident: Incident) -> list[str]:
    """The services that were called from outside, by the symptoms: calls are kept longer than the spans that tell."""
    callers, *_ = ask("detect/callers", **{"from": incident.began - LATELY}, to=incident.began).row(0)
    found = (each.symptom for each in incident.symptoms if callers and each.symptom.found_by != ALERTS)
    return sorted({symptom.labels["gateway"] for symptom in found if "gateway" in symptom.labels})


def _reach(starts: set[str], steps: Iterable[tuple[str, str]]) -> set[str]:
    """Everything that can be reached by these steps."""
    steps = list(steps)
    reached = set(starts)
    while more := {to for from_, to in steps if from_ in reached} - reached:
        reached |= more
    return reached
